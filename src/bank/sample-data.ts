import { createHmac } from "node:crypto";
import { isDepositAccount, sampleAccounts, type Account, type DepositAccount, type SampleAccount } from "./sample-accounts.ts";
import { sampleCustomers, type Company, type Customer } from "./sample-customers.ts";

/** Reads the sample bank's customers and accounts. Every function answers undefined, or nothing, for the unknown. */
export interface SampleData {
  readonly customerById: (customerId: string) => Customer | undefined;
  readonly customerByMemberNumber: (memberNumber: string) => Customer | undefined;
  readonly customerByLoginId: (loginId: string) => Customer | undefined;
  readonly companies: readonly Company[];
  /** The accounts that this customer owns or holds jointly. */
  readonly accountsOf: (customer: Customer) => readonly Account[];
  /** A deposit account by its id in Open Finance. */
  readonly depositAccount: (openFinanceId: string) => SharedAccount | undefined;
}

/** A deposit account with its ids. */
export type SharedAccount = Extract<Account, DepositAccount>;

/**
 * Gives the sample bank's data.
 * @param accountIdKey secret key from which account ids are worked out; the same key gives the same ids.
 */
export function createSampleData(accountIdKey: string | Buffer): SampleData {
  const accounts = sampleAccounts.map((account): Account => {
    const named = numberOf(account);
    return {
      ...account,
      accountId: createHmac("sha256", accountIdKey).update(named).digest("base64url"),
      openFinanceId: createHmac("sha256", accountIdKey).update(`open-finance/${named}`).digest("hex"),
    };
  });
  const deposits = new Map(accounts.filter(isDepositAccount).map((account) => [account.openFinanceId, account]));
  const find = (matches: (customer: Customer) => boolean) => sampleCustomers.find(matches);
  return {
    customerById: (customerId) => find((customer) => customer.customerId === customerId.toLowerCase()),
    customerByMemberNumber: (memberNumber) => find((customer) => customer.memberNumber === memberNumber),
    customerByLoginId: (loginId) => find((customer) => customer.loginId === loginId.toLowerCase()),
    companies: sampleCustomers.filter((customer) => customer.kind === "company"),
    accountsOf: ({ customerId }) =>
      accounts.filter((account) => account.ownerId === customerId || account.jointHolderIds.includes(customerId)),
    depositAccount: (openFinanceId) => deposits.get(openFinanceId),
  };
}

function numberOf({ branchCode, number, checkDigit }: SampleAccount): string {
  return `${branchCode}/${number}-${checkDigit}`;
}
