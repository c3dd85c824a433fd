import type { AccountToShare } from "../../policy/customer/bank-customers.ts";
import { html, type Html } from "./html.ts";
import type { Language } from "./language.ts";
import { csrfField, fieldProblem, fieldState, pageFrame, type FormSetting, type PageSetting, type Problem } from "./page-frame.ts";
import { permissionList } from "./permissions-in-words.ts";
import { texts, type Texts } from "./texts.ts";
import { fact, maskedCpf, writtenCnpj, writtenMoment } from "./written-values.ts";

/** Who asks for data, as its software statement says. */
export interface Asker {
  readonly organisation: string;
  readonly software: string;
  /** What the software says about itself; shown as a quotation. */
  readonly description?: string;
  /** A data URL of a PNG, JPEG, GIF or WebP image from our own proxy; anything else is not shown. */
  readonly logo?: string;
}

export interface ConsentPage extends PageSetting {
  readonly form: FormSetting;
  readonly asker: Asker;
  /** @property cpf 11 digits, shown masked */
  readonly customer: { readonly name: string; readonly cpf: string };
  /** The company that the customer acts for here. */
  readonly company?: { readonly legalName: string; readonly cnpj: string };
  readonly permissions: readonly string[];
  /** The accounts to choose from; left out when the permissions open no account. */
  readonly accounts?: readonly AccountToShare[];
  /** Ids that are ticked; all when left out. */
  readonly chosen?: readonly string[];
  /** ISO 8601; without it the consent has no end. */
  readonly expiresAt?: string;
  readonly problem?: "no-account";
}

/**
 * The decision. Enter in a checkbox presses the first button of a form (HTML, implicit submission): here one that is
 * not seen and decides nothing. Posts `decision` (`approve`, `deny`, or `none`: show the page again) and an `account` for each account that is ticked.
 */
export function consentPage(page: ConsentPage): string {
  const { language, asker } = page;
  const text = texts[language].consent;
  const problems: Problem[] = page.problem ? [{ text: text.missingAccount, field: "accounts" }] : [];
  const main = html`<h1>${text.title}</h1>
<p class="lead">${text.purpose(asker.organisation)}</p>
${askerCard(page, text)}
<form id="consent-form" method="post" action="${page.form.action}">
${csrfField(page.form)}
<button type="submit" name="decision" value="none" hidden></button>
<section class="card" aria-labelledby="what-title">
<h2 id="what-title">${text.what}</h2>
${permissionList(page.permissions, texts[language])}
</section>
${page.accounts && accountChoice(page, page.accounts, problems)}
<section class="card" aria-labelledby="until-title">
<h2 id="until-title">${text.until}</h2>
<p>${page.expiresAt === undefined ? text.noEnd : text.validUntil(writtenMoment(page.expiresAt, language))}</p>
<p class="hint">${text.revocable}</p>
</section>
<div class="decision">
<div class="actions side-by-side">
<button id="deny" type="submit" name="decision" value="deny" class="secondary">${text.deny}</button>
<button id="approve" type="submit" name="decision" value="approve" class="primary">${text.approve}</button>
</div>
<p class="hint">${text.afterwards(asker.organisation)}</p>
</div>
</form>`;
  return pageFrame(page, { title: text.pageTitle, main, problems, width: "wide" });
}

function askerCard({ asker, customer, company }: ConsentPage, text: Texts["consent"]): Html {
  const logo = asker.logo !== undefined && /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/.test(asker.logo) ? asker.logo : undefined;
  return html`<section class="card" aria-labelledby="who-title">
<h2 id="who-title">${text.who}</h2>
<div class="asker">${logo !== undefined && html`<img class="logo" src="${logo}" alt="" width="56" height="56">`}
<dl class="facts">
${fact(text.organisation, asker.organisation)}
${fact(text.software, asker.software)}
${fact(text.you, html`<bdi>${customer.name}</bdi> <span class="muted">${text.cpf} ${maskedCpf(customer.cpf)}</span>`)}
${company && fact(text.onBehalfOf, html`<bdi>${company.legalName}</bdi> <span class="muted">${text.cnpj} ${writtenCnpj(company.cnpj)}</span>`)}
</dl></div>
${asker.description !== undefined && html`<p class="hint">${text.aboutQuoted}</p><blockquote><p>${asker.description}</p></blockquote>`}
</section>`;
}

function accountChoice(page: ConsentPage, accounts: readonly AccountToShare[], problems: readonly Problem[]): Html {
  const text = texts[page.language].consent;
  const ticked = (accountId: string) => page.chosen?.includes(accountId) ?? true;
  return html`<fieldset class="card" id="accounts" tabindex="-1"${fieldState("accounts", "accounts-hint", problems)}>
<legend><h2>${text.accounts}</h2></legend>
<p class="hint" id="accounts-hint">${accounts.length === 0 ? text.noAccounts : text.accountsHint}</p>
${fieldProblem("accounts", problems)}
<ul class="choices" role="list">${accounts.map(
    (account, at) => html`
<li><input id="account-${at}" type="checkbox" name="account" value="${account.accountId}"${ticked(account.accountId) && html` checked`}>
<label for="account-${at}">${accountType(account.type, page.language)}${accountPlace(account, page.language)}</label></li>`,
  )}
</ul>
</fieldset>`;
}

/** Branch and number, each on one line. */
export function accountPlace({ branchCode, maskedNumber }: AccountToShare, language: Language): Html {
  const text = texts[language].consent;
  return html`<span class="muted"><span class="whole">${text.branch} ${branchCode}</span> · <span class="whole">${text.account} ${maskedNumber}</span></span>`;
}

/** The type in words, or as it is when we have none for it. */
export function accountType(type: string, language: Language): string {
  const words: Readonly<Record<string, string>> = texts[language].accountTypes;
  return Object.hasOwn(words, type) ? (words[type] ?? type) : type;
}
