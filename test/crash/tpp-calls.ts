import { randomUUID } from "node:crypto";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import { form } from "../support/https-call.ts";
import type { TestServer } from "../support/server.ts";
import type { HeldClient, TppBooks } from "./tpp-books.ts";

/** An answer that the request should not have got. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly status: number;

  constructor(what: string, answer: HttpsAnswer, expected: number) {
    super(`${what}: expected ${expected}, received ${answer.status}: ${answer.text.slice(0, 600)}`);
    this.status = answer.status;
  }
}

/** The answer, when it has this status. @throws UnexpectedAnswer */
export function expectStatus(what: string, answer: HttpsAnswer, status: number): HttpsAnswer {
  if (answer.status !== status) {
    throw new UnexpectedAnswer(what, answer, status);
  }
  return answer;
}

/** The customer whose consents are asked for (src/bank/sample-logins.ts). */
export const { cpf } = sampleCustomers.find(({ loginId }) => loginId === "jacaranda.exemplo") as { cpf: string };

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** What an update may not hold (RFC 7592 section 2.2). */
const notTakenBack = ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/** The calls of one TPP, each one request of its own. */
export function tppCalls(server: TestServer, { tpp }: TppBooks) {
  const identity = tpp.tls;
  const withToken = (token: string) => ({ authorization: `Bearer ${token}` });
  const registration = server.url("registration");

  return {
    register: (statement: string, redirectUris: readonly string[]) =>
      server.post(registration, { ...tpp.registrationBody(statement), redirect_uris: redirectUris }, { identity }),
    recover: (statement: string) => server.post(`${registration}/recover`, tpp.registrationBody(statement), { identity }),
    read: (client: Pick<HeldClient, "uri" | "registrationToken">) => server.call(client.uri, { identity, headers: withToken(client.registrationToken) }),
    update(client: HeldClient, statement: string, redirectUris: readonly string[]) {
      const kept = Object.fromEntries(Object.entries(client.registration).filter(([name]) => !notTakenBack.includes(name)));
      const body = { ...kept, software_statement: statement, redirect_uris: redirectUris };
      return server.post(client.uri, body, { method: "PUT", identity, headers: withToken(client.registrationToken) });
    },
    remove: (client: HeldClient) => server.call(client.uri, { method: "DELETE", identity, headers: withToken(client.registrationToken) }),
    token: (client: HeldClient, change: Readonly<Record<string, string>> = {}) => server.requestToken(tpp, client.clientId, change),
    async revoke(client: HeldClient, token: string) {
      const parameters = { token, client_assertion: await server.assertion(tpp, client.clientId), client_assertion_type: assertionType };
      return server.call(server.url("revocation"), { ...form(parameters), identity });
    },
    async consent(client: HeldClient, method: "GET" | "DELETE", consentId: string) {
      const token = expectStatus("a token for a consent", await server.requestToken(tpp, client.clientId, { scope: "consents" }), 200).json().access_token;
      const headers = { ...withToken(token), accept: "application/json", "x-fapi-interaction-id": randomUUID() };
      return server.call(`${server.settings["mtlsUrl"]}/open-banking/consents/v3/consents/${consentId}`, { method, identity, headers });
    },
    exchange: (client: HeldClient, code: string, code_verifier: string) =>
      server.requestToken(tpp, client.clientId, { grant_type: "authorization_code", code, code_verifier, redirect_uri: String(tpp.description.redirect_uris[0]) }),
    refresh: (client: HeldClient, refresh_token: string) => server.requestToken(tpp, client.clientId, { grant_type: "refresh_token", refresh_token }),
  };
}

export type TppCalls = ReturnType<typeof tppCalls>;
