import { sampleCustomers } from "../sample-customers.ts";

/** What the bank knows of a person beyond name and address. Money in centavos of BRL, days yyyy-MM-dd. */
export interface PersonFile {
  /** UTC, to the second; no earlier than anything in the file. */
  readonly updatedAt: string;
  readonly maritalStatus: "SOLTEIRO" | "CASADO" | "VIUVO" | "DIVORCIADO" | "UNIAO_ESTAVEL";
  readonly sex: "FEMININO" | "MASCULINO" | "OUTRO";
  readonly mother: string;
  readonly father?: string;
  /** Number of the RG, its check digit and who issued it. */
  readonly identityCard: { readonly number: string; readonly checkDigit: string; readonly issuer: string };
  /** Code of CBO. */
  readonly occupation: string;
  readonly monthlyIncomeCentavos: number;
  readonly incomeToldOn: string;
  readonly wealth?: { readonly centavos: number; readonly year: number };
  readonly customerSince: string;
  readonly products: readonly ProductType[];
  readonly proxy?: { readonly cpf: string; readonly name: string };
  /** A salary that comes from another bank because the customer asked for it. */
  readonly salaryFrom?: { readonly employer: string; readonly employerCnpj: string; readonly bankCnpj: string; readonly bankIspb: string; readonly approvedOn: string };
  /** A salary account held here. */
  readonly salaryAccount?: { readonly employer: string; readonly employerCnpj: string; readonly openedOn: string };
}

/** What the bank knows of a company. */
export interface CompanyFile {
  /** UTC, to the second; no earlier than anything in the file. */
  readonly updatedAt: string;
  readonly partners: readonly { readonly cpf: string; readonly name: string; readonly since: string; readonly share: string; readonly manages: boolean }[];
  /** CNAE subclasses, the main one first. */
  readonly activities: readonly string[];
  readonly yearlyRevenue: { readonly centavos: number; readonly year: number };
  readonly wealth: { readonly centavos: number; readonly on: string };
  readonly customerSince: string;
  readonly products: readonly ProductType[];
  readonly proxies: readonly { readonly cpf: string; readonly name: string }[];
}

export const productTypes = [
  "CONTA_DEPOSITO_A_VISTA",
  "CONTA_POUPANCA",
  "CONTA_PAGAMENTO_PRE_PAGA",
  "CARTAO_CREDITO",
  "OPERACAO_CREDITO",
  "SEGURO",
  "PREVIDENCIA",
  "INVESTIMENTO",
  "OPERACOES_CAMBIO",
  "CONTA_SALARIO",
  "CREDENCIAMENTO",
  "OUTROS",
] as const;

type ProductType = (typeof productTypes)[number];

const school = { employer: "Escola Inexistente S.A.", employerCnpj: "00022244000175" };

/** By login id; invented like the customers. */
const peopleByLogin: Readonly<Record<string, PersonFile>> = {
  "jacaranda.exemplo": {
    updatedAt: "2026-02-10T17:42:05Z",
    maritalStatus: "UNIAO_ESTAVEL",
    sex: "FEMININO",
    mother: "Araucária de Exemplo",
    father: "Angico de Exemplo",
    identityCard: { number: "00011122", checkDigit: "2", issuer: "SSP/SP" },
    occupation: "2345",
    monthlyIncomeCentavos: 9_850_00,
    incomeToldOn: "2026-02-10",
    wealth: { centavos: 412_000_00, year: 2025 },
    customerSince: "2019-08-12",
    products: ["CONTA_DEPOSITO_A_VISTA", "CONTA_POUPANCA", "OPERACAO_CREDITO", "CONTA_SALARIO"],
    salaryAccount: { ...school, openedOn: "2019-08-12" },
  },
  "ipe.amarelo": {
    updatedAt: "2025-11-03T12:08:51Z",
    maritalStatus: "DIVORCIADO",
    sex: "MASCULINO",
    mother: "Sapucaia Amarelo",
    identityCard: { number: "00022233", checkDigit: "X", issuer: "DETRAN/RJ" },
    occupation: "8483",
    monthlyIncomeCentavos: 4_120_00,
    incomeToldOn: "2025-11-03",
    customerSince: "2015-03-30",
    products: ["CONTA_DEPOSITO_A_VISTA", "CONTA_POUPANCA", "CONTA_PAGAMENTO_PRE_PAGA", "INVESTIMENTO"],
    proxy: { cpf: "00011122285", name: "Jacarandá de Exemplo" },
    salaryFrom: {
      employer: "Mercado Suposto Ltda.",
      employerCnpj: "00044466000199",
      bankCnpj: "00066688000102",
      bankIspb: "00066688",
      approvedOn: "2024-05-20",
    },
  },
  "buriti.ficticio": {
    updatedAt: "2026-01-15T18:45:10Z",
    maritalStatus: "SOLTEIRO",
    sex: "OUTRO",
    mother: "Carnaúba Fictícia",
    identityCard: { number: "00033344", checkDigit: "4", issuer: "SSPDS/CE" },
    occupation: "3515",
    monthlyIncomeCentavos: 1_980_00,
    incomeToldOn: "2026-01-15",
    customerSince: "2026-01-15",
    products: ["SEGURO"],
  },
};

const companiesByLogin: Readonly<Record<string, CompanyFile>> = {
  "padaria.modelo": {
    updatedAt: "2026-03-31T14:30:00Z",
    partners: [
      { cpf: "00022233334", name: "Ipê Amarelo", since: "2010-05-03", share: "0.600000", manages: true },
      { cpf: "00066677750", name: "Peroba Simulada", since: "2018-09-01", share: "0.400000", manages: false },
    ],
    activities: ["1091102", "4721102"],
    yearlyRevenue: { centavos: 1_860_000_00, year: 2025 },
    wealth: { centavos: 540_000_00, on: "2025-12-31" },
    customerSince: "2010-06-15",
    products: ["CONTA_DEPOSITO_A_VISTA", "OPERACAO_CREDITO", "CREDENCIAMENTO"],
    proxies: [{ cpf: "00022233334", name: "Ipê Amarelo" }],
  },
};

const loginById = new Map(sampleCustomers.map(({ customerId, loginId }) => [customerId, loginId]));

/** What is known of a person; undefined for a customer without a file. */
export function personFile(customerId: string): PersonFile | undefined {
  return peopleByLogin[loginById.get(customerId) ?? ""];
}

/** What is known of a company; undefined for a customer without a file. */
export function companyFile(customerId: string): CompanyFile | undefined {
  return companiesByLogin[loginById.get(customerId) ?? ""];
}
