import type { LoginName } from "./login-name.ts";

/** A company that a customer may act for. */
export interface RepresentedCompany {
  /** 14 characters, without punctuation. */
  readonly cnpj: string;
  readonly legalName: string;
}

/** What the server knows of a customer of the bank: a person, who may act for companies. */
export interface Customer {
  /**
   * The `sub` of every token and ID token: opaque, at most 64 of `A-Z a-z 0-9 - _`, the same for as long as the person
   * lives, and never given to another.
   */
  readonly customerId: string;
  readonly name: string;
  /** 11 digits. */
  readonly cpf: string;
  readonly companies: readonly RepresentedCompany[];
  /** Whether a one-time code can be asked of this customer. */
  readonly hasSecondFactor: boolean;
}

/**
 * Where the bank's customers are known. A bank plugs its own directory in here; attempts are limited by the log-in in
 * front of it, so that a directory only has to answer.
 */
export interface CustomerDirectory {
  find(customerId: string): Promise<Customer | undefined>;
  findByLogin(login: LoginName): Promise<Customer | undefined>;
  /**
   * The customer whose login and password these are. Undefined for an unknown login, a wrong password and a closed
   * account, in the same time and with the same work: nothing may tell one from another.
   */
  verifyPassword(login: LoginName, password: string): Promise<Customer | undefined>;
  /**
   * Whether this is the customer's one-time code of this moment. Each code is accepted once, of many calls at once by
   * exactly one. False as well for a customer who is unknown, closed or has no second factor.
   */
  verifyCode(customerId: string, code: string): Promise<boolean>;
}
