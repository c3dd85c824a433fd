import type Router from "@koa/router";
import type { Context } from "koa";
import { isRefusalCode, refusalCatalogue, type CatalogueEntry, type RefusalCode } from "../kernel/refusal-catalogue.ts";
import type { Realm } from "../oidc/endpoints.ts";
import { html, toText, type Html } from "./pages/html.ts";
import { refusalPageStyle } from "./refusal-page-style.ts";

const words = {
  en: {
    tag: "en",
    title: "Reasons for a refusal",
    lead: "Every answer that refuses names one or several of these codes, with what was expected and what came instead.",
    code: "Code",
    error: "OAuth error",
    status: "HTTP status",
    clause: "Clause",
    clauses: "DCR, FAPI-BR and CS are Open Finance Brasil's registration profile, security profile and certificate standard; R is the number of the check in the registration inspector.",
    what: "What it means",
    mend: "How to mend it",
    all: "All codes",
    unknown: "There is no such code",
    unknownLead: "The address names a code that the catalogue does not hold.",
    languages: "Language",
    other: "Português",
  },
  pt: {
    tag: "pt-BR",
    title: "Motivos de recusa",
    lead: "Toda resposta que recusa traz um ou mais destes códigos, com o que era esperado e o que foi recebido.",
    code: "Código",
    error: "Erro OAuth",
    status: "Status HTTP",
    clause: "Cláusula",
    clauses: "DCR, FAPI-BR e CS são o perfil de registro, o perfil de segurança e o padrão de certificados do Open Finance Brasil; R é o número da verificação no inspetor de registros.",
    what: "O que significa",
    mend: "Como corrigir",
    all: "Todos os códigos",
    unknown: "Este código não existe",
    unknownLead: "O endereço traz um código que não consta do catálogo.",
    languages: "Idioma",
    other: "English",
  },
} as const;

type Language = keyof typeof words;

/** The pages behind `error_uri`: one a code, and a table of all, in Portuguese and English. */
export function addRefusalPages(router: Router, realm: Realm): void {
  router.get(`${realm.path}/refusals`, (ctx) => {
    const language = languageOf(ctx);
    sendPage(ctx, language, { title: words[language].title, main: everyCode(language, realm), width: "all" });
  });
  router.get(`${realm.path}/refusals/:code`, (ctx) => {
    const language = languageOf(ctx);
    const code = String(ctx["params"].code);
    if (!isRefusalCode(code)) {
      ctx.status = 404;
      sendPage(ctx, language, { title: words[language].unknown, main: noCode(language, realm), width: "one" });
      return;
    }
    sendPage(ctx, language, { title: code, main: oneCode(code, language, realm), width: "one" });
  });
}

function languageOf(ctx: Context): Language {
  const asked = ctx.query["lang"];
  if (asked === "pt" || asked === "en") {
    return asked;
  }
  return ctx.acceptsLanguages("en", "pt") === "pt" ? "pt" : "en";
}

function oneCode(code: RefusalCode, language: Language, realm: Realm): Html {
  const text = words[language];
  const { error, status, clause, [language]: explained } = refusalCatalogue[code];
  return html`<h1><code translate="no">${code}</code></h1>
<section class="card"><h2>${text.what}</h2><p>${explained.what}</p></section>
<section class="card mend"><h2>${text.mend}</h2><p>${explained.mend}</p></section>
<dl class="card">
<dt>${text.error}</dt><dd><code translate="no">${error}</code></dd>
<dt>${text.status}</dt><dd>${status}</dd>
<dt>${text.clause}</dt><dd>${clause}</dd>
</dl>
<p class="hint">${text.clauses}</p>
${linkToAll(language, realm)}`;
}

function noCode(language: Language, realm: Realm): Html {
  return html`<h1>${words[language].unknown}</h1>
<p class="lead">${words[language].unknownLead}</p>
${linkToAll(language, realm)}`;
}

function linkToAll(language: Language, realm: Realm): Html {
  return html`<p class="back"><a href="${realm.path}/refusals?lang=${language}">${words[language].all}</a></p>`;
}

/** One table; its roles are written out because on a phone its rows are shown as cards, which hides them otherwise. */
function everyCode(language: Language, realm: Realm): Html {
  const text = words[language];
  const groups = Map.groupBy(Object.entries<CatalogueEntry>(refusalCatalogue), ([, { error, status }]) => `${error} ${status}`);
  return html`<h1 id="title">${text.title}</h1>
<p class="lead">${text.lead}</p>
<table role="table" aria-labelledby="title">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${text.code}</th><th role="columnheader" scope="col">${text.what}</th><th role="columnheader" scope="col">${text.mend}</th></tr></thead>
${[...groups.values()].map((entries) => groupOf(entries, language, realm))}
</table>`;
}

function groupOf(entries: readonly (readonly [string, CatalogueEntry])[], language: Language, realm: Realm): Html {
  const text = words[language];
  const [first] = entries;
  const rows = entries.map(
    ([code, { [language]: explained }]) => html`<tr role="row"><th role="rowheader" scope="row"><a href="${realm.path}/refusals/${code}?lang=${language}"><code translate="no">${code}</code></a></th>
<td role="cell" data-title="${text.what}">${explained.what}</td>
<td role="cell" data-title="${text.mend}">${explained.mend}</td></tr>
`,
  );
  return html`<tbody role="rowgroup"><tr class="group" role="row"><th role="rowheader" scope="rowgroup" colspan="3"><code translate="no">${first?.[1].error}</code> · HTTP ${first?.[1].status}</th></tr>
${rows}</tbody>
`;
}

/** Sends the page; with `width` "one" its lines are as short as those of a text. */
function sendPage(ctx: Context, language: Language, page: { readonly title: string; readonly main: Html; readonly width: "one" | "all" }): void {
  const text = words[language];
  const other = language === "pt" ? "en" : "pt";
  ctx.type = "html";
  ctx.set("content-language", text.tag);
  ctx.set("cache-control", "public, max-age=300");
  ctx.vary("accept-language");
  ctx.body = `<!doctype html>\n${toText(html`<html lang="${text.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} – Porteiro</title>
${refusalPageStyle}
</head>
<body>
<header class="top"><div class="line">
<p class="wordmark">${door}<span>Porteiro</span></p>
<nav aria-label="${text.languages}"><a href="?lang=${other}" lang="${words[other].tag}" hreflang="${words[other].tag}">${text.other}</a></nav>
</div></header>
<main class="${page.width}">
${page.main}
</main>
</body>
</html>`)}\n`;
}

/** The open door of the customers' pages. */
const door = html`<svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true" focusable="false"><path class="mark-arch" d="M5 26V12a9 9 0 0 1 18 0v14z"/><path class="mark-leaf" d="M10 26V9.5l8-2.5v19z"/><circle class="mark-knob" cx="15.5" cy="17" r="1.25"/></svg>`;
