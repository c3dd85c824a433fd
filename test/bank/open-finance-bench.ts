import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { accountsForConsent } from "../../src/bank/consent-accounts.ts";
import { errorSchema } from "../../src/bank/open-finance/envelope.ts";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";
import type { Answer, BankBench, Call } from "./bank-bench.ts";
import { contractsAreAtHand, readOfficialContracts } from "./official-contracts.ts";

export const accounts = "/open-banking/accounts/v2/accounts";
export const customers = "/open-banking/customers/v2";
export const resources = "/open-banking/resources/v3/resources";

export const allPermissions = [
  "ACCOUNTS_READ",
  "ACCOUNTS_BALANCES_READ",
  "ACCOUNTS_OVERDRAFT_LIMITS_READ",
  "ACCOUNTS_TRANSACTIONS_READ",
  "CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ",
  "CUSTOMERS_PERSONAL_ADITTIONALINFO_READ",
  "CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ",
  "CUSTOMERS_BUSINESS_ADITTIONALINFO_READ",
  "RESOURCES_READ",
];

/** Each operation and the one permission that opens it; `{accountId}` stands for an account of the consent. */
export const operations: readonly (readonly [path: string, permission: string])[] = [
  [accounts, "ACCOUNTS_READ"],
  [`${accounts}/{accountId}`, "ACCOUNTS_READ"],
  [`${accounts}/{accountId}/balances`, "ACCOUNTS_BALANCES_READ"],
  [`${accounts}/{accountId}/overdraft-limits`, "ACCOUNTS_OVERDRAFT_LIMITS_READ"],
  [`${accounts}/{accountId}/transactions`, "ACCOUNTS_TRANSACTIONS_READ"],
  [`${accounts}/{accountId}/transactions-current`, "ACCOUNTS_TRANSACTIONS_READ"],
  [`${customers}/personal/identifications`, "CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ"],
  [`${customers}/personal/qualifications`, "CUSTOMERS_PERSONAL_ADITTIONALINFO_READ"],
  [`${customers}/personal/financial-relations`, "CUSTOMERS_PERSONAL_ADITTIONALINFO_READ"],
  [`${customers}/business/identifications`, "CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ"],
  [`${customers}/business/qualifications`, "CUSTOMERS_BUSINESS_ADITTIONALINFO_READ"],
  [`${customers}/business/financial-relations`, "CUSTOMERS_BUSINESS_ADITTIONALINFO_READ"],
  [resources, "RESOURCES_READ"],
];

export function customerId(loginId: string): string {
  const found = sampleCustomers.find((customer) => customer.loginId === loginId);
  if (found === undefined) throw new Error(`no sample customer ${loginId}`);
  return found.customerId;
}

export const padariaCnpj = "00011122000183";

export interface ConsentFacts {
  readonly login?: string;
  readonly scope?: string;
  /** Of the company, when the consent is a company's. */
  readonly cnpj?: string;
  /** Members of the introspection's `consent` that replace the usual ones. */
  readonly consent?: object;
}

/** A token as the authorization server tells of it: the customer chose all accounts and granted everything. */
export function consentToken(bank: BankBench, facts: ConsentFacts = {}, over: object = {}): string {
  const { login = "jacaranda.exemplo", scope = "openid consent:urn:x:1 accounts customers resources", cnpj } = facts;
  const sub = customerId(login);
  return bank.peer.grant(bank.tpp, scope, {
    exp: 4_000_000_000,
    sub,
    consent_id: "urn:x:1",
    consent: {
      status: "AUTHORISED",
      permissions: allPermissions,
      account_ids: accountsForConsent(bank.sampleData, sub, cnpj).map(({ accountId }) => accountId),
      expires_at: 4_000_000_000,
      ...(cnpj !== undefined && { cnpj }),
      ...facts.consent,
    },
    ...over,
  });
}

/** The id of a customer's account by its number. */
export function accountId(bank: BankBench, loginId: string, number: string): string {
  const customer = bank.sampleData.customerByLoginId(loginId);
  const found = customer && bank.sampleData.accountsOf(customer).find((account) => account.number === number);
  if (found === undefined) throw new Error(`no sample account ${number} of ${loginId}`);
  return found.openFinanceId;
}

const departures = contractsAreAtHand ? readOfficialContracts() : undefined;

/** A GET with an interaction id, unless told otherwise; its answer is held against the contract, where that is at hand. */
export async function callData(bank: BankBench, path: string, token: string, over: Partial<Call> = {}): Promise<Answer> {
  const answer = await bank.call({ path, token, ...over, headers: { "x-fapi-interaction-id": randomUUID(), ...over.headers } });
  const { status, body, text } = answer;
  if (departures !== undefined && over.method === undefined) expect(departures({ path, status, body }), text).to.deep.equal([]);
  return answer;
}

export const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What every answer of these APIs has, be it good or bad (conformance: Date, interaction id, content type). */
export function expectCommonHeaders({ headers }: Answer): void {
  expect(headers["content-type"]).to.equal("application/json; charset=utf-8");
  expect(headers["x-fapi-interaction-id"]).to.match(uuid);
  expect(headers["cache-control"]).to.equal("no-store");
  expect(Math.abs(Date.parse(String(headers["date"])) - Date.now())).to.be.below(300_000);
}

/** A refusal in the contracts' envelope. */
export function expectProblem(answer: Answer, status: number, code: string): { title: string; detail: string } {
  expect(answer.status, answer.text).to.equal(status);
  expectCommonHeaders(answer);
  const { errors } = errorSchema.parse(answer.body);
  expect(errors.map((error) => error.code)).to.deep.equal([code]);
  const [error] = errors;
  if (error === undefined) throw new Error("no error in the envelope");
  return error;
}
