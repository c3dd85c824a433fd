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
 * @param closed deposit accounts that were closed in the meantime, by number and check digit as in 10000001-9
 * @throws Error when one of them is no deposit account of the sample
 */
export function createSampleData(accountIdKey: string | Buffer, closed: readonly string[] = []): SampleData {
  const accounts = withClosed(closed).map((account): Account => {
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

function withClosed(closed: readonly string[]): readonly SampleAccount[] {
  const nameOf = ({ number, checkDigit }: SampleAccount) => `${number}-${checkDigit}`;
  const deposits = sampleAccounts.filter(isDepositAccount).map(nameOf);
  if (!closed.every((name) => deposits.includes(name))) {
    throw new Error(`sampleBank.closedAccounts: expected numbers of the sample's deposit accounts, some of ${deposits.join(", ")}`);
  }
  return sampleAccounts.map((account) => (closed.includes(nameOf(account)) ? { ...account, withheld: "closed" } : account));
}

function numberOf({ branchCode, number, checkDigit }: SampleAccount): string {
  return `${branchCode}/${number}-${checkDigit}`;
}
