/** A postal address in Brazil. */
export interface Address {
  readonly street: string;
  readonly district: string;
  readonly city: string;
  /** Two letters, as in UF. */
  readonly state: string;
  /** CEP, 8 digits. */
  readonly postalCode: string;
}

interface CustomerFacts {
  /** 32 lower-case hexadecimal digits. */
  readonly customerId: string;
  /** 32 upper-case hexadecimal digits. */
  readonly userId: string;
  /** Number in the core banking system, 1 to 16 alphanumerics. */
  readonly memberNumber: string;
  /** Compared without regard to case. */
  readonly loginId: string;
  readonly email: string;
  /** DDD and number, digits only. */
  readonly phone: string;
  readonly address: Address;
  /** ISO 8601, UTC. */
  readonly registeredAt: string;
}

export interface Person extends CustomerFacts {
  readonly kind: "person";
  /** 11 digits. */
  readonly cpf: string;
  readonly firstName: string;
  readonly middleName?: string;
  readonly lastName: string;
  /** yyyy-MM-dd. */
  readonly birthDate: string;
}

export interface Company extends CustomerFacts {
  readonly kind: "company";
  /** 14 digits. */
  readonly cnpj: string;
  readonly legalName: string;
  readonly tradeName: string;
  /** yyyy-MM-dd. */
  readonly incorporatedOn: string;
}

export type Customer = Person | Company;

/**
 * Nobody here exists: names, numbers and addresses are invented, CPF and CNPJ only have right check digits, e-mail
 * addresses lie in a domain that is reserved for examples (RFC 2606). Login ids are lower-case.
 */
export const sampleCustomers: readonly Customer[] = [
  {
    kind: "person",
    customerId: "1f07921f4416f182a32c483ccac2b0e6",
    userId: "24C9E15E52AFC47C225B757E7BEE1F9D",
    memberNumber: "1000000001",
    loginId: "jacaranda.exemplo",
    cpf: "00011122285",
    firstName: "Jacarandá",
    middleName: "de",
    lastName: "Exemplo",
    birthDate: "1988-02-29",
    email: "jacaranda@example.com",
    phone: "11900000001",
    address: {
      street: "Rua das Amostras, 10",
      district: "Centro",
      city: "São Paulo",
      state: "SP",
      postalCode: "01000000",
    },
    registeredAt: "2024-03-04T13:20:00Z",
  },
  {
    kind: "person",
    customerId: "979f4582d8aabe8d3e4c25aaa1825213",
    userId: "7E58D63B60197CEB55A1C487989A3720",
    memberNumber: "1000000002",
    loginId: "ipe.amarelo",
    cpf: "00022233334",
    firstName: "Ipê",
    lastName: "Amarelo",
    birthDate: "1975-09-07",
    email: "ipe@example.com",
    phone: "21900000002",
    address: {
      street: "Avenida do Ensaio, 200",
      district: "Laje",
      city: "Rio de Janeiro",
      state: "RJ",
      postalCode: "20000000",
    },
    registeredAt: "2023-11-20T09:05:30Z",
  },
  {
    kind: "person",
    customerId: "e586578ee387c0bf19b8094fba871b80",
    userId: "92877AF70A45FD6A2ED7FE81E1236B78",
    memberNumber: "1000000003",
    loginId: "buriti.ficticio",
    cpf: "00033344493",
    firstName: "Buriti",
    lastName: "Fictício",
    birthDate: "2001-12-31",
    email: "buriti@example.com",
    phone: "85900000003",
    address: {
      street: "Travessa do Teste, 3",
      district: "Praia",
      city: "Fortaleza",
      state: "CE",
      postalCode: "60000000",
    },
    registeredAt: "2026-01-15T18:45:10Z",
  },
  {
    kind: "company",
    customerId: "bc0ae897be52da0e2ac07a1a91c624fa",
    userId: "3F02EBE3D7929B091E3D8CCFDE2F3BC6",
    memberNumber: "9000000001",
    loginId: "padaria.modelo",
    cnpj: "00011122000183",
    legalName: "Padaria Modelo de Mentira Ltda.",
    tradeName: "Padaria Modelo",
    incorporatedOn: "2010-05-03",
    email: "contato@padaria-modelo.example",
    phone: "31900000004",
    address: {
      street: "Praça da Invenção, 1",
      district: "Savana",
      city: "Belo Horizonte",
      state: "MG",
      postalCode: "30000000",
    },
    registeredAt: "2022-07-01T12:00:00Z",
  },
];

/** The customer's name as written on papers: a person's full name, a company's legal name. */
export function displayName(customer: Customer): string {
  if (customer.kind === "company") return customer.legalName;
  return [customer.firstName, customer.middleName, customer.lastName].filter((name) => name !== undefined).join(" ");
}
