import type { z } from "zod";
import { openFinanceTypes } from "../consent-accounts.ts";
import type { SharedAccount } from "../sample-data.ts";
import type {
  accountIdentificationSchema,
  accountListSchema,
  balancesSchema,
  overdraftLimitsSchema,
  transactionSchema,
} from "./accounts-schemas.ts";
import { reais, toSecond } from "./envelope.ts";
import type { Institution } from "./institution.ts";
import type { Transaction } from "./transactions.ts";

/** Bank, branch and number of an account. A payment account belongs to no branch. */
export function accountNumber({ kind, branchCode, number, checkDigit }: SharedAccount, { compeCode }: Institution) {
  return { compeCode, ...(kind !== "prepaid" && { branchCode }), number, checkDigit };
}

export function accountSubtype({ jointly }: SharedAccount) {
  if (jointly === undefined) return "INDIVIDUAL";
  return jointly === "each-alone" ? "CONJUNTA_SOLIDARIA" : "CONJUNTA_SIMPLES";
}

type Data<Schema extends z.ZodType<{ data: unknown }>> = z.infer<Schema>["data"];

export function listedAccount(account: SharedAccount, institution: Institution): Data<typeof accountListSchema>[number] {
  return {
    brandName: institution.brandName,
    companyCnpj: institution.cnpj,
    type: openFinanceTypes[account.kind],
    ...accountNumber(account, institution),
    accountId: account.openFinanceId,
  };
}

export function identifiedAccount(account: SharedAccount, institution: Institution): Data<typeof accountIdentificationSchema> {
  return {
    ...accountNumber(account, institution),
    type: openFinanceTypes[account.kind],
    subtype: accountSubtype(account),
    currency: "BRL",
  };
}

/** The overdraft is no part of what is available; what is invested automatically comes on top of it. */
export function balances(account: SharedAccount, now: number): Data<typeof balancesSchema> {
  const blocked = account.blockedCentavos ?? 0;
  const available = account.currentCentavos - blocked;
  return {
    availableAmount: reais(available),
    blockedAmount: reais(blocked),
    automaticallyInvestedAmount: reais(available + (account.investedCentavos ?? 0)),
    updateDateTime: toSecond(now),
  };
}

/** What is overdrawn beyond the contracted limit (adiantamento a depositante) counts as used limit too. */
export function overdraftLimits(account: SharedAccount): Data<typeof overdraftLimitsSchema> {
  const contracted = account.overdraftLimitCentavos;
  if (contracted === undefined) return {};
  const overdrawn = Math.max(0, -account.currentCentavos);
  return {
    overdraftContractedLimit: reais(contracted),
    overdraftUsedLimit: reais(overdrawn),
    unarrangedOverdraftAmount: reais(Math.max(0, overdrawn - contracted)),
  };
}

export function listedTransaction(transaction: Transaction): z.infer<typeof transactionSchema> {
  const { id, state, movement, centavos, at } = transaction;
  return {
    transactionId: id,
    completedAuthorisedPaymentType: state,
    creditDebitType: movement.direction,
    transactionName: movement.name,
    type: movement.type,
    transactionAmount: reais(centavos),
    transactionDateTime: new Date(at).toISOString(),
    ...(movement.party !== undefined && otherParty(movement.party)),
  };
}

function otherParty({ document, account }: NonNullable<Transaction["movement"]["party"]>) {
  return {
    partieCnpjCpf: document,
    partiePersonType: document.length === 11 ? "PESSOA_NATURAL" : "PESSOA_JURIDICA",
    ...(account !== undefined && {
      partieCompeCode: account.compeCode,
      partieBranchCode: account.branchCode,
      partieNumber: account.number,
      partieCheckDigit: account.checkDigit,
    }),
  } as const;
}
