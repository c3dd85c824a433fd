/** Kinds of transactions, in the contract's words. */
export const transactionTypes = [
  "TED",
  "DOC",
  "PIX",
  "TRANSFERENCIA_MESMA_INSTITUICAO",
  "BOLETO",
  "CONVENIO_ARRECADACAO",
  "PACOTE_TARIFA_SERVICOS",
  "TARIFA_SERVICOS_AVULSOS",
  "FOLHA_PAGAMENTO",
  "DEPOSITO",
  "SAQUE",
  "CARTAO",
  "ENCARGOS_JUROS_CHEQUE_ESPECIAL",
  "RENDIMENTO_APLIC_FINANCEIRA",
  "PORTABILIDADE_SALARIO",
  "RESGATE_APLIC_FINANCEIRA",
  "OPERACAO_CREDITO",
  "OUTROS",
] as const;

/** Who is on the other side; all invented, with right check digits. */
export interface Party {
  readonly name: string;
  /** CPF or CNPJ, digits only. */
  readonly document: string;
  readonly account?: { readonly compeCode: string; readonly branchCode: string; readonly number: string; readonly checkDigit: string };
}

export interface Movement {
  readonly type: (typeof transactionTypes)[number];
  readonly direction: "CREDITO" | "DEBITO";
  readonly name: string;
  readonly party?: Party;
}

/** A movement of the same day of every month, known beforehand. */
export interface MonthlyMovement extends Movement {
  /** 1 to 28. */
  readonly dayOfMonth: number;
  readonly centavos: number;
}

/** A movement that happens now and then. */
export interface CasualMovement extends Movement {
  readonly leastCentavos: number;
  readonly mostCentavos: number;
}

/** What goes on in an account. */
export interface Habits {
  /** What automatic investment brings each day. */
  readonly dailyYieldCentavos?: number;
  readonly monthly: readonly MonthlyMovement[];
  readonly casual: readonly CasualMovement[];
  /** How many casual movements a day has. */
  readonly leastADay: number;
  readonly mostADay: number;
}

const school: Party = {
  name: "Escola Inexistente S.A.",
  document: "00022244000175",
  account: { compeCode: "998", branchCode: "0007", number: "00445566", checkDigit: "1" },
};
const power: Party = { name: "Energia de Faz de Conta", document: "00033355000187" };
const landlord: Party = {
  name: "Aroeira Imaginária",
  document: "00044455542",
  account: { compeCode: "998", branchCode: "0011", number: "00778899", checkDigit: "3" },
};
const friend: Party = { name: "Cedro Hipotético", document: "00055566600" };
const grocer: Party = { name: "Mercado Suposto Ltda.", document: "00044466000199" };
const mill: Party = {
  name: "Moinho de Ficção Ltda.",
  document: "00055577000109",
  account: { compeCode: "997", branchCode: "0100", number: "01020304", checkDigit: "5" },
};
const employee: Party = { name: "Peroba Simulada", document: "00066677750" };
const employer: Party = { name: "Padaria Modelo de Mentira Ltda.", document: "00011122000183" };
const customer: Party = { name: "Pitanga Suposta", document: "00077788800" };
const family: Party = { name: "Umbu Presumido", document: "00088899969" };

const packageFee = { type: "PACOTE_TARIFA_SERVICOS", direction: "DEBITO", name: "PACOTE DE SERVIÇOS", dayOfMonth: 2 } as const;

const household: Habits = {
  dailyYieldCentavos: 87,
  monthly: [
    { type: "FOLHA_PAGAMENTO", direction: "CREDITO", name: "SALÁRIO ESCOLA INEXISTENTE", party: school, dayOfMonth: 5, centavos: 9_850_00 },
    { type: "BOLETO", direction: "DEBITO", name: "BOLETO ENERGIA DE FAZ DE CONTA", party: power, dayOfMonth: 12, centavos: 231_47 },
    { type: "TED", direction: "DEBITO", name: "TED ALUGUEL AROEIRA IMAGINÁRIA", party: landlord, dayOfMonth: 10, centavos: 2_900_00 },
    { ...packageFee, centavos: 39_90 },
  ],
  casual: [
    { type: "PIX", direction: "DEBITO", name: "PIX ENVIADO CEDRO HIPOTÉTICO", party: friend, leastCentavos: 10_00, mostCentavos: 320_00 },
    { type: "PIX", direction: "CREDITO", name: "PIX RECEBIDO UMBU PRESUMIDO", party: family, leastCentavos: 15_00, mostCentavos: 450_00 },
    { type: "CARTAO", direction: "DEBITO", name: "COMPRA NO DÉBITO MERCADO SUPOSTO", leastCentavos: 8_90, mostCentavos: 412_30 },
    { type: "CARTAO", direction: "DEBITO", name: "COMPRA NO DÉBITO FARMÁCIA FICTÍCIA", leastCentavos: 5_50, mostCentavos: 189_99 },
    { type: "SAQUE", direction: "DEBITO", name: "SAQUE NO CAIXA ELETRÔNICO", leastCentavos: 20_00, mostCentavos: 300_00 },
    {
      type: "TRANSFERENCIA_MESMA_INSTITUICAO",
      direction: "DEBITO",
      name: "TRANSFERÊNCIA UMBU PRESUMIDO",
      party: family,
      leastCentavos: 50_00,
      mostCentavos: 600_00,
    },
    { type: "CONVENIO_ARRECADACAO", direction: "DEBITO", name: "CONTA DE ÁGUA", party: power, leastCentavos: 60_00, mostCentavos: 140_00 },
  ],
  leastADay: 1,
  mostADay: 4,
};

