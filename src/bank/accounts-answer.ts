import { z } from "zod";
import { isDepositAccount, type Account } from "./sample-accounts.ts";
import { displayName, type Customer } from "./sample-customers.ts";

const money = z.object({ currencyCode: z.string().regex(/^[A-Z]{3}$/), amount: z.number() });

/** One account on the wire. */
export const accountSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  institutionId: z.string(),
  institutionUserId: z.string(),
  institutionCustomerId: z.string(),
  category: z.enum(["DEPOSIT", "LOAN", "INVESTMENT", "CROSS_USER_ACCOUNT"]),
  type: z.object({
    value: z.enum(["CHECKING", "SAVINGS", "UNKNOWN", "CERT_OF_DEPOSIT", "MORTGAGE_LOAN", "COMMERCIAL_LOAN"]),
    fiAccountType: z.string(),
    fiRawAccountType: z.string(),
    description: z.string(),
  }),
  accountNumber: z
    .string()
    .describe("all but the last four characters are asterisks, unless the token has accounts:read_unmasked"),
  description: z.string(),
  nickName: z.string().optional(),
  currentBalance: money,
  availableBalance: money,
  status: z.object({
    open: z.boolean(),
    closed: z.boolean(),
    negativeBalance: z.boolean(),
    delinquent: z.boolean(),
    inCollection: z.boolean(),
    overLimit: z.boolean(),
    writtenOff: z.boolean(),
    creditBalance: z.boolean(),
    paymentCoupon: z.boolean(),
    retirementPlan: z.boolean(),
    retPlanOwnedByDeceased: z.boolean(),
  }),
  allowedActions: z.object({
    summary: z.boolean(),
    transferFrom: z.boolean(),
    transferTo: z.boolean(),
    isHistoryEnabled: z.boolean(),
    isHistoryEntitled: z.boolean(),
    isOnlineStatementEnabled: z.boolean(),
  }),
  primaryHolderName: z.string(),
  maturityDate: z.iso.date().optional(),
  term: z.object({ duration: z.int(), termType: z.literal("MONTHS") }).optional(),
  interestRate: z.number().optional().describe("percent a year"),
  currentPrincipalBalance: money.optional(),
  originalLoanAmount: money.optional(),
  loanOriginationDate: z.iso.date().optional(),
  nextPaymentAmount: money.optional(),
  nextPaymentDate: z.iso.date().optional(),
  additionalInfo: z.record(z.string(), z.string()).optional(),
});

export const accountListSchema = z.object({ accounts: z.array(accountSchema) });

export type AccountAnswer = z.infer<typeof accountSchema>;

/** For whom, and how openly, accounts are shown. */
export interface AccountView {
  readonly institutionId: string;
  readonly customer: Customer;
  readonly owner: Customer;
  readonly unmasked: boolean;
  readonly additionalFields: boolean;
}

/** An account as one of its holders sees it: somebody else's joint account is a CROSS_USER_ACCOUNT. */
export function toAccountAnswer(account: Account, view: AccountView): AccountAnswer {
  const kind = kinds[account.kind];
  const number = account.number + account.checkDigit;
  const isOwner = account.ownerId === view.customer.customerId;
  return {
    id: account.accountId,
    institutionId: view.institutionId,
    institutionUserId: view.customer.userId,
    institutionCustomerId: view.customer.customerId,
    category: isOwner ? kind.category : "CROSS_USER_ACCOUNT",
    type: {
      value: kind.value,
      fiAccountType: kind.fiAccountType,
      fiRawAccountType: kind.fiRawAccountType,
      description: kind.description,
    },
    accountNumber: view.unmasked ? number : number.slice(-4).padStart(number.length, "*"),
    description: account.description,
    ...(account.nickname !== undefined && { nickName: account.nickname }),
    // What is owed on a loan is written as a positive amount.
    currentBalance: reais(kind.category === "LOAN" ? -account.currentCentavos : account.currentCentavos),
    availableBalance: reais(account.availableCentavos),
    status: statusOf(account),
    allowedActions: actionsOn(account),
    primaryHolderName: displayName(view.owner),
    ...particulars(account),
    ...(view.additionalFields && { additionalInfo: { branchCode: account.branchCode } }),
  };
}

const kinds = {
  checking: {
    category: "DEPOSIT",
    value: "CHECKING",
    fiAccountType: "CONTA_CORRENTE",
    fiRawAccountType: "CC",
    description: "Conta corrente",
  },
  savings: {
    category: "DEPOSIT",
    value: "SAVINGS",
    fiAccountType: "CONTA_POUPANCA",
    fiRawAccountType: "CP",
    description: "Conta de poupança",
  },
  // The contract has no word of its own for a payment account.
  prepaid: {
    category: "DEPOSIT",
    value: "UNKNOWN",
    fiAccountType: "CONTA_PAGAMENTO",
    fiRawAccountType: "PG",
    description: "Conta de pagamento pré-paga",
  },
  "term-deposit": {
    category: "INVESTMENT",
    value: "CERT_OF_DEPOSIT",
    fiAccountType: "CDB",
    fiRawAccountType: "CDB",
    description: "Certificado de depósito bancário",
  },
  mortgage: {
    category: "LOAN",
    value: "MORTGAGE_LOAN",
    fiAccountType: "FINANCIAMENTO_IMOBILIARIO",
    fiRawAccountType: "FI",
    description: "Financiamento imobiliário",
  },
  "business-loan": {
    category: "LOAN",
    value: "COMMERCIAL_LOAN",
    fiAccountType: "CAPITAL_DE_GIRO",
    fiRawAccountType: "CG",
    description: "Capital de giro",
  },
} as const satisfies Record<Account["kind"], Record<string, string>>;

function reais(centavos: number): z.infer<typeof money> {
  return { currencyCode: "BRL", amount: centavos / 100 };
}

function statusOf(account: Account): AccountAnswer["status"] {
  const deposit = isDepositAccount(account) ? account : undefined;
  const closed = deposit?.withheld === "closed";
  return {
    open: !closed,
    closed,
    negativeBalance: deposit !== undefined && account.currentCentavos < 0,
    delinquent: false,
    inCollection: false,
    overLimit: deposit !== undefined && account.currentCentavos < -(deposit.overdraftLimitCentavos ?? 0),
    writtenOff: false,
    creditBalance: account.currentCentavos > 0,
    paymentCoupon: false,
    retirementPlan: false,
    retPlanOwnedByDeceased: false,
  };
}

function actionsOn(account: Account): AccountAnswer["allowedActions"] {
  const movesMoney = isDepositAccount(account) && account.withheld === undefined;
  return {
    summary: true,
    transferFrom: movesMoney,
    transferTo: movesMoney,
    isHistoryEnabled: false,
    isHistoryEntitled: false,
    isOnlineStatementEnabled: false,
  };
}

function particulars(account: Account): Partial<AccountAnswer> {
  if (!("termMonths" in account)) return {};
  const term = {
    interestRate: account.interestRate,
    term: { duration: account.termMonths, termType: "MONTHS" },
  } as const;
  if ("maturesOn" in account) return { ...term, maturityDate: account.maturesOn };
  return {
    ...term,
    currentPrincipalBalance: reais(-account.currentCentavos),
    originalLoanAmount: reais(account.originalCentavos),
    loanOriginationDate: account.originatedOn,
    nextPaymentAmount: reais(account.nextPaymentCentavos),
    nextPaymentDate: account.nextPaymentOn,
  };
}
