import type { ConsentRecord } from "../../store/consent-records.ts";
import type { ConsentProblem } from "./consent-problem.ts";
import { isAllowedExpiry, latestExpiry, wireTime } from "./consent-term.ts";

/** What a TPP asks for when it extends a consent, already of the right shape. Times are seconds since the epoch. */
export interface ExtensionRequest {
  readonly loggedUser: string;
  readonly businessEntity?: string;
  /** Absent: without a term. */
  readonly expiresAt?: number;
  readonly customerIpAddress: string;
  readonly customerUserAgent: string;
}

/**
 * Judges an extension: of an authorised consent, by the person who gave it or, for a company, by anyone who may act
 * for that company, to a later moment than the present term.
 * @param actsFor the CNPJs that the person named in the request may act for at this institution
 * @param now seconds since the epoch
 */
export function judgeExtension(consent: ConsentRecord, request: ExtensionRequest, actsFor: readonly string[], now: number): ConsentProblem | undefined {
  if (!isByRightPerson(consent, request, actsFor)) {
    return {
      code: "ACESSO_NEGADO",
      detail: "data.loggedUser e data.businessEntity devem ser os do consentimento; em nome de uma empresa, também outra pessoa com poderes para ela.",
    };
  }
  if (consent.status !== "AUTHORISED") {
    return { code: "ESTADO_CONSENTIMENTO_INVALIDO", detail: `Só um consentimento AUTHORISED pode ser renovado; este está ${consent.status}. Crie outro.` };
  }
  if (consent.authorisation?.severalApprovers === true) {
    return { code: "DEPENDE_MULTIPLA_ALCADA", detail: "Este consentimento foi aprovado por mais de uma pessoa e não se renova sem redirecionamento. Crie outro." };
  }
  if (!isAllowedExpiry(request.expiresAt, now, consent.expiresAt)) {
    const after = wireTime(Math.max(now, consent.expiresAt ?? now));
    return {
      code: "DATA_EXPIRACAO_INVALIDA",
      detail: `expirationDateTime deve ser posterior a ${after} e até ${wireTime(latestExpiry(now))}; sem prazo, não envie o campo.`,
    };
  }
  return undefined;
}

function isByRightPerson({ parties }: ConsentRecord, request: ExtensionRequest, actsFor: readonly string[]): boolean {
  const { businessEntity } = parties;
  if (businessEntity === undefined) {
    return request.businessEntity === undefined && request.loggedUser === parties.loggedUser;
  }
  return request.businessEntity === businessEntity && actsFor.includes(businessEntity);
}
