import { z } from "zod";
import { isDepositAccount } from "../sample-accounts.ts";
import type { Customer } from "../sample-customers.ts";
import type { SampleData } from "../sample-data.ts";
import {
  companyIdentification,
  companyQualification,
  companyRelation,
  personIdentification,
  personQualification,
  personRelation,
  type KeptCompany,
  type KeptPerson,
} from "./customer-answers.ts";
import { companyFile, personFile } from "./customer-files.ts";
import {
  companyIdentificationsSchema,
  companyQualificationSchema,
  companyRelationSchema,
  personIdentificationsSchema,
  personQualificationSchema,
  personRelationSchema,
} from "./customers-schemas.ts";
import { operation, type Call, type DataApi } from "./data-api.ts";
import { dataRefusal } from "./data-refusals.ts";
import type { Institution } from "./institution.ts";
import { instantMeta, pageLinks, pageQuery, selfLink, takePage } from "./paging.ts";

const noQuery = z.object({});

/** The customers API, 2.2.1: who the consenting person is, or the company that the consent names. */
export function customersApi(needs: { sampleData: SampleData; institution: Institution }): DataApi {
  const { sampleData, institution } = needs;

  function person({ token }: Call): KeptPerson {
    const who = sampleData.customerById(token.customerId);
    const file = who === undefined ? undefined : personFile(who.customerId);
    if (who?.kind !== "person" || file === undefined) throw notFound("Esta instituição não tem cadastro do cliente deste consentimento.");
    return { who, file, institution, accounts: depositsOf(who) };
  }

  function company({ token }: Call): KeptCompany {
    const who = sampleData.companies.find(({ cnpj }) => cnpj === token.consent.cnpj);
    const file = who === undefined ? undefined : companyFile(who.customerId);
    if (who === undefined || file === undefined) throw notFound("Este consentimento não é de uma empresa com cadastro nesta instituição. Para dados de empresa, crie-o com businessEntity.");
    return { who, file, institution, accounts: depositsOf(who) };
  }

  function depositsOf(who: Customer) {
    return sampleData.accountsOf(who).filter(isDepositAccount).filter(({ withheld }) => withheld !== "closed");
  }

  const one = <Data>(call: Call, data: Data) => ({ data, links: selfLink(call.place), meta: instantMeta(call.now) });

  function paged<Data>(call: Call, query: z.output<typeof pageQuery>, data: Data) {
    const page = takePage([data], query);
    // Unlike the other lists, this contract's never comes empty.
    if (page.items.length === 0) {
      throw dataRefusal("PAGINACAO_NAO_PERMITIDA", `A lista tem ${page.totalPages} página; veio page=${query.page}.`);
    }
    return { data: [...page.items], links: pageLinks(call.place, page), meta: instantMeta(call.now) };
  }

  return {
    name: "customers",
    title: "Customers",
    version: "2.2.1",
    base: "/open-banking/customers/v2",
    scope: "customers",
    errorsTellTotals: () => false,
    operations: [
      operation({
        path: "/personal/identifications",
        summary: "Who the consenting person is",
        permission: "CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ",
        query: pageQuery,
        answer: personIdentificationsSchema,
        answerName: "PersonalIdentifications",
        respond: (call, query) => paged(call, query, personIdentification(person(call))),
      }),
      operation({
        path: "/personal/qualifications",
        summary: "Occupation, income and patrimony of the consenting person",
        permission: "CUSTOMERS_PERSONAL_ADITTIONALINFO_READ",
        query: noQuery,
        answer: personQualificationSchema,
        answerName: "PersonalQualifications",
        respond: (call) => one(call, personQualification(person(call))),
      }),
      operation({
        path: "/personal/financial-relations",
        summary: "Products, accounts, proxies and salary links of the consenting person",
        permission: "CUSTOMERS_PERSONAL_ADITTIONALINFO_READ",
        query: noQuery,
        answer: personRelationSchema,
        answerName: "PersonalFinancialRelations",
        respond: (call) => one(call, personRelation(person(call))),
      }),
      operation({
        path: "/business/identifications",
        summary: "Who the company of the consent is",
        permission: "CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ",
        query: pageQuery,
        answer: companyIdentificationsSchema,
        answerName: "BusinessIdentifications",
        respond: (call, query) => paged(call, query, companyIdentification(company(call))),
      }),
      operation({
        path: "/business/qualifications",
        summary: "Activities, revenue and patrimony of the company of the consent",
        permission: "CUSTOMERS_BUSINESS_ADITTIONALINFO_READ",
        query: noQuery,
        answer: companyQualificationSchema,
        answerName: "BusinessQualifications",
        respond: (call) => one(call, companyQualification(company(call))),
      }),
      operation({
        path: "/business/financial-relations",
        summary: "Products, accounts and representatives of the company of the consent",
        permission: "CUSTOMERS_BUSINESS_ADITTIONALINFO_READ",
        query: noQuery,
        answer: companyRelationSchema,
        answerName: "BusinessFinancialRelations",
        respond: (call) => one(call, companyRelation(company(call))),
      }),
    ],
  };
}

function notFound(detail: string) {
  return dataRefusal("RECURSO_NAO_ENCONTRADO", detail);
}
