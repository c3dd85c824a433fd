import { byBranchAndNumber } from "../consent-accounts.ts";
import type { SampleData, SharedAccount } from "../sample-data.ts";
import { dataRefusal } from "./data-refusals.ts";
import type { Call } from "./data-api.ts";

/** The state of an account in the resources API, and the refusal of its data while it is not available. */
const states = {
  "pending-authorisation": { status: "PENDING_AUTHORISATION", code: "STATUS_RESOURCE_PENDING_AUTHORISATION" },
  blocked: { status: "TEMPORARILY_UNAVAILABLE", code: "STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE" },
  closed: { status: "UNAVAILABLE", code: "STATUS_RESOURCE_UNAVAILABLE" },
} as const;

export const resourceStatuses = ["AVAILABLE", "UNAVAILABLE", "TEMPORARILY_UNAVAILABLE", "PENDING_AUTHORISATION"] as const;

export function resourceStatus({ withheld }: SharedAccount): (typeof resourceStatuses)[number] {
  return withheld === undefined ? "AVAILABLE" : states[withheld].status;
}

/** The accounts that the call's consent names, whatever their state, ordered by branch and number. */
export function consentedAccounts({ token }: Call, sampleData: SampleData): SharedAccount[] {
  return [...token.consent.accountIds]
    .map((id) => sampleData.depositAccount(id))
    .filter((account) => account !== undefined)
    .sort(byBranchAndNumber);
}

/**
 * The account that the call's path names.
 * @throws ApiRefusal RESOURCE_FORBIDDEN for an account that is not there or that the consent does not name, in the same
 * words; a STATUS_RESOURCE code for one whose data is withheld now.
 */
export function namedAccount({ token, accountId }: Call, sampleData: SampleData): SharedAccount {
  const account = token.consent.accountIds.has(accountId) ? sampleData.depositAccount(accountId) : undefined;
  if (account === undefined) {
    throw dataRefusal("RESOURCE_FORBIDDEN", "O accountId não é de uma conta deste consentimento. Use um da lista GET /accounts.");
  }
  if (account.withheld !== undefined) {
    throw dataRefusal(states[account.withheld].code, "A API resources diz quando os dados desta conta voltam a estar disponíveis.");
  }
  return account;
}
