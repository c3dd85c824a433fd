import { expect } from "chai";
import { balances, begin, byServer, day, maria } from "./consent-bank.ts";
import { consentsPath, startConsentsServer, type Answer, type Call, type ConsentsServer } from "./consents-server.ts";

/** A moment as the API writes it. */
export const at = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
export const person = (identification: string) => ({ document: { identification, rel: "CPF" } });
export const company = (identification: string) => ({ document: { identification, rel: "CNPJ" } });

/** A request for a consent that is granted; change what the test is about. */
export function consentBody(changes: Record<string, unknown> = {}): { data: Record<string, unknown> } {
  return { data: { permissions: balances, loggedUser: person(maria), expirationDateTime: at(begin + 30 * day), ...changes } };
}

export const codesOf = (answer: Answer): string[] => answer.body.errors.map(({ code }) => code);

export interface ConsentsApi {
  server: ConsentsServer;
  /** Client id of the TPP that calls, another in every test. */
  tpp: string;
  otherTpp: string;
  /** The software behind `tpp`. */
  software: string;
  post(body: unknown, call?: Call): Promise<Answer>;
  get(id: string, call?: Call): Promise<Answer>;
  remove(id: string, call?: Call): Promise<Answer>;
  extend(id: string, data: Record<string, unknown>, call?: Call): Promise<Answer>;
  /** The id of a new consent. */
  created(changes?: Record<string, unknown>): Promise<string>;
  /** The id of a consent that its customer has authorised. */
  authorised(changes?: Record<string, unknown>): Promise<string>;
  /** How many audit entries the client has, and with them how many changes. */
  storedOf(client: string): Promise<number>;
}

/** One server for the tests of the surrounding `describe`; each begins at the same moment with clients of its own. */
export function useConsentsApi(): ConsentsApi {
  let tests = 0;
  const api = {
    post: (body, call = {}) => api.server.call("POST", consentsPath, { client: api.tpp, body, ...call }),
    get: (id, call = {}) => api.server.call("GET", `${consentsPath}/${id}`, { client: api.tpp, ...call }),
    remove: (id, call = {}) => api.server.call("DELETE", `${consentsPath}/${id}`, { client: api.tpp, ...call }),
    extend: (id, data, call = {}) =>
      api.server.call("POST", `${consentsPath}/${id}/extends`, {
        client: api.tpp,
        scopes: ["openid", `consent:${id}`],
        customer: "customer-1",
        body: { data: { loggedUser: person(maria), ...data } },
        ...call,
        headers: { "x-fapi-customer-ip-address": "203.0.113.7", "x-customer-user-agent": "phone", ...call.headers },
      }),
    async created(changes = {}) {
      const answer = await api.post(consentBody(changes));
      expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
      return answer.body.data.consentId;
    },
    async authorised(changes = {}) {
      const consentId = await api.created(changes);
      await api.server.consents.authorise(consentId, { customerId: "customer-1", accounts: ["a"] }, byServer);
      return consentId;
    },
    storedOf: async (client) => (await api.server.auditOf(client)).length,
    // The hooks below fill in the rest before any test runs.
  } as ConsentsApi;

  before(async () => {
    api.server = await startConsentsServer();
  });
  after(() => api.server.stop());
  beforeEach(async () => {
    api.server.restartClock();
    tests += 1;
    api.software = `software-${tests}`;
    api.tpp = (await api.server.client(api.software)).clientId;
    api.otherTpp = (await api.server.client(`other-${api.software}`)).clientId;
  });
  return api;
}
