import type { ConsentedToken } from "../consent-guard.ts";
import type { Company } from "../sample-customers.ts";
import type { SampleData } from "../sample-data.ts";
import { companyFile } from "./customer-files.ts";

/**
 * The company whose consent the token has. The authorization server may name it; when it does not, it is the company
 * that owns the accounts of the consent or, without accounts, the only one that the customer represents here.
 * Undefined when that leaves none, or more than one.
 */
export function consentedCompany({ consent, customerId }: ConsentedToken, sampleData: SampleData): Company | undefined {
  if (consent.cnpj !== undefined) return sampleData.companies.find(({ cnpj }) => cnpj === consent.cnpj);
  const owners = new Set([...consent.accountIds].map((id) => sampleData.depositAccount(id)?.ownerId));
  const owning = sampleData.companies.filter((company) => owners.has(company.customerId));
  return onlyOne(owning.length > 0 ? owning : representedBy(customerId, sampleData));
}

function representedBy(customerId: string, sampleData: SampleData): Company[] {
  const person = sampleData.customerById(customerId);
  if (person?.kind !== "person") return [];
  return sampleData.companies.filter((company) =>
    companyFile(company.customerId)?.proxies.some(({ cpf }) => cpf === person.cpf),
  );
}

function onlyOne(companies: readonly Company[]): Company | undefined {
  return companies.length === 1 ? companies[0] : undefined;
}
