import type { NewCustomer } from "../policy/customer/enrol-customers.ts";
import { displayName, sampleCustomers, type Person } from "./sample-customers.ts";

/** How a sample person logs in, and for which sample companies they act. Public: only the sandbox knows them. */
interface SampleAccess {
  readonly loginId: string;
  readonly password: string;
  /** Base32 seed for an authenticator app. */
  readonly oneTimeCodeSeed?: string;
  /** Login ids of companies. */
  readonly actsFor: readonly string[];
}

const access: readonly SampleAccess[] = [
  {
    loginId: "jacaranda.exemplo",
    password: "Jacaranda-sandbox-1",
    oneTimeCodeSeed: "JACARANDAPORTEIROSANDBOXSEED2345",
    actsFor: [],
  },
  {
    loginId: "ipe.amarelo",
    password: "Ipe-sandbox-2",
    oneTimeCodeSeed: "IPEAMARELOPORTEIROSANDBOXSEED234",
    actsFor: ["padaria.modelo"],
  },
  { loginId: "buriti.ficticio", password: "Buriti-sandbox-3", actsFor: [] },
];

/** The sample bank's people as the customer directory enrols them: with the same customer ids as the bank's data. */
export const sampleLogins: readonly NewCustomer[] = access.map(({ loginId, password, oneTimeCodeSeed, actsFor }) => {
  const person = personOf(loginId);
  return {
    customerId: person.customerId,
    userName: loginId,
    name: displayName(person),
    cpf: person.cpf,
    companies: actsFor.map(companyOf),
    password,
    ...(oneTimeCodeSeed !== undefined && { oneTimeCodeSeed }),
  };
});

function personOf(loginId: string): Person {
  const found = sampleCustomers.find((customer) => customer.loginId === loginId);
  if (found?.kind !== "person") throw new Error(`expected a person among the sample customers, found none called ${loginId}`);
  return found;
}

function companyOf(loginId: string) {
  const found = sampleCustomers.find((customer) => customer.loginId === loginId);
  if (found?.kind !== "company") throw new Error(`expected a company among the sample customers, found none called ${loginId}`);
  return { cnpj: found.cnpj, legalName: found.legalName };
}