const overdrawn: Habits = {
  monthly: [
    { type: "PORTABILIDADE_SALARIO", direction: "CREDITO", name: "PORTABILIDADE DE SALÁRIO", party: grocer, dayOfMonth: 7, centavos: 4_120_00 },
    { type: "ENCARGOS_JUROS_CHEQUE_ESPECIAL", direction: "DEBITO", name: "JUROS DO CHEQUE ESPECIAL", dayOfMonth: 3, centavos: 18_62 },
    { ...packageFee, centavos: 19_90 },
  ],
  casual: household.casual,
  leastADay: 0,
  mostADay: 3,
};

const saving: Habits = {
  monthly: [
    { type: "RENDIMENTO_APLIC_FINANCEIRA", direction: "CREDITO", name: "RENDIMENTO DA POUPANÇA", dayOfMonth: 15, centavos: 97_21 },
    { type: "TRANSFERENCIA_MESMA_INSTITUICAO", direction: "CREDITO", name: "APORTE PROGRAMADO", party: family, dayOfMonth: 6, centavos: 500_00 },
  ],
  casual: [],
  leastADay: 0,
  mostADay: 0,
};

const prepaid: Habits = {
  monthly: [{ type: "DEPOSITO", direction: "CREDITO", name: "RECARGA POR BOLETO", party: friend, dayOfMonth: 8, centavos: 400_00 }],
  casual: [
    { type: "CARTAO", direction: "DEBITO", name: "COMPRA CARTÃO PRÉ-PAGO TRANSPORTE", leastCentavos: 4_40, mostCentavos: 38_00 },
    { type: "CARTAO", direction: "DEBITO", name: "COMPRA CARTÃO PRÉ-PAGO LANCHES", leastCentavos: 9_00, mostCentavos: 64_50 },
  ],
  leastADay: 0,
  mostADay: 2,
};

const bakery: Habits = {
  monthly: [
    { type: "BOLETO", direction: "DEBITO", name: "BOLETO MOINHO DE FICÇÃO", party: mill, dayOfMonth: 9, centavos: 12_480_00 },
    // The contract wants the employer's document in salaries that this bank pays out, in the employer's own account as well.
    { type: "FOLHA_PAGAMENTO", direction: "DEBITO", name: "FOLHA DE PAGAMENTO", party: employer, dayOfMonth: 5, centavos: 21_340_00 },
    { type: "OPERACAO_CREDITO", direction: "DEBITO", name: "PARCELA CAPITAL DE GIRO", dayOfMonth: 2, centavos: 5_390_12 },
    { type: "TARIFA_SERVICOS_AVULSOS", direction: "DEBITO", name: "TARIFA DE COBRANÇA", dayOfMonth: 20, centavos: 89_00 },
  ],
  casual: [
    { type: "PIX", direction: "CREDITO", name: "PIX RECEBIDO PITANGA SUPOSTA", party: customer, leastCentavos: 6_00, mostCentavos: 210_00 },
    { type: "PIX", direction: "CREDITO", name: "PIX RECEBIDO MERCADO SUPOSTO", party: grocer, leastCentavos: 350_00, mostCentavos: 2_700_00 },
    { type: "DEPOSITO", direction: "CREDITO", name: "DEPÓSITO EM DINHEIRO", party: customer, leastCentavos: 200_00, mostCentavos: 3_200_00 },
    { type: "TED", direction: "DEBITO", name: "TED MOINHO DE FICÇÃO", party: mill, leastCentavos: 500_00, mostCentavos: 4_000_00 },
    { type: "PIX", direction: "DEBITO", name: "PIX ENVIADO PEROBA SIMULADA", party: employee, leastCentavos: 80_00, mostCentavos: 640_00 },
  ],
  leastADay: 3,
  mostADay: 8,
};

/** By the account's number. An account without an entry here does not move. */
export const sampleHabits: Readonly<Record<string, Habits>> = {
  "10000001": household,
  "20000002": saving,
  "10000003": overdrawn,
  "30000001": prepaid,
  "90000001": bakery,
};
