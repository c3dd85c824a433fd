import type { ConsentRecord } from "../../store/consent-records.ts";
import { dueRejection } from "./consent-state.ts";

/** The customer who logged in: what the rules of D16 look at. */
export interface AuthenticatedCustomer {
  readonly customerId: string;
  /** 11 digits. */
  readonly cpf: string;
  /** The companies that this person may act for. */
  readonly companies: readonly { readonly cnpj: string }[];
}

export type AccessDeniedReason =
  | "consent.not-awaiting"
  | "consent.other-person"
  | "consent.company-not-named"
  | "consent.other-company";

export type AuthorisationJudgement = { readonly ok: true } | { readonly ok: false; readonly error: "access_denied"; readonly reason: AccessDeniedReason };

/**
 * Whether this customer may authorise this consent (FAPI-BR 7.2.2 items 9 to 11, D16): the CPF is that of `loggedUser`,
 * and the company, when there is one, is one that this person acts for.
 * @param now seconds since the epoch
 */
export function judgeAuthorisation(consent: ConsentRecord, customer: AuthenticatedCustomer, now: number): AuthorisationJudgement {
  if (consent.status !== "AWAITING_AUTHORISATION" || dueRejection(consent, now) !== undefined) {
    return denied("consent.not-awaiting");
  }
  if (customer.cpf !== consent.parties.loggedUser) {
    return denied("consent.other-person");
  }
  const { businessEntity } = consent.parties;
  return businessEntity === undefined || customer.companies.some(({ cnpj }) => cnpj === businessEntity) ? { ok: true } : denied("consent.other-company");
}

/** An account as far as it matters whose it is: a person's, or a company's. */
export interface AccountHolder {
  /** The CNPJ of the company that holds the account; absent for an account of the person. */
  readonly cnpj?: string;
}

/**
 * Whether the accounts that the customer chose may be shared under this consent: those of a company only when the
 * consent names that company, and then no others.
 */
export function judgeAccounts(consent: ConsentRecord, accounts: readonly AccountHolder[]): AuthorisationJudgement {
  const { businessEntity } = consent.parties;
  for (const { cnpj } of accounts) {
    if (cnpj !== businessEntity) {
      return denied(businessEntity === undefined ? "consent.company-not-named" : "consent.other-company");
    }
  }
  return { ok: true };
}

function denied(reason: AccessDeniedReason): AuthorisationJudgement {
  return { ok: false, error: "access_denied", reason };
}
