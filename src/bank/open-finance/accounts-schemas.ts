import { z } from "zod";
import { openFinanceTypes } from "../consent-accounts.ts";
import {
  instantSchema,
  linksSchema,
  linksWithoutLastSchema,
  metaInstantSchema,
  metaTotalsSchema,
  moneySchema,
  signedMoneySchema,
} from "./envelope.ts";
import { transactionTypes } from "./sample-habits.ts";

/** An id as these contracts allow it. */
export const idSchema = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,99}$/);

export const accountTypeSchema = z.enum(Object.values(openFinanceTypes));
export const accountSubtypeSchema = z.enum(["INDIVIDUAL", "CONJUNTA_SIMPLES", "CONJUNTA_SOLIDARIA"]);
export const creditDebitSchema = z.enum(["CREDITO", "DEBITO"]);
export const cnpjSchema = z.string().regex(/^\d{14}$/);
export const documentSchema = z.string().regex(/^(\d{11}|\d{14})$/);

/** How an account is named: bank, branch and number. */
export const accountNumberSchema = z.object({
  compeCode: z.string().regex(/^\d{3}$/),
  branchCode: z.string().regex(/^\d{4}$/).optional(),
  number: z.string().regex(/^\d{8,20}$/),
  checkDigit: z.string().max(1),
});

export const accountListSchema = z.object({
  data: z.array(
    accountNumberSchema.extend({
      brandName: z.string().max(80),
      companyCnpj: cnpjSchema,
      type: accountTypeSchema,
      accountId: idSchema,
    }),
  ),
  links: linksSchema,
  meta: metaTotalsSchema,
});

export const accountIdentificationSchema = z.object({
  data: accountNumberSchema.extend({
    type: accountTypeSchema,
    subtype: accountSubtypeSchema,
    currency: z.string().regex(/^[A-Z]{3}$/),
  }),
  links: linksSchema,
  meta: metaTotalsSchema,
});

export const balancesSchema = z.object({
  data: z.object({
    availableAmount: signedMoneySchema,
    blockedAmount: moneySchema,
    automaticallyInvestedAmount: signedMoneySchema,
    updateDateTime: instantSchema,
  }),
  links: linksSchema,
  meta: metaTotalsSchema,
});

export const overdraftLimitsSchema = z.object({
  data: z
    .object({
      overdraftContractedLimit: moneySchema.optional(),
      overdraftUsedLimit: moneySchema.optional(),
      unarrangedOverdraftAmount: moneySchema.optional(),
    })
    .describe("empty for an account without overdraft"),
  links: linksSchema,
  meta: metaTotalsSchema,
});

export const transactionSchema = z.object({
  transactionId: idSchema,
  completedAuthorisedPaymentType: z.enum(["TRANSACAO_EFETIVADA", "LANCAMENTO_FUTURO", "TRANSACAO_PROCESSANDO"]),
  creditDebitType: creditDebitSchema,
  transactionName: z.string().max(200),
  type: z.enum(transactionTypes),
  transactionAmount: moneySchema,
  transactionDateTime: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
    .describe("UTC, to the millisecond"),
  partieCnpjCpf: documentSchema.optional(),
  partiePersonType: z.enum(["PESSOA_NATURAL", "PESSOA_JURIDICA"]).optional(),
  partieCompeCode: z.string().regex(/^\d{3}$/).optional(),
  partieBranchCode: z.string().regex(/^\d{4}$/).optional(),
  partieNumber: z.string().regex(/^\d{8,20}$/).optional(),
  partieCheckDigit: z.string().max(1).optional(),
});

export const transactionListSchema = z.object({
  data: z.array(transactionSchema),
  links: linksWithoutLastSchema,
  meta: metaInstantSchema,
});
