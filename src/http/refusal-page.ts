import type Router from "@koa/router";
import type { Context } from "koa";
import { isRefusalCode, refusalCatalogue, type CatalogueEntry } from "../kernel/refusal-catalogue.ts";
import type { Realm } from "../oidc/endpoints.ts";

const words = {
  en: { title: "Why was I refused?", code: "Code", error: "OAuth error", clause: "Clause", what: "What it means", mend: "How to mend it", all: "All codes", unknown: "There is no such code.", other: "Portugues" },
  pt: { title: "Por que fui recusado?", code: "Codigo", error: "Erro OAuth", clause: "Clausula", what: "O que significa", mend: "Como corrigir", all: "Todos os codigos", unknown: "Nao existe tal codigo.", other: "English" },
} as const;

type Language = keyof typeof words;

/** The pages behind `error_uri`: one a code, and a table of all, in Portuguese and English. */
export function addRefusalPages(router: Router, realm: Realm): void {
  router.get(`${realm.path}/refusals`, (ctx) => {
    const language = languageOf(ctx);
    page(ctx, language, words[language].title, tableOf(language, realm));
  });
  router.get(`${realm.path}/refusals/:code`, (ctx) => {
    const language = languageOf(ctx);
    const code = String(ctx["params"].code);
    if (!isRefusalCode(code)) {
      ctx.status = 404;
      page(ctx, language, words[language].unknown, `<p><a href="${realm.path}/refusals">${words[language].all}</a></p>`);
      return;
    }
    page(ctx, language, code, detailsOf(code, refusalCatalogue[code], language, realm));
  });
}

function languageOf(ctx: Context): Language {
  const asked = ctx.query["lang"];
  if (asked === "pt" || asked === "en") {
    return asked;
  }
  return ctx.acceptsLanguages("pt", "en") === "pt" ? "pt" : "en";
}

function detailsOf(code: string, entry: CatalogueEntry, language: Language, realm: Realm): string {
  const text = words[language];
  return `<dl>
<dt>${text.what}</dt><dd>${entry[language].what}</dd>
<dt>${text.mend}</dt><dd>${entry[language].mend}</dd>
<dt>${text.clause}</dt><dd>${entry.clause}</dd>
<dt>${text.error}</dt><dd><code>${entry.error}</code> (HTTP ${entry.status})</dd>
<dt>${text.code}</dt><dd><code>${code}</code></dd>
</dl>
<p><a href="${realm.path}/refusals">${text.all}</a></p>`;
}

function tableOf(language: Language, realm: Realm): string {
  const text = words[language];
  const rows = Object.entries<CatalogueEntry>(refusalCatalogue).map(
    ([code, entry]) =>
      `<tr><td><a href="${realm.path}/refusals/${code}"><code>${code}</code></a></td><td>${entry[language].what}</td><td><code>${entry.error}</code></td></tr>`,
  );
  return `<table><thead><tr><th scope="col">${text.code}</th><th scope="col">${text.what}</th><th scope="col">${text.error}</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`;
}

const style = "body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}dt{font-weight:700;margin-top:1rem}dd{margin:0}code{overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem;border-bottom:1px solid #ccc}a{color:#0b5394}";

/** Everything that is put in is our own text; nothing of the request reaches the page. */
function page(ctx: Context, language: Language, title: string, content: string): void {
  const other = language === "pt" ? "en" : "pt";
  ctx.type = "html";
  ctx.set("content-language", language === "pt" ? "pt-BR" : "en");
  ctx.set("vary", "accept-language");
  ctx.body = `<!doctype html>
<html lang="${language === "pt" ? "pt-BR" : "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} - Porteiro</title><style>${style}</style></head>
<body><main><h1>${title}</h1>
${content}
<p><a href="?lang=${other}" lang="${other === "pt" ? "pt-BR" : "en"}" hreflang="${other === "pt" ? "pt-BR" : "en"}">${words[language].other}</a></p></main></body></html>`;
}
