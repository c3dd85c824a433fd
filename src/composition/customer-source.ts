import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { accountsForConsent } from "../bank/consent-accounts.ts";
import { createSampleData } from "../bank/sample-data.ts";
import { derivedKey } from "../kernel/secret-box.ts";
import { openBankCustomers, type BankCustomers } from "../policy/customer/bank-customers.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where customers and their accounts come from: the bank's own module, the sample bank, or nowhere yet. */
export async function openCustomerSource({ root, settings, clock, log }: Surroundings, encryptionKey: string): Promise<BankCustomers> {
  if (settings.customersModule !== undefined) {
    const path = resolve(root, settings.customersModule);
    try {
      return await openBankCustomers((await import(pathToFileURL(path).href)) as Record<string, unknown>, { clock, log });
    } catch (error) {
      throw new Error(`customersModule ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  if (!settings.sampleCustomers) {
    return { accountsForConsent: async () => [] };
  }
  const sampleData = createSampleData(derivedKey(encryptionKey, "account-ids"), settings.sampleBank.closedAccounts);
  return { accountsForConsent: async (customerId, cnpj) => accountsForConsent(sampleData, customerId, cnpj) };
}
