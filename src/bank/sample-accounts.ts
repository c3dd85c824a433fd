interface AccountFacts {
  /** 4 digits. */
  readonly branchCode: string;
  /** 8 digits, without the check digit. */
  readonly number: string;
  readonly checkDigit: string;
  /** The customer it belongs to. */
  readonly ownerId: string;
  /** Others who may see it. */
  readonly jointHolderIds: readonly string[];
  readonly description: string;
  readonly nickname?: string;
  /** Centavos of BRL; what is owed is negative. */
  readonly currentCentavos: number;
  readonly availableCentavos: number;
}

export interface DepositAccount extends AccountFacts {
  readonly kind: "checking" | "savings" | "prepaid";
  readonly overdraftLimitCentavos?: number;
  /** Part of the current balance that cannot be used now. */
  readonly blockedCentavos?: number;
  /** What lies in automatic investment beside the balance. */
  readonly investedCentavos?: number;
  /** Whether holders act each alone or only together; a single holder when absent. */
  readonly jointly?: "each-alone" | "only-together";
  /** What keeps the account from being shared, if anything does. */
  readonly withheld?: "pending-authorisation" | "blocked" | "closed";
}

export interface TermDeposit extends AccountFacts {
  readonly kind: "term-deposit";
  /** yyyy-MM-dd. */
  readonly maturesOn: string;
  readonly termMonths: number;
  /** Percent a year. */
  readonly interestRate: number;
}

export interface LoanAccount extends AccountFacts {
  readonly kind: "mortgage" | "business-loan";
  readonly originatedOn: string;
  readonly originalCentavos: number;
  readonly nextPaymentCentavos: number;
  readonly nextPaymentOn: string;
  readonly termMonths: number;
  readonly interestRate: number;
}

/** An account as written down here, before its id is worked out. */
export type SampleAccount = DepositAccount | TermDeposit | LoanAccount;

export type Account = SampleAccount & {
  /** 43 characters of base64url; says nothing about the number. */
  readonly accountId: string;
  /** The same account's id in Open Finance, whose form knows no underscore: 64 hexadecimal digits. */
  readonly openFinanceId: string;
};

/** The accounts that Open Finance calls accounts: deposits and pre-paid ones, not loans and term deposits. */
export function isDepositAccount<Kept extends SampleAccount>(account: Kept): account is Extract<Kept, DepositAccount> {
  return account.kind === "checking" || account.kind === "savings" || account.kind === "prepaid";
}

const jacaranda = "1f07921f4416f182a32c483ccac2b0e6";
const ipe = "979f4582d8aabe8d3e4c25aaa1825213";
const padaria = "bc0ae897be52da0e2ac07a1a91c624fa";

/** Invented accounts of the invented customers; one customer deliberately has none. */
export const sampleAccounts: readonly SampleAccount[] = [
  {
    kind: "checking",
    branchCode: "0001",
    number: "10000001",
    checkDigit: "9",
    ownerId: jacaranda,
    jointHolderIds: [ipe],
    description: "Conta corrente",
    nickname: "Casa",
    currentCentavos: 4_215_37,
    availableCentavos: 4_015_37,
    overdraftLimitCentavos: 1_500_00,
    blockedCentavos: 200_00,
    investedCentavos: 2_500_00,
    jointly: "each-alone",
  },
  {
    kind: "savings",
    branchCode: "0001",
    number: "20000002",
    checkDigit: "7",
    ownerId: jacaranda,
    jointHolderIds: [],
    description: "Poupança",
    currentCentavos: 18_950_00,
    availableCentavos: 18_950_00,
  },
  {
    kind: "mortgage",
    branchCode: "0001",
    number: "70000001",
    checkDigit: "5",
    ownerId: jacaranda,
    jointHolderIds: [],
    description: "Financiamento imobiliário",
    currentCentavos: -212_400_00,
    availableCentavos: 0,
    originatedOn: "2024-06-10",
    originalCentavos: 240_000_00,
    nextPaymentCentavos: 2_180_45,
    nextPaymentOn: "2027-01-10",
    termMonths: 360,
    interestRate: 9.9,
  },
  {
    kind: "checking",
    branchCode: "0042",
    number: "10000003",
    checkDigit: "1",
    ownerId: ipe,
    jointHolderIds: [],
    description: "Conta corrente",
    currentCentavos: -120_08,
    availableCentavos: 379_92,
    overdraftLimitCentavos: 500_00,
  },
  {
    kind: "prepaid",
    branchCode: "0042",
    number: "30000001",
    checkDigit: "6",
    ownerId: ipe,
    jointHolderIds: [],
    description: "Conta de pagamento pré-paga",
    currentCentavos: 342_90,
    availableCentavos: 342_90,
  },
  {
    kind: "savings",
    branchCode: "0042",
    number: "20000004",
    checkDigit: "3",
    ownerId: ipe,
    jointHolderIds: [],
    description: "Poupança bloqueada",
    currentCentavos: 5_800_00,
    availableCentavos: 0,
    blockedCentavos: 5_800_00,
    withheld: "blocked",
  },
  {
    kind: "savings",
    branchCode: "0042",
    number: "20000005",
    checkDigit: "1",
    ownerId: ipe,
    jointHolderIds: [],
    description: "Poupança encerrada",
    currentCentavos: 0,
    availableCentavos: 0,
    withheld: "closed",
  },
  {
    kind: "checking",
    branchCode: "0042",
    number: "10000006",
    checkDigit: "5",
    ownerId: ipe,
    jointHolderIds: [],
    description: "Conta conjunta, outro titular ainda não autorizou",
    currentCentavos: 9_120_00,
    availableCentavos: 9_120_00,
    jointly: "only-together",
    withheld: "pending-authorisation",
  },
  {
    kind: "term-deposit",
    branchCode: "0042",
    number: "50000001",
    checkDigit: "3",
    ownerId: ipe,
    jointHolderIds: [],
    description: "CDB prefixado",
    nickname: "Viagem",
    currentCentavos: 31_000_00,
    availableCentavos: 0,
    maturesOn: "2028-08-01",
    termMonths: 24,
    interestRate: 11.25,
  },
  {
    kind: "business-loan",
    branchCode: "0042",
    number: "80000001",
    checkDigit: "2",
    ownerId: padaria,
    jointHolderIds: [],
    description: "Capital de giro",
    currentCentavos: -45_000_00,
    availableCentavos: 0,
    originatedOn: "2026-02-02",
    originalCentavos: 60_000_00,
    nextPaymentCentavos: 5_390_12,
    nextPaymentOn: "2026-12-02",
    termMonths: 12,
    interestRate: 18.5,
  },
  {
    kind: "checking",
    branchCode: "0042",
    number: "90000001",
    checkDigit: "0",
    ownerId: padaria,
    jointHolderIds: [],
    description: "Conta corrente empresarial",
    currentCentavos: 87_310_55,
    availableCentavos: 87_310_55,
    overdraftLimitCentavos: 20_000_00,
  },
];
