import type { AccountToShare } from "../policy/customer/bank-customers.ts";
import { isDepositAccount, type DepositAccount } from "./sample-accounts.ts";
import type { SampleData } from "./sample-data.ts";

/** An account that a customer can choose on the consent page; of its number the last four characters are left. */
export interface ConsentAccount extends AccountToShare {
  readonly type: (typeof openFinanceTypes)[keyof typeof openFinanceTypes];
}

/** What Open Finance calls each kind of deposit account. */
export const openFinanceTypes = {
  checking: "CONTA_DEPOSITO_A_VISTA",
  savings: "CONTA_POUPANCA",
  prepaid: "CONTA_PAGAMENTO_PRE_PAGA",
} as const;

/**
 * The accounts that a consent of this customer can cover, ordered by branch and number: the customer's own and joint
 * ones, or those of the company that the customer acts for. Closed accounts are left out. Empty for the unknown.
 * @param customerId the `sub` of the customer's tokens.
 * @param cnpj 14 digits, when the consent is a company's; whether the customer may act for it is the caller's to judge.
 */
export function accountsForConsent(sampleData: SampleData, customerId: string, cnpj?: string): ConsentAccount[] {
  const holder = cnpj === undefined ? sampleData.customerById(customerId) : sampleData.companies.find((company) => company.cnpj === cnpj);
  if (holder === undefined) return [];
  return sampleData
    .accountsOf(holder)
    .filter(isDepositAccount)
    .filter(({ withheld }) => withheld !== "closed")
    .sort(byBranchAndNumber)
    .map((account) => ({
      accountId: account.openFinanceId,
      type: openFinanceTypes[account.kind],
      branchCode: account.branchCode,
      maskedNumber: maskedNumber(account.number, account.checkDigit),
      ...(holder.kind === "company" && { cnpj: holder.cnpj }),
    }));
}

/** The order of accounts in every list of Open Finance. */
export function byBranchAndNumber(one: DepositAccount, other: DepositAccount): number {
  const [left, right] = [`${one.branchCode}/${one.number}`, `${other.branchCode}/${other.number}`];
  return left < right ? -1 : Number(left > right);
}

function maskedNumber(number: string, checkDigit: string): string {
  return `${number.slice(-3).padStart(number.length, "*")}-${checkDigit}`;
}
