/** Everything for which the Consents API refuses a call: the code on the wire, its HTTP status and its title. */
export const consentProblems = {
  PARAMETRO_NAO_INFORMADO: { status: 400, title: "Parâmetro obrigatório ausente" },
  PARAMETRO_INVALIDO: { status: 400, title: "Parâmetro inválido" },
  REQUISICAO_MALFORMADA: { status: 400, title: "Requisição malformada" },
  NAO_AUTENTICADO: { status: 401, title: "Token de acesso ausente ou inválido" },
  ACESSO_NEGADO: { status: 403, title: "Acesso negado" },
  CONSENTIMENTO_NAO_ENCONTRADO: { status: 404, title: "Consentimento não encontrado" },
  ENDERECO_NAO_ENCONTRADO: { status: 404, title: "Endereço não encontrado" },
  METODO_NAO_PERMITIDO: { status: 405, title: "Método não permitido" },
  FORMATO_NAO_ACEITO: { status: 406, title: "Formato de resposta não disponível" },
  FORMATO_NAO_SUPORTADO: { status: 415, title: "Formato de conteúdo não suportado" },
  // POST /consents
  SEM_PERMISSOES_FUNCIONAIS_RESTANTES: { status: 422, title: "Nenhuma permissão de produto ofertado" },
  INFORMACOES_PJ_NAO_INFORMADAS: { status: 422, title: "Dados da pessoa jurídica ausentes" },
  PERMISSOES_PJ_INCORRETAS: { status: 422, title: "Permissões incompatíveis com pessoa jurídica" },
  PERMISSAO_PF_PJ_EM_CONJUNTO: { status: 422, title: "Permissões de pessoa natural e jurídica juntas" },
  COMBINACAO_PERMISSOES_INCORRETA: { status: 422, title: "Agrupamento de permissões incompleto" },
  // The contract prescribes the titles of what an extension is refused for.
  DATA_EXPIRACAO_INVALIDA: { status: 422, title: "Nova data para expiração do consentimento é inválida." },
  ESTADO_CONSENTIMENTO_INVALIDO: { status: 422, title: "Estado inválido do consentimento." },
  DEPENDE_MULTIPLA_ALCADA: { status: 422, title: "Necessário aprovação de múltipla alçada." },
  // DELETE /consents/{consentId}
  CONSENTIMENTO_EM_STATUS_REJEITADO: { status: 422, title: "Consentimento já rejeitado" },
  LIMITE_EXCEDIDO: { status: 429, title: "Limite de requisições excedido" },
  ERRO_INTERNO: { status: 500, title: "Erro inesperado" },
  TEMPO_ESGOTADO: { status: 504, title: "Serviço temporariamente fora de alcance" },
  SOBRECARGA: { status: 529, title: "Servidor sobrecarregado" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ConsentProblemCode = keyof typeof consentProblems;

/** One reason of a refusal. The detail is Portuguese, says how to mend it and holds no personal data. */
export interface ConsentProblem {
  readonly code: ConsentProblemCode;
  readonly detail: string;
}
