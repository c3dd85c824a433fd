import { z } from "zod";
import { accountNumberSchema, accountSubtypeSchema, accountTypeSchema, cnpjSchema, idSchema } from "./accounts-schemas.ts";
import { productTypes } from "./customer-files.ts";
import { instantSchema, linksSchema, metaInstantSchema, moneySchema, signedMoneySchema } from "./envelope.ts";

const cpfSchema = z.string().regex(/^\d{11}$/);
const name = z.string().min(1).max(70);

const answer = <Data extends z.ZodType>(data: Data) => z.object({ data, links: linksSchema, meta: metaInstantSchema });

const contactsSchema = z.object({
  postalAddresses: z.array(
    z.object({
      isMain: z.boolean(),
      address: z.string().min(2).max(150),
      districtName: z.string().max(50).optional(),
      townName: z.string().min(2).max(50),
      countrySubDivision: z.string().regex(/^[A-Z]{2}$/),
      postCode: z.string().regex(/^\d{8}$/),
      country: z.string().max(80),
      countryCode: z.string().regex(/^[A-Z]{3}$/),
    }),
  ),
  phones: z.array(
    z.object({
      isMain: z.boolean(),
      type: z.enum(["FIXO", "MOVEL", "OUTRO"]),
      countryCallingCode: z.string().regex(/^\d{1,4}$/),
      areaCode: z.string().regex(/^\d{2,3}$/),
      number: z.string().regex(/^\d{6,13}$/),
    }),
  ),
  emails: z.array(z.object({ isMain: z.boolean(), email: z.email().max(320) })),
});

export const personIdentificationSchema = z.object({
  updateDateTime: instantSchema,
  personalId: idSchema,
  brandName: z.string().max(80),
  civilName: name,
  birthDate: z.iso.date(),
  maritalStatusCode: z.enum(["SOLTEIRO", "CASADO", "VIUVO", "SEPARADO_JUDICIALMENTE", "DIVORCIADO", "UNIAO_ESTAVEL", "OUTRO"]),
  sex: z.enum(["FEMININO", "MASCULINO", "OUTRO"]),
  companiesCnpj: z.array(cnpjSchema).min(1),
  documents: z.object({ cpfNumber: cpfSchema }),
  otherDocuments: z
    .array(
      z.object({
        type: z.enum(["CNH", "RG", "NIF", "RNE", "OUTROS"]),
        number: z.string().max(40),
        checkDigit: z.string().max(2),
        additionalInfo: z.string().max(50),
      }),
    )
    .min(1),
  hasBrazilianNationality: z.boolean(),
  filiation: z.array(z.object({ type: z.enum(["MAE", "PAI"]), civilName: name })).min(1),
  contacts: contactsSchema,
});

export const companyIdentificationSchema = z.object({
  updateDateTime: instantSchema,
  businessId: idSchema,
  brandName: z.string().max(80),
  companyName: name,
  tradeName: name,
  incorporationDate: instantSchema,
  cnpjNumber: cnpjSchema,
  companiesCnpj: z.array(cnpjSchema).min(1),
  parties: z.array(
    z.object({
      personType: z.enum(["PESSOA_NATURAL", "PESSOA_JURIDICA"]),
      type: z.enum(["SOCIO", "ADMINISTRADOR"]),
      civilName: name,
      startDate: instantSchema,
      shareholding: z.string().regex(/^[01]\.\d{6}$/),
      documentType: z.literal("CPF"),
      documentNumber: cpfSchema,
      documentCountry: z.literal("BRA"),
    }),
  ),
  contacts: contactsSchema,
});

export const personIdentificationsSchema = answer(z.array(personIdentificationSchema).min(1));
export const companyIdentificationsSchema = answer(z.array(companyIdentificationSchema).min(1));

export const personQualificationSchema = answer(
  z.object({
    updateDateTime: instantSchema,
    companyCnpj: cnpjSchema,
    occupationCode: z.enum(["RECEITA_FEDERAL", "CBO", "OUTRO"]),
    occupationDescription: z.string().max(100),
    informedIncome: z.object({ frequency: z.literal("MENSAL"), amount: moneySchema, date: z.iso.date() }),
    informedPatrimony: z.object({ amount: signedMoneySchema, year: z.int().max(9999) }).optional(),
  }),
);

export const companyQualificationSchema = answer(
  z.object({
    updateDateTime: instantSchema,
    economicActivities: z.array(z.object({ code: z.string().regex(/^\d{7}$/), isMain: z.boolean() })),
    informedRevenue: z.object({ frequency: z.literal("ANUAL"), amount: signedMoneySchema, year: z.int().max(9999) }),
    informedPatrimony: z.object({ amount: signedMoneySchema, date: z.iso.date() }),
  }),
);

const productsSchema = z.array(z.enum(productTypes)).min(1).max(12);
const proxyTypeSchema = z.enum(["REPRESENTANTE_LEGAL", "PROCURADOR"]);

export const personRelationSchema = answer(
  z.object({
    updateDateTime: instantSchema,
    startDate: instantSchema,
    productsServicesType: productsSchema,
    procurators: z.array(z.object({ type: proxyTypeSchema, cpfNumber: cpfSchema, civilName: name })),
    accounts: z.array(accountNumberSchema.extend({ type: accountTypeSchema, subtype: accountSubtypeSchema })),
    portabilitiesReceived: z
      .array(
        z.object({
          employerName: z.string().max(80),
          employerCnpjCpf: cnpjSchema,
          paycheckBankDetainerCnpj: cnpjSchema,
          paycheckBankDetainerIspb: z.string().regex(/^\d{8}$/),
          portabilityApprovalDate: z.iso.date(),
        }),
      )
      .min(1)
      .optional(),
    paychecksBankLink: z
      .array(
        z.object({
          employerName: z.string().max(80),
          employerCnpjCpf: cnpjSchema,
          paycheckBankCnpj: cnpjSchema,
          paycheckBankIspb: z.string().regex(/^\d{8}$/),
          accountOpeningDate: z.iso.date(),
        }),
      )
      .min(1)
      .optional(),
  }),
);

export const companyRelationSchema = answer(
  z.object({
    updateDateTime: instantSchema,
    startDate: instantSchema,
    productsServicesType: productsSchema,
    procurators: z.array(z.object({ type: proxyTypeSchema, cnpjCpfNumber: cpfSchema, civilName: name })),
    accounts: z.array(accountNumberSchema.extend({ type: accountTypeSchema })),
  }),
);
