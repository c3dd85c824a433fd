import type { Enrolment, NewCustomer } from "./enrol-customers.ts";

/**
 * Enrols the sandbox's customers; who is there already stays as they are, so that it may run at every start.
 * @returns how many were new
 */
export async function seedCustomers(enrolment: Enrolment, customers: readonly NewCustomer[]): Promise<number> {
  let added = 0;
  for (const customer of customers) {
    if (await enrolment.enrol(customer, { kind: "server" })) added += 1;
  }
  return added;
}
