import type { Context } from "koa";
import { chooseLanguage, languageTags, type Language } from "./pages/language.ts";
import { errorPage, type ErrorKind, type ErrorPage } from "./pages/error-page.ts";
import type { PageSetting } from "./pages/page-frame.ts";
import { pageSecurityPolicy } from "./pages/page-security.ts";

/** Remembers the customer's own choice of language. Says nothing about who they are. */
const languageCookie = "porteiro-language";
const oneYear = 365 * 86_400_000;

/** What every page is given: its language, and the way to the other one. @param address of the page, one that answers GET */
export function pageSetting(ctx: Context, address: string, uiLocales?: unknown): PageSetting {
  const switched = ctx.query["lang"];
  const language = chooseLanguage({
    parameter: typeof switched === "string" ? switched : undefined,
    cookie: ctx.cookies.get(languageCookie, { signed: false }),
    uiLocales: typeof uiLocales === "string" ? uiLocales : undefined,
    accepted: ctx.acceptsLanguages(),
  });
  if (switched === language) {
    ctx.cookies.set(languageCookie, language, { signed: false, httpOnly: true, secure: true, sameSite: "lax", maxAge: oneYear, overwrite: true });
  }
  const other: Language = language === "pt" ? "en" : "pt";
  return { language, otherLanguageHref: inLanguage(address, other) };
}

function inLanguage(address: string, language: Language): string {
  const [path, query] = address.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set("lang", language);
  return `${path}?${parameters.toString()}`;
}

/** Answers with a page; it is made for one customer and one moment, and nobody may keep or frame it. */
export function sendPage(ctx: Context, page: string, setting: PageSetting, forms: Parameters<typeof pageSecurityPolicy>[0]): void {
  ctx.type = "html";
  ctx.set("content-language", languageTags[setting.language]);
  ctx.set("cache-control", "no-store");
  ctx.set("content-security-policy", pageSecurityPolicy(forms));
  ctx.set("referrer-policy", "no-referrer");
  ctx.set("x-frame-options", "DENY");
  ctx.body = page;
}

const statuses: Readonly<Record<ErrorKind, number>> = {
  "request-invalid": 400,
  "request-expired": 400,
  "session-lost": 400,
  "form-outdated": 400,
  "not-found": 404,
  unavailable: 503,
};

/** Answers with the page for what must not redirect. */
export function sendErrorPage(ctx: Context, kind: ErrorKind, technical?: ErrorPage["technical"]): void {
  // Within the engine the path is the part behind the realm's. The request that brought the error is made again: without its query it would be another one.
  const path = URL.parse(ctx.originalUrl, "https://localhost")?.pathname ?? ctx.path;
  const setting = pageSetting(ctx, ctx.method === "GET" ? `${path}${ctx.search}` : path);
  ctx.status = statuses[kind];
  const reference = String(ctx.state["requestId"] ?? "");
  sendPage(ctx, errorPage({ ...setting, kind, reference, ...(technical && { technical }) }), setting, "none");
}

/** The store is out of reach: nothing was half done, and the same request may do a moment later. */
export const tryAgain = { "retry-after": "5" } as const;

/** Answers with the page for the engine's own errors at the authorization endpoint, where it must not or cannot redirect. */
export function createEngineErrorPage({ isUnavailable }: { isUnavailable: (error: unknown) => boolean }) {
  return (ctx: Context, out: { error: string; error_description?: string }, error: unknown): void => {
    const status = isUnavailable(error) ? 503 : ctx.status;
    const technical = { error: out.error, ...(out.error_description === undefined ? {} : { description: out.error_description }) };
    sendErrorPage(ctx, engineErrorKind(out.error, status), technical);
    ctx.status = status;
    ctx.set(status === 503 ? tryAgain : {});
  };
}

function engineErrorKind(error: string, status: number): ErrorKind {
  if (status >= 500) {
    return "unavailable";
  }
  return error === "invalid_request_uri" ? "request-expired" : error === "session_not_found" ? "session-lost" : "request-invalid";
}
