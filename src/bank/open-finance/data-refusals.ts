import { ApiRefusal } from "../api-family.ts";

/**
 * What the data APIs refuse a call for. The RESOURCE codes and their titles are the ecosystem's; it leaves the others
 * to the institution, and they are the ones that the Consents API here has too.
 */
export const dataProblems = {
  PARAMETRO_NAO_INFORMADO: { status: 400, title: "Parâmetro obrigatório ausente" },
  PARAMETRO_INVALIDO: { status: 400, title: "Parâmetro inválido" },
  TOKEN_NA_URL: { status: 400, title: "Token de acesso na URL" },
  NAO_AUTENTICADO: { status: 401, title: "Token de acesso ausente ou inválido" },
  ACESSO_NEGADO: { status: 403, title: "Acesso negado" },
  RESOURCE_FORBIDDEN: { status: 403, title: "Recurso não consentido" },
  STATUS_RESOURCE_PENDING_AUTHORISATION: { status: 403, title: "Aguardando autorização de múltiplas alçadas" },
  STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE: { status: 403, title: "Recurso temporariamente indisponível" },
  STATUS_RESOURCE_UNAVAILABLE: { status: 403, title: "Recurso indisponível" },
  RECURSO_NAO_ENCONTRADO: { status: 404, title: "Recurso não encontrado" },
  ENDERECO_NAO_ENCONTRADO: { status: 404, title: "Endereço não encontrado" },
  METODO_NAO_PERMITIDO: { status: 405, title: "Método não permitido" },
  FORMATO_NAO_ACEITO: { status: 406, title: "Formato de resposta não disponível" },
  PERIODO_NAO_PERMITIDO: { status: 422, title: "Período de consulta não permitido" },
  PAGINACAO_NAO_PERMITIDA: { status: 422, title: "Paginação não permitida" },
  LIMITE_EXCEDIDO: { status: 429, title: "Limite de requisições excedido" },
  ERRO_INTERNO: { status: 500, title: "Erro inesperado" },
  TEMPO_ESGOTADO: { status: 504, title: "Serviço temporariamente fora de alcance" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type DataProblemCode = keyof typeof dataProblems;

/** A refusal of a data API; the detail, in Portuguese like all the wire of these APIs, says how to mend the call. */
export function dataRefusal(code: DataProblemCode, detail: string): ApiRefusal {
  return new ApiRefusal({ code, status: dataProblems[code].status, message: detail });
}

/** The title of a code; its codes are those of the table above. */
export function titleOf(code: string): string {
  return code in dataProblems ? dataProblems[code as DataProblemCode].title : dataProblems.ERRO_INTERNO.title; // just looked up
}
