import type { z } from "zod";
import { openFinanceTypes } from "../consent-accounts.ts";
import { displayName, type Company, type Customer, type Person } from "../sample-customers.ts";
import type { SharedAccount } from "../sample-data.ts";
import { accountNumber, accountSubtype } from "./account-answers.ts";
import { momentOf, type Day } from "./calendar.ts";
import type { CompanyFile, PersonFile } from "./customer-files.ts";
import type {
  companyIdentificationSchema,
  companyQualificationSchema,
  companyRelationSchema,
  personIdentificationSchema,
  personQualificationSchema,
  personRelationSchema,
} from "./customers-schemas.ts";
import { reais, toSecond } from "./envelope.ts";
import type { Institution } from "./institution.ts";

type Data<Schema extends z.ZodType<{ data: unknown }>> = z.infer<Schema>["data"];

/** A customer with all that the bank keeps on it. */
export interface Kept<Who, File> {
  readonly who: Who;
  readonly file: File;
  readonly accounts: readonly SharedAccount[];
  readonly institution: Institution;
}

export type KeptPerson = Kept<Person, PersonFile>;
export type KeptCompany = Kept<Company, CompanyFile>;

export function personIdentification({ who, file, institution }: KeptPerson): z.infer<typeof personIdentificationSchema> {
  const { number, checkDigit, issuer } = file.identityCard;
  return {
    updateDateTime: file.updatedAt,
    personalId: who.customerId,
    brandName: institution.brandName,
    civilName: displayName(who),
    birthDate: who.birthDate,
    maritalStatusCode: file.maritalStatus,
    sex: file.sex,
    companiesCnpj: [institution.cnpj],
    documents: { cpfNumber: who.cpf },
    otherDocuments: [{ type: "RG", number, checkDigit, additionalInfo: issuer }],
    hasBrazilianNationality: true,
    filiation: [
      { type: "MAE", civilName: file.mother },
      ...(file.father === undefined ? [] : [{ type: "PAI" as const, civilName: file.father }]),
    ],
    contacts: contactsOf(who, "MOVEL"),
  };
}

export function personQualification({ file, institution }: KeptPerson): Data<typeof personQualificationSchema> {
  return {
    updateDateTime: file.updatedAt,
    companyCnpj: institution.cnpj,
    occupationCode: "CBO",
    occupationDescription: file.occupation,
    informedIncome: { frequency: "MENSAL", amount: reais(file.monthlyIncomeCentavos), date: file.incomeToldOn },
    ...(file.wealth !== undefined && {
      informedPatrimony: { amount: reais(file.wealth.centavos), year: file.wealth.year },
    }),
  };
}

export function personRelation({ file, accounts, institution }: KeptPerson): Data<typeof personRelationSchema> {
  const { proxy, salaryFrom, salaryAccount } = file;
  return {
    updateDateTime: file.updatedAt,
    startDate: dayStart(file.customerSince),
    productsServicesType: [...file.products],
    procurators: proxy === undefined ? [] : [{ type: "PROCURADOR", cpfNumber: proxy.cpf, civilName: proxy.name }],
    accounts: accounts.map((account) => ({
      ...accountNumber(account, institution),
      type: openFinanceTypes[account.kind],
      subtype: accountSubtype(account),
    })),
    ...(salaryFrom !== undefined && {
      portabilitiesReceived: [
        {
          employerName: salaryFrom.employer,
          employerCnpjCpf: salaryFrom.employerCnpj,
          paycheckBankDetainerCnpj: salaryFrom.bankCnpj,
          paycheckBankDetainerIspb: salaryFrom.bankIspb,
          portabilityApprovalDate: salaryFrom.approvedOn,
        },
      ],
    }),
    ...(salaryAccount !== undefined && {
      paychecksBankLink: [
        {
          employerName: salaryAccount.employer,
          employerCnpjCpf: salaryAccount.employerCnpj,
          paycheckBankCnpj: institution.cnpj,
          paycheckBankIspb: institution.ispb,
          accountOpeningDate: salaryAccount.openedOn,
        },
      ],
    }),
  };
}

export function companyIdentification({ who, file, institution }: KeptCompany): z.infer<typeof companyIdentificationSchema> {
  return {
    updateDateTime: file.updatedAt,
    businessId: who.customerId,
    brandName: institution.brandName,
    companyName: who.legalName,
    tradeName: who.tradeName,
    incorporationDate: dayStart(who.incorporatedOn),
    cnpjNumber: who.cnpj,
    companiesCnpj: [institution.cnpj],
    parties: file.partners.map(({ cpf, name, since, share, manages }) => ({
      personType: "PESSOA_NATURAL",
      type: manages ? "ADMINISTRADOR" : "SOCIO",
      civilName: name,
      startDate: dayStart(since),
      shareholding: share,
      documentType: "CPF",
      documentNumber: cpf,
      documentCountry: "BRA",
    })),
    contacts: contactsOf(who, "FIXO"),
  };
}

export function companyQualification({ file }: KeptCompany): Data<typeof companyQualificationSchema> {
  const { yearlyRevenue, wealth } = file;
  return {
    updateDateTime: file.updatedAt,
    economicActivities: file.activities.map((code, at) => ({ code, isMain: at === 0 })),
    informedRevenue: { frequency: "ANUAL", amount: reais(yearlyRevenue.centavos), year: yearlyRevenue.year },
    informedPatrimony: { amount: reais(wealth.centavos), date: wealth.on },
  };
}

export function companyRelation({ file, accounts, institution }: KeptCompany): Data<typeof companyRelationSchema> {
  return {
    updateDateTime: file.updatedAt,
    startDate: dayStart(file.customerSince),
    productsServicesType: [...file.products],
    procurators: file.proxies.map(({ cpf, name }) => ({ type: "REPRESENTANTE_LEGAL", cnpjCpfNumber: cpf, civilName: name })),
    accounts: accounts.map((account) => ({
      ...accountNumber(account, institution),
      type: openFinanceTypes[account.kind],
    })),
  };
}

function contactsOf({ address, phone, email }: Customer, phoneType: "MOVEL" | "FIXO") {
  return {
    postalAddresses: [
      {
        isMain: true,
        address: address.street,
        districtName: address.district,
        townName: address.city,
        countrySubDivision: address.state,
        postCode: address.postalCode,
        country: "Brasil",
        countryCode: "BRA",
      },
    ],
    phones: [
      { isMain: true, type: phoneType, countryCallingCode: "55", areaCode: phone.slice(0, 2), number: phone.slice(2) },
    ],
    emails: [{ isMain: true, email }],
  };
}

function dayStart(day: Day): string {
  return toSecond(momentOf(day, 0));
}
