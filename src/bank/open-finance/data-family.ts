import type { Context } from "koa";
import type { Clock } from "../../kernel/clock.ts";
import { answerRefusal, type ApiFamily, type CodeAndStatus, type ErrorFamily } from "../api-family.ts";
import type { ConsentFailure, ConsentReason } from "../consent-guard.ts";
import type { GuardFailure, GuardReason } from "../token-guard.ts";
import type { DataApi } from "./data-api.ts";
import { dataProblems, dataRefusal, titleOf, type DataProblemCode } from "./data-refusals.ts";
import { instantMeta, totalsMeta } from "./paging.ts";

type Refused = readonly [code: DataProblemCode, detail: string];

const reasons: Readonly<Record<GuardReason | ConsentReason, Refused>> = {
  "token-in-query": ["TOKEN_NA_URL", "Envie o token apenas no cabeçalho Authorization, e obtenha outro: este pode estar em registros."],
  "authorization-missing": ["NAO_AUTENTICADO", "Envie o cabeçalho Authorization: Bearer, um espaço e o token de acesso."],
  "authorization-malformed": ["NAO_AUTENTICADO", "O cabeçalho Authorization deve vir uma vez e ser: Bearer, um espaço e o token de acesso."],
  "token-inactive": ["NAO_AUTENTICADO", "O token é desconhecido, expirou ou foi revogado. Obtenha outro no token endpoint."],
  "token-expired": ["NAO_AUTENTICADO", "O token expirou. Obtenha outro no token endpoint."],
  "certificate-missing": ["NAO_AUTENTICADO", "Conecte-se com o certificado (BRCAC) com que o token foi obtido."],
  "token-unbound": ["NAO_AUTENTICADO", "O token não está vinculado a um certificado. Obtenha um por mTLS."],
  "certificate-mismatch": ["NAO_AUTENTICADO", "O token está vinculado a outro certificado. Conecte-se com aquele com que ele foi obtido."],
  "scope-missing": ["ACESSO_NEGADO", "Falta ao token o escopo desta API."],
  "introspection-unavailable": ["TEMPO_ESGOTADO", "O token não pode ser verificado agora. Repita a chamada em alguns segundos."],
  "consent-missing": ["NAO_AUTENTICADO", "O token não pertence a um consentimento. Obtenha um pelo fluxo de autorização, com o escopo consent:."],
  "consent-not-authorised": ["NAO_AUTENTICADO", "O consentimento deste token não está AUTHORISED. Peça outro ao cliente."],
  "consent-expired": ["NAO_AUTENTICADO", "O consentimento deste token expirou. Peça outro ao cliente."],
  "permission-missing": ["ACESSO_NEGADO", "Falta ao consentimento a permissão deste endpoint."],
};

const guardCodes = Object.fromEntries(
  Object.entries(reasons).map(([reason, [code]]) => [reason, codeAndStatus(code)]),
) as Record<GuardReason, CodeAndStatus>; // the same keys

/** The family of a data API: `{ errors: [{ code, title, detail }], meta }`. */
export function dataFamily({ name, base, errorsTellTotals }: DataApi, clock: Clock): ApiFamily {
  return { ...errorsOf(clock, errorsTellTotals), name, serves: serving(base), guardCodes };
}

/** What lies under /open-banking without belonging to an API that is served here. */
export function elsewhereFamily(clock: Clock): ErrorFamily & Pick<ApiFamily, "serves"> {
  return { ...errorsOf(clock, () => false), serves: serving("/open-banking") };
}

/** The `refuse` of token guard and consent guard alike. */
export function refuseWith(family: ErrorFamily) {
  return (ctx: Context, { reason, detail }: (GuardFailure | ConsentFailure) & { readonly detail?: string }): void => {
    const [code, text] = reasons[reason];
    answerRefusal(ctx, family, dataRefusal(code, text), { reason, ...(detail !== undefined && { detail }) });
  };
}

function errorsOf(clock: Clock, tellTotals: (path: string) => boolean): ErrorFamily {
  return {
    envelope: ({ code, message }, ctx) => ({
      errors: [{ code, title: titleOf(code), detail: message }],
      meta: tellTotals(ctx.path) ? totalsMeta(clock(), { totalRecords: 0, totalPages: 0 }) : instantMeta(clock()),
    }),
    notFound: {
      ...codeAndStatus("ENDERECO_NAO_ENCONTRADO"),
      message: "Este endereço não existe aqui. GET /open-banking/openapi.json descreve os que existem.",
    },
    methodNotAllowed: { ...codeAndStatus("METODO_NAO_PERMITIDO"), message: "Esta API só consulta: use GET." },
    unexpected: {
      ...codeAndStatus("ERRO_INTERNO"),
      message: "Algo falhou aqui, não na requisição. Tente mais tarde e, se persistir, informe o x-fapi-interaction-id desta resposta.",
    },
  };
}

function codeAndStatus(code: DataProblemCode): CodeAndStatus {
  return { code, status: dataProblems[code].status };
}

/** Paths are matched as the router does, without regard to case. */
function serving(base: string): (path: string) => boolean {
  return (path) => `${path.toLowerCase()}/`.startsWith(`${base}/`);
}
