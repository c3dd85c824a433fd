import { createHmac } from "node:crypto";
import { sampleAccounts, type Account, type SampleAccount } from "./sample-accounts.ts";
import { sampleCustomers, type Customer } from "./sample-customers.ts";

/** Reads the sample bank's customers and accounts. Every function answers undefined, or nothing, for the unknown. */
export interface SampleData {
  readonly customerById: (customerId: string) => Customer | undefined;
  readonly customerByMemberNumber: (memberNumber: string) => Customer | undefined;
  readonly customerByLoginId: (loginId: string) => Customer | undefined;
  /** The accounts that this customer owns or holds jointly. */
  readonly accountsOf: (customer: Customer) => readonly Account[];
}

/**
 * Gives the sample bank's data.
 * @param accountIdKey secret key from which account ids are worked out; the same key gives the same ids.
 */
export function createSampleData(accountIdKey: string | Buffer): SampleData {
  const accounts = sampleAccounts.map((account) => ({ ...account, accountId: accountIdOf(account, accountIdKey) }));
  const find = (matches: (customer: Customer) => boolean) => sampleCustomers.find(matches);
  return {
    customerById: (customerId) => find((customer) => customer.customerId === customerId.toLowerCase()),
    customerByMemberNumber: (memberNumber) => find((customer) => customer.memberNumber === memberNumber),
    customerByLoginId: (loginId) => find((customer) => customer.loginId === loginId.toLowerCase()),
    accountsOf: ({ customerId }) =>
      accounts.filter((account) => account.ownerId === customerId || account.jointHolderIds.includes(customerId)),
  };
}

function accountIdOf(account: SampleAccount, key: string | Buffer): string {
  const { branchCode, number, checkDigit } = account;
  return createHmac("sha256", key).update(`${branchCode}/${number}-${checkDigit}`).digest("base64url");
}
