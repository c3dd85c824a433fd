import type { ConsentProblem } from "./consent-problem.ts";
import { isAllowedExpiry, latestExpiry, wireTime } from "./consent-term.ts";
import { isBusiness, isPersonal, offeredPermissions, outsideCompleteGroups, type Permission } from "./permission-groups.ts";

/** What a TPP asks for, already of the right shape. Times are seconds since the epoch. */
export interface ConsentRequest {
  readonly permissions: readonly Permission[];
  readonly loggedUser: string;
  readonly businessEntity?: string;
  readonly expiresAt?: number;
  readonly isLinked?: boolean;
}

export type ConsentJudgement =
  | { readonly ok: true; readonly permissions: readonly Permission[] }
  | { readonly ok: false; readonly problems: readonly [ConsentProblem, ...ConsentProblem[]] };

/**
 * Judges a request for a consent. What is granted may be less than what was asked: products that the institution does
 * not offer are left out.
 * @param now seconds since the epoch
 */
export function judgeConsentRequest(request: ConsentRequest, offeredScopes: readonly string[], now: number): ConsentJudgement {
  const remaining = offeredPermissions(request.permissions, offeredScopes);
  const [first, ...more] = [whoseDataIsClear(request), groupsAreComplete(request), termIsAllowed(request, now)].filter((problem) => problem !== undefined);
  if (first !== undefined) {
    return { ok: false, problems: [first, ...more] };
  }
  return remaining.length > 0 ? { ok: true, permissions: remaining } : { ok: false, problems: [nothingRemains] };
}

const nothingRemains: ConsentProblem = {
  code: "SEM_PERMISSOES_FUNCIONAIS_RESTANTES",
  detail: "Esta instituição não oferece nenhum dos produtos das permissões pedidas. Consulte o diretório para saber quais APIs ela publica.",
};

function whoseDataIsClear({ permissions, businessEntity }: ConsentRequest): ConsentProblem | undefined {
  const personal = permissions.some(isPersonal);
  const business = permissions.some(isBusiness);
  if (personal && business) {
    return {
      code: "PERMISSAO_PF_PJ_EM_CONJUNTO",
      detail: "Um consentimento trata de uma pessoa natural ou de uma pessoa jurídica: peça CUSTOMERS_PERSONAL_* ou CUSTOMERS_BUSINESS_*, não ambas.",
    };
  }
  if (business && businessEntity === undefined) {
    return { code: "INFORMACOES_PJ_NAO_INFORMADAS", detail: "Permissões CUSTOMERS_BUSINESS_* exigem data.businessEntity com o CNPJ da empresa." };
  }
  if (personal && businessEntity !== undefined) {
    return {
      code: "PERMISSOES_PJ_INCORRETAS",
      detail: "Com data.businessEntity, peça CUSTOMERS_BUSINESS_*; para dados de pessoa natural, retire data.businessEntity.",
    };
  }
  return undefined;
}

function groupsAreComplete({ permissions }: ConsentRequest): ConsentProblem | undefined {
  const outside = outsideCompleteGroups(permissions);
  return outside.length === 0
    ? undefined
    : {
        code: "COMBINACAO_PERMISSOES_INCORRETA",
        detail: `Peça todas as permissões de cada agrupamento, com RESOURCES_READ. Sem agrupamento completo: ${outside.join(", ")}.`,
      };
}

function termIsAllowed({ expiresAt }: ConsentRequest, now: number): ConsentProblem | undefined {
  return isAllowedExpiry(expiresAt, now)
    ? undefined
    : {
        code: "DATA_EXPIRACAO_INVALIDA",
        detail: `expirationDateTime deve ser posterior a ${wireTime(now)} e até ${wireTime(latestExpiry(now))}; sem prazo, não envie o campo.`,
      };
}
