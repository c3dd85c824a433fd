import { setTimeout as rest } from "node:timers/promises";
import type { AuditActor } from "../../kernel/audit-entry.ts";
import { CustomerProblem, type Enrolment, type NewCustomer } from "./enrol-customers.ts";

const server: AuditActor = { kind: "server" };
const attempts = 50;
const restBetweenAttempts = 50;

/**
 * Enrols the sandbox's customers; who is there already stays as they are, so that it may run at every start, of
 * several processes at once too.
 * @returns how many were new
 */
export async function seedCustomers(enrolment: Enrolment, customers: readonly NewCustomer[]): Promise<number> {
  let added = 0;
  for (const customer of customers) {
    if (await enrolledHere(enrolment, customer)) added += 1;
  }
  return added;
}

async function enrolledHere(enrolment: Enrolment, customer: NewCustomer): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await enrolment.enrol(customer, server);
    } catch (error) {
      if (!(error instanceof CustomerProblem && error.passing) || attempt === attempts) {
        throw error;
      }
      await rest(restBetweenAttempts);
    }
  }
}
