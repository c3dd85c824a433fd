import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { openBank, type BankBench } from "./bank-bench.ts";
import {
  accountId,
  accounts,
  allPermissions,
  callData,
  consentToken,
  customers,
  expectCommonHeaders,
  expectProblem,
  operations,
  padariaCnpj,
  resources,
  uuid,
} from "./open-finance-bench.ts";

describe("Open Finance data APIs: who gets in", () => {
  let bank: BankBench;
  before(async () => {
    bank = await openBank({ timeoutMs: 1_000 });
  });
  after(() => bank.close());
  afterEach(() => bank.peer.answerWith());

  /** The path of an operation, for a consent of the company, which has all kinds of data. */
  const pathOf = (operation: string) => operation.replace("{accountId}", accountId(bank, "padaria.modelo", "90000001"));
  const company = { login: "ipe.amarelo", cnpj: padariaCnpj };

  for (const [operation, permission] of operations) {
    it(`${operation} opens with ${permission}, and with all the others stays shut`, async () => {
      const only = consentToken(bank, { ...company, consent: { permissions: [permission] } });
      const opened = await callData(bank, pathOf(operation), only);
      expect(opened.status, opened.text).to.equal(200);
      expectCommonHeaders(opened);
      const others = allPermissions.filter((other) => other !== permission);
      const refused = await callData(bank, pathOf(operation), consentToken(bank, { ...company, consent: { permissions: others } }));
      expectProblem(refused, 403, "ACESSO_NEGADO");
      expect(refused.headers["www-authenticate"]).to.contain('error="insufficient_scope"').and.contain(permission);
    });

    it(`${operation} wants its API's scope, whatever the consent says`, async () => {
      const api = /^\/open-banking\/(\w+)\//.exec(operation)?.[1] ?? "";
      const others = ["openid", "consent:urn:x:1", "accounts", "customers", "resources"].filter((scope) => scope !== api).join(" ");
      const answer = await callData(bank, pathOf(operation), consentToken(bank, { ...company, scope: others }));
      expectProblem(answer, 403, "ACESSO_NEGADO");
      expect(answer.headers["www-authenticate"]).to.contain(`scope="${api}"`);
      expect((await callData(bank, pathOf(operation), consentToken(bank, { ...company, scope: api }))).status).to.equal(200);
    });
  }

  for (const status of ["AWAITING_AUTHORISATION", "REJECTED", "CONSUMED", "authorised", ""]) {
    it(`401 while the consent's state is ${JSON.stringify(status)} (FAPI-BR 7.2.2-3, D15)`, async () => {
      for (const path of [accounts, `${customers}/personal/identifications`, resources]) {
        const answer = await callData(bank, path, consentToken(bank, { consent: { status } }));
        expectProblem(answer, 401, "NAO_AUTENTICADO");
        expect(answer.headers["www-authenticate"]).to.contain('error="invalid_token"');
      }
    });
  }

  it("401 for a consent past its time, told in seconds or as an instant; none at all is no end", async () => {
    for (const [expires_at, status] of [
      [1, 401],
      ["2020-01-01T00:00:00Z", 401],
      ["2090-01-01T00:00:00Z", 200],
      [null, 200],
      [undefined, 200],
    ] as const) {
      expect((await callData(bank, accounts, consentToken(bank, { consent: { expires_at } }))).status, String(expires_at)).to.equal(status);
    }
  });

  it("401 for a token of client credentials, of no customer, or of no consent", async () => {
    expectProblem(await callData(bank, accounts, bank.peer.grant(bank.tpp, "accounts")), 401, "NAO_AUTENTICADO");
    expectProblem(await callData(bank, accounts, consentToken(bank, {}, { sub: undefined })), 401, "NAO_AUTENTICADO");
    expectProblem(await callData(bank, accounts, consentToken(bank, {}, { consent: undefined })), 401, "NAO_AUTENTICADO");
  });

  it("sees a consent that ends with the very next call", async () => {
    const consent = { status: "AUTHORISED", permissions: allPermissions };
    bank.peer.answerWith(() => ({
      status: 200,
      body: JSON.stringify({ active: true, client_id: "c", scope: "accounts", exp: 4e9, cnf: bank.peer.confirmation(bank.tpp), sub: "x", consent }),
    }));
    expect((await callData(bank, accounts, "t")).status).to.equal(200);
    consent.status = "REJECTED";
    expectProblem(await callData(bank, accounts, "t"), 401, "NAO_AUTENTICADO");
  });

  it("401 without a token, with a bad one, another certificate or none; the scheme in any case", async () => {
    const good = consentToken(bank);
    const interactionId = { "x-fapi-interaction-id": randomUUID() };
    expectProblem(await bank.call({ path: accounts, headers: interactionId }), 401, "NAO_AUTENTICADO");
    expectProblem(await callData(bank, accounts, "unknown"), 401, "NAO_AUTENTICADO");
    expectProblem(await callData(bank, accounts, good, { certificate: bank.otherTpp }), 401, "NAO_AUTENTICADO");
    expectProblem(await callData(bank, accounts, good, { certificate: "none" }), 401, "NAO_AUTENTICADO");
    const answer = await bank.call({ path: accounts, headers: { ...interactionId, authorization: `bEARER ${good}` } });
    expect(answer.status).to.equal(200);
  });

  it("400 for a token in the query, beside a good header too", async () => {
    const good = consentToken(bank);
    expectProblem(await bank.call({ path: `${accounts}?access_token=${good}` }), 400, "TOKEN_NA_URL");
    expectProblem(await callData(bank, `${accounts}?access_token=${good}`, good), 400, "TOKEN_NA_URL");
  });

  it("504 with Retry-After while tokens cannot be checked", async () => {
    bank.peer.answerWith(() => "hang");
    const answer = await callData(bank, accounts, consentToken(bank));
    expectProblem(answer, 504, "TEMPO_ESGOTADO");
    expect(answer.headers["retry-after"]).to.equal("5");
  });

  it("504 for an introspection answer whose consent makes no sense", async () => {
    for (const consent of ["AUTHORISED", { permissions: [] }, { status: "AUTHORISED", permissions: "ACCOUNTS_READ" }, { status: 1 }]) {
      expectProblem(await callData(bank, accounts, consentToken(bank, {}, { consent })), 504, "TEMPO_ESGOTADO");
    }
  });

  it("echoes the interaction id in the caller's own spelling, in refusals as well", async () => {
    const sent = randomUUID().toUpperCase();
    const headers = { "x-fapi-interaction-id": sent };
    for (const answer of [
      await callData(bank, accounts, consentToken(bank), { headers }),
      await callData(bank, accounts, "unknown", { headers }),
      await callData(bank, `${accounts}?page=0`, consentToken(bank), { headers }),
      await bank.call({ path: "/open-banking/nothing", headers }),
      await bank.call({ path: accounts, method: "POST", headers }),
    ]) {
      expect(answer.headers["x-fapi-interaction-id"]).to.equal(sent);
    }
  });

  it("400 without an interaction id (D19), or with one that is no UUID, and a new one in the answer", async () => {
    const token = consentToken(bank);
    expectProblem(await bank.call({ path: accounts, token }), 400, "PARAMETRO_NAO_INFORMADO");
    const seen = new Set<unknown>();
    for (const sent of ["", "abc", "x".repeat(36), `${randomUUID()}0`, `{${randomUUID()}}`]) {
      const answer = await callData(bank, accounts, token, { headers: { "x-fapi-interaction-id": sent } });
      expectProblem(answer, 400, sent === "" ? "PARAMETRO_NAO_INFORMADO" : "PARAMETRO_INVALIDO");
      seen.add(answer.headers["x-fapi-interaction-id"]);
    }
    expect(seen.size).to.equal(5);
    const twice = await callData(bank, accounts, token, { headers: { "x-fapi-interaction-id": [randomUUID(), randomUUID()] } });
    expectProblem(twice, 400, "PARAMETRO_INVALIDO");
  });

  it("takes the optional headers of the contract as they come", async () => {
    for (const address of ["203.0.113.7", "2001:db8::7"]) {
      const headers = {
        "x-fapi-auth-date": "Sun, 10 Sep 2017 19:43:31 UTC",
        "x-fapi-customer-ip-address": address,
        "x-customer-user-agent": "any",
      };
      expect((await callData(bank, accounts, consentToken(bank), { headers })).status).to.equal(200);
    }
  });

  it("404 for addresses that are not there, 405 with Allow for a wrong verb, OPTIONS and HEAD as HTTP has them", async () => {
    for (const path of ["/open-banking/accounts/v2/nothing", "/open-banking/accounts/v1/accounts", "/open-banking/loans/v2/contracts", "/open-banking"]) {
      expectProblem(await bank.call({ path }), 404, "ENDERECO_NAO_ENCONTRADO");
    }
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await bank.call({ path: accounts, method });
      expectProblem(answer, 405, "METODO_NAO_PERMITIDO");
      expect(answer.headers["allow"]).to.equal("GET, HEAD, OPTIONS");
    }
    const options = await bank.call({ path: resources, method: "OPTIONS" });
    expect([options.status, options.headers["allow"]]).to.deep.equal([204, "GET, HEAD, OPTIONS"]);
    const head = await callData(bank, resources, consentToken(bank), { method: "HEAD" });
    expect([head.status, head.text]).to.deep.equal([200, ""]);
    expect(head.headers["x-fapi-interaction-id"]).to.match(uuid);
  });

  it("406 when JSON in UTF-8 is not accepted", async () => {
    const token = consentToken(bank);
    for (const headers of [{ Accept: "application/xml" }, { Accept: "application/json;q=0" }, { "Accept-Charset": "iso-8859-1" }] as Record<string, string>[]) {
      expectProblem(await callData(bank, accounts, token, { headers }), 406, "FORMATO_NAO_ACEITO");
    }
    for (const Accept of ["application/json; charset=utf-8", "application/json", "*/*", "application/*"]) {
      expect((await callData(bank, accounts, token, { headers: { Accept } })).status, Accept).to.equal(200);
    }
  });

  it("tells totals in the meta of errors where the contract does: accounts, but not its transactions", async () => {
    for (const [path, totals] of [
      [accounts, true],
      [`${accounts}/a/balances`, true],
      [`${accounts}/a/transactions`, false],
      [`${accounts}/a/transactions-current`, false],
      [resources, false],
      [`${customers}/personal/identifications`, false],
    ] as const) {
      const { body } = await callData(bank, path, "unknown");
      expect(body?.["meta"], path).to.have.all.keys(["requestDateTime", ...(totals ? ["totalRecords", "totalPages"] : [])]);
    }
  });
});

describe("Open Finance data APIs: how often one gets in", () => {
  it("429 with Retry-After beyond the calls of a minute, for each client apart", async () => {
    const now = { at: Date.parse("2026-11-20T12:00:30Z") };
    const bank = await openBank({ clock: () => now.at, openFinance: { callsPerMinute: 3 } });
    try {
      const token = consentToken(bank);
      const call = (as = token) => callData(bank, resources, as);
      for (let calls = 0; calls < 3; calls += 1) expect((await call()).status).to.equal(200);
      const refused = await call();
      expect(refused.headers["retry-after"]).to.equal("30");
      expectProblem(refused, 429, "LIMITE_EXCEDIDO");
      expect((await call(consentToken(bank, {}, { client_id: "client-2" }))).status).to.equal(200);
      now.at += 30_000;
      expect((await call()).status).to.equal(200);
    } finally {
      await bank.close();
    }
  });
});
