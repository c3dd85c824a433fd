import type { Clock } from "../../kernel/clock.ts";
import type { Log } from "../../kernel/log.ts";
import type { CustomerDirectory } from "./customer-directory.ts";

/** An account that a customer can share. */
export interface AccountToShare {
  /** The accountId of the bank's accounts API. */
  readonly accountId: string;
  /** Open Finance's name of the type, such as CONTA_POUPANCA. */
  readonly type: string;
  readonly branchCode: string;
  /** Shown as it is: the bank masks it. */
  readonly maskedNumber: string;
  /** The company that holds it, 14 characters; absent for an account of a person. */
  readonly cnpj?: string;
}

/** Where the bank's accounts come from: those that a customer may share, the company's when a CNPJ is given. */
export type AccountsForConsent = (customerId: string, cnpj?: string) => Promise<readonly AccountToShare[]>;

/** What a bank plugs in: who its customers are, and what they can share. */
export interface BankCustomers {
  /** Left out: customers are those of the server's own directory (`porteiro customers`). */
  readonly directory?: CustomerDirectory;
  readonly accountsForConsent: AccountsForConsent;
  /** Lets go of connections when the server stops. */
  readonly close?: () => Promise<void>;
}

/** The function that a bank's module exports as `createCustomers`; it is called once in each server process. */
export type CreateCustomers = (given: { readonly clock: Clock; readonly log: Log }) => BankCustomers | Promise<BankCustomers>;

/**
 * Calls a bank's module, and makes sure that what it gives can be asked.
 * @throws Error with one sentence that says what is missing
 */
export async function openBankCustomers(module: Readonly<Record<string, unknown>>, given: Parameters<CreateCustomers>[0]): Promise<BankCustomers> {
  const { createCustomers } = module;
  if (typeof createCustomers !== "function") {
    throw new Error("expected a module that exports a function createCustomers");
  }
  const opened: unknown = await (createCustomers as CreateCustomers)(given);
  const missing = missingFunctions(opened);
  if (missing.length > 0) {
    throw new Error(`expected createCustomers to give an object with the functions ${missing.join(", ")}; found none of these names`);
  }
  // Its functions were looked at one by one.
  return opened as BankCustomers;
}

const ofDirectory = ["find", "findByLogin", "verifyPassword", "verifyCode"] as const satisfies readonly (keyof CustomerDirectory)[];

function missingFunctions(opened: unknown): string[] {
  const { directory, accountsForConsent } = membersOf(opened);
  const members = membersOf(directory);
  return [
    ...(directory === undefined ? [] : ofDirectory.filter((name) => typeof members[name] !== "function").map((name) => `directory.${name}`)),
    ...(typeof accountsForConsent === "function" ? [] : ["accountsForConsent"]),
  ];
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
