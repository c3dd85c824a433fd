import type { AccountToShare } from "../../policy/customer/bank-customers.ts";
import { html, type Html } from "./html.ts";
import { accountPlace, accountType, type Asker } from "./consent-page.ts";
import type { Language } from "./language.ts";
import { csrfField, pageFrame, type FormSetting, type PageSetting } from "./page-frame.ts";
import { permissionList } from "./permissions-in-words.ts";
import { texts, type Texts } from "./texts.ts";
import { fact, writtenCnpj, writtenDay, writtenMoment } from "./written-values.ts";

export interface ConsentInList {
  /** Path of its details. */
  readonly href: string;
  readonly asker: Pick<Asker, "organisation" | "software">;
  readonly status: keyof Texts["mine"]["statuses"];
  /** ISO 8601. */
  readonly authorisedAt?: string;
  /** ISO 8601; without it the consent has no end. */
  readonly expiresAt?: string;
}

export interface MyConsentsPage extends PageSetting {
  readonly consents: readonly ConsentInList[];
  /** Where this page stands among several; left out when it is the only one. */
  readonly paging?: { readonly page: number; readonly pages: number; readonly previousHref?: string; readonly nextHref?: string };
}

/** Consents of a customer, in the order given. */
export function myConsentsPage(page: MyConsentsPage): string {
  const text = texts[page.language].mine;
  const main = html`<h1>${text.title}</h1>
<p class="lead">${page.consents.length === 0 ? text.none : text.lead}</p>
${
  page.consents.length > 0 &&
  html`<ul class="consents" role="list">${page.consents.map(
    (consent) => html`
<li class="card">
<div class="consent-head"><h2><bdi>${consent.asker.organisation}</bdi></h2>${statusMark(consent.status, text)}</div>
<p><bdi>${consent.asker.software}</bdi></p>
${consent.status === "authorised" && html`<p class="muted">${text.validUntil}: ${consent.expiresAt === undefined ? text.noEnd : writtenDay(consent.expiresAt, page.language)}</p>`}
<p class="more"><a href="${consent.href}" aria-label="${text.openOf(consent.asker.organisation)}">${text.open}</a></p>
</li>`,
  )}
</ul>`
}
${page.paging && pageLinks(page.paging, text)}`;
  const title = page.paging ? `${text.title} – ${text.page(page.paging.page, page.paging.pages)}` : text.title;
  return pageFrame(page, { title, main, width: "wide" });
}

function pageLinks({ page, pages, previousHref, nextHref }: NonNullable<MyConsentsPage["paging"]>, text: Texts["mine"]): Html {
  return html`<nav class="pages" aria-label="${text.pages}">
<p>${text.page(page, pages)}</p>
${previousHref !== undefined && html`<a id="previous-page" rel="prev" href="${previousHref}">${text.previous}</a>`}
${nextHref !== undefined && html`<a id="next-page" rel="next" href="${nextHref}">${text.next}</a>`}
</nav>`;
}

export interface ConsentDetailPage extends PageSetting, Omit<ConsentInList, "href"> {
  readonly consentId: string;
  readonly permissions: readonly string[];
  readonly accounts: readonly AccountToShare[];
  readonly company?: { readonly legalName: string; readonly cnpj: string };
  readonly listHref: string;
  /** Where ending it posts to (button `consent-revoke`); left out when there is nothing to end. */
  readonly revoke?: FormSetting;
}

/** One consent of a customer, with the way to end it behind a second step (WCAG 3.3.4). */
export function consentDetailPage(page: ConsentDetailPage): string {
  const { language, asker } = page;
  const text = texts[language].mine;
  const main = html`<p class="back"><a href="${page.listHref}">${text.back}</a></p>
<h1>${text.detailTitle(asker.organisation)}</h1>
<section class="card"><dl class="facts">
<div><dt>${text.status}</dt><dd>${statusMark(page.status, text)}</dd></div>
${fact(texts[language].consent.software, asker.software)}
${page.company && fact(texts[language].consent.onBehalfOf, html`<bdi>${page.company.legalName}</bdi> <span class="muted">${writtenCnpj(page.company.cnpj)}</span>`)}
${page.authorisedAt !== undefined && fact(text.authorisedAt, writtenMoment(page.authorisedAt, language))}
${fact(text.validUntil, page.expiresAt === undefined ? text.noEnd : writtenMoment(page.expiresAt, language))}
${fact(text.consentId, html`<code>${page.consentId}</code>`)}
</dl></section>
<section class="card" aria-labelledby="what-title"><h2 id="what-title">${texts[language].consent.what}</h2>
${permissionList(page.permissions, texts[language])}
</section>
${page.accounts.length > 0 && sharedAccounts(page.accounts, language)}
${page.revoke && endingForm(page.revoke, asker.organisation, text)}`;
  return pageFrame(page, { title: text.detailPageTitle, main, width: "wide" });
}

function sharedAccounts(accounts: readonly AccountToShare[], language: Language): Html {
  return html`<section class="card" aria-labelledby="accounts-title"><h2 id="accounts-title">${texts[language].consent.accounts}</h2>
<ul class="plain" role="list">${accounts.map(
    (account) => html`<li>${accountType(account.type, language)} ${accountPlace(account, language)}</li>`,
  )}</ul></section>`;
}

function endingForm(form: FormSetting, organisation: string, text: Texts["mine"]): Html {
  return html`<details class="card ending"><summary id="consent-end">${text.end}</summary>
<p>${text.endLead(organisation)}</p>
<form id="revoke-form" method="post" action="${form.action}">
${csrfField(form)}
<div class="actions"><button id="consent-revoke" type="submit" class="danger">${text.endSubmit}</button></div>
</form></details>`;
}

function statusMark(status: ConsentInList["status"], text: Texts["mine"]): Html {
  return html`<span class="status status-${status}">${text.statuses[status]}</span>`;
}
