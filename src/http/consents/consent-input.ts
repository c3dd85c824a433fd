import type { Context } from "koa";
import { z } from "zod";
import type { RefusalCode } from "../../kernel/refusal-catalogue.ts";
import type { ConsentProblem, ConsentProblemCode } from "../../policy/consent/consent-problem.ts";
import { readJsonBody } from "../read-body.ts";
import { ConsentRefusal, mostErrors, refusal } from "./consent-answer.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const urn = /^urn:[a-zA-Z0-9][a-zA-Z0-9-]{0,31}:[a-zA-Z0-9()+,\-.:=@;$_!*'%/?#]+$/;

/** A consent with all permissions has about 2 KB. */
const bodyLimits = { maxBytes: 64 * 1024 };

const unreadable: Readonly<Partial<Record<RefusalCode, readonly [ConsentProblemCode, string]>>> = {
  "request.content-type": ["FORMATO_NAO_SUPORTADO", "Envie o corpo como application/json."],
  "request.too-large": ["REQUISICAO_MALFORMADA", "O corpo excede 64 KiB."],
  "request.too-deep": ["REQUISICAO_MALFORMADA", "O corpo tem níveis demais."],
};

/** D19: a call without a UUID in `x-fapi-interaction-id` is refused; its answer bears a new one. @throws ConsentRefusal */
export function requireInteractionId(ctx: Context): void {
  const sent = ctx.get("x-fapi-interaction-id");
  if (!uuid.test(sent)) {
    throw refusal(sent === "" ? "PARAMETRO_NAO_INFORMADO" : "PARAMETRO_INVALIDO", "Envie em x-fapi-interaction-id um UUID (RFC 4122) desta requisição.");
  }
}

/** @throws ConsentRefusal when the caller takes neither JSON nor UTF-8 */
export function requireJsonAccepted(ctx: Context): void {
  // A type with parameters is only matched by one that has them.
  if (ctx.accepts("application/json", "application/json; charset=utf-8") === false || ctx.acceptsCharsets("utf-8") === false) {
    throw refusal("FORMATO_NAO_ACEITO", "A resposta é application/json em UTF-8; aceite esse formato em Accept e Accept-Charset.");
  }
}

/** The consent id of the address, as it was sent. */
export function sentConsentId(ctx: Context): string {
  // The router always gives the parameter of the path.
  return (ctx as Context & { params: { consentId: string } }).params.consentId;
}

/** The consent id of the address. @throws ConsentRefusal when it is no URN */
export function consentIdOf(ctx: Context): string {
  const consentId = sentConsentId(ctx);
  if (consentId.length > 256 || !urn.test(consentId)) {
    throw refusal("PARAMETRO_INVALIDO", "O consentId do endereço deve ser uma URN, como foi devolvida na criação do consentimento.");
  }
  return consentId;
}

/** The body, of the shape of the schema. @throws ConsentRefusal that names every member at fault, never its value */
export async function readBody<Shape extends z.ZodType>(ctx: Context, schema: Shape): Promise<z.output<Shape>> {
  const body = await readJsonBody(ctx.req, bodyLimits);
  if ("unreadable" in body) {
    throw refusal(...(unreadable[body.unreadable.code] ?? (["REQUISICAO_MALFORMADA", "O corpo deve ser um objeto JSON em UTF-8."] as const)));
  }
  const result = schema.safeParse(body.json, { error: z.locales.pt().localeError, reportInput: true });
  if (result.success) {
    return result.data;
  }
  const [first, ...more] = result.error.issues.slice(0, mostErrors).map(problemOf);
  throw new ConsentRefusal([first ?? { code: "PARAMETRO_INVALIDO", detail: "O corpo não corresponde ao contrato." }, ...more]);
}

function problemOf(issue: z.core.$ZodIssue): ConsentProblem {
  const path = issue.path.join(".");
  return "input" in issue && issue.input === undefined
    ? { code: "PARAMETRO_NAO_INFORMADO", detail: `${path}: informe este campo.` }
    : { code: "PARAMETRO_INVALIDO", detail: `${path}: ${issue.message}.` };
}

/** A header that the contract asks for, of 1 to `longest` characters. @throws ConsentRefusal */
export function requiredHeader(ctx: Context, name: string, longest: number): string {
  const value = ctx.get(name).trim();
  if (value === "") {
    throw refusal("PARAMETRO_NAO_INFORMADO", `Envie o cabeçalho ${name}.`);
  }
  if (value.length > longest) {
    throw refusal("PARAMETRO_INVALIDO", `O cabeçalho ${name} tem no máximo ${longest} caracteres.`);
  }
  return value;
}

export interface Paging {
  readonly page: number;
  readonly pageSize: number;
}

const smallestPage = 25;
const largestPage = 1000;
const highestPage = 2_147_483_647;

/** `page` and `page-size`; a size under 25, of 0 or below it too, counts as 25. @throws ConsentRefusal */
export function readPaging(ctx: Context): Paging {
  return {
    page: wholeNumber(ctx, "page", { lowest: 1, highest: highestPage }) ?? 1,
    pageSize: Math.max(smallestPage, wholeNumber(ctx, "page-size", { highest: largestPage }) ?? smallestPage),
  };
}

function wholeNumber(ctx: Context, name: string, { lowest = -Infinity, highest }: { lowest?: number; highest: number }): number | undefined {
  const sent = new URLSearchParams(ctx.querystring).getAll(name);
  if (sent.length === 0) {
    return undefined;
  }
  const [text = ""] = sent;
  if (sent.length > 1 || !/^-?\d{1,10}$/.test(text) || Number(text) < lowest || Number(text) > highest) {
    throw refusal("PARAMETRO_INVALIDO", `${name} deve ser um número inteiro de 1 a ${highest}, uma só vez.`);
  }
  return Number(text);
}

/** Links of a page of a list: `first` and `prev` unless it is the first, `next` and `last` unless it is the last. */
export function pageLinks(url: string, { page, pageSize }: Paging, totalPages: number): Record<string, string> {
  const to = (number: number): string => `${url}?page=${number}&page-size=${pageSize}`;
  return {
    self: to(page),
    ...(page > 1 && { first: to(1), prev: to(Math.max(1, Math.min(page - 1, totalPages))) }),
    ...(page < totalPages && { next: to(page + 1), last: to(totalPages) }),
  };
}
