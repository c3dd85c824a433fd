import type { NewCustomer } from "../../src/policy/customer/enrol-customers.ts";

/** One of as many customers as a test wants. */
export function numbered(number: number): NewCustomer {
  const digits = String(number).padStart(11, "0");
  return {
    customerId: `customer-${digits}`,
    userName: `cliente.${number}`,
    name: `Cliente ${number}`,
    cpf: digits,
    companies: [],
    password: `senha do cliente ${number}`,
  };
}
