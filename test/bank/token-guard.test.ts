import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:tls";
import { expect } from "chai";
import * as fc from "fast-check";
import { readBearerToken } from "../../src/bank/token-guard.ts";
import { openBank, type Answer, type BankBench, type Call } from "./bank-bench.ts";

const headers = { transactionId: randomUUID() };
const path = "/v1/accounts?hostUserId=1000000001";

describe("token guard", () => {
  let bank: BankBench;
  before(async () => {
    bank = await openBank({ timeoutMs: 1_000 });
  });
  after(() => bank.close());
  afterEach(() => bank.peer.answerWith());

  const token = (scope = "accounts:read", over: object = {}) => bank.peer.grant(bank.tpp, scope, over);
  const get = (over: Partial<Call>) => bank.call({ path, ...over, headers: { ...headers, ...over.headers } });
  const reason = () => JSON.parse(bank.logLines.at(-1) ?? "{}") as Record<string, unknown>; // the log's own JSON

  async function expectRefused(call: Partial<Call>, status: number, code: string, why: string): Promise<Answer> {
    const lines = bank.logLines.length;
    const answer = await get(call);
    expect([answer.status, answer.body?.["code"]], answer.text).to.deep.equal([status, code]);
    while (bank.logLines.length === lines) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reason()).to.include({ reason: why, errorCode: code, status });
    return answer;
  }

  for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"]) {
    it(`knows the scheme as ${scheme} (RFC 9110 11.1)`, async () => {
      expect((await get({ headers: { authorization: `${scheme} ${token()}` } })).status).to.equal(200);
    });
  }

  it("challenges a call without Authorization, and says no error code (RFC 6750 3.1)", async () => {
    const answer = await expectRefused({}, 401, "ACC_00601", "authorization-missing");
    expect(answer.headers["www-authenticate"]).to.equal('Bearer realm="accounts", scope="accounts:read"');
  });

  it("refuses another scheme, no token, two tokens, a token of other characters", async () => {
    for (const authorization of [
      "Basic YTpi",
      "Bearer",
      "Bearer a b",
      "Bearer a,b",
      "Bearer \u00e9",
      `Bearer ${"x".repeat(4_097)}`,
    ]) {
      await expectRefused({ headers: { authorization } }, 401, "ACC_00601", "authorization-malformed");
    }
    expect(readBearerToken(["Authorization", "Bearer a", "authorization", "Bearer b"], "")).to.have.nested.property(
      "failure.reason",
      "authorization-malformed",
    );
  });

  it("refuses two Authorization lines on the wire, though Node would drop the second", async () => {
    const good = token();
    const asked = bank.peer.asked.length;
    const socket = connect({
      host: "localhost",
      port: bank.port,
      ca: bank.caPem,
      cert: bank.tpp.certificatePem,
      key: bank.tpp.privateKeyPem,
    });
    await once(socket, "secureConnect");
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${good}\r\nAuthorization: Bearer other\r\n\r\n`,
    );
    expect(Buffer.concat(await socket.toArray()).toString())
      .to.match(/^HTTP\/1.1 401 /)
      .and.contain("ACC_00601");
    expect(bank.peer.asked).to.have.length(asked);
  });

  it("refuses a token in the query, beside a good header too, without asking about it", async () => {
    const good = token();
    const asked = bank.peer.asked.length;
    await expectRefused({ path: `${path}&access_token=${good}` }, 400, "ACC_99994", "token-in-query");
    const answer = await expectRefused(
      { path: `${path}&access%5Ftoken=${good}`, token: good },
      400,
      "ACC_99994",
      "token-in-query",
    );
    expect(answer.headers["www-authenticate"]).to.contain('error="invalid_request"');
    expect(bank.peer.asked).to.have.length(asked);
  });

  it("refuses an unknown token and one past its time", async () => {
    const answer = await expectRefused({ token: "unknown" }, 401, "ACC_00601", "token-inactive");
    expect(answer.headers["www-authenticate"]).to.contain('error="invalid_token"');
    await expectRefused({ token: token("accounts:read", { exp: 1 }) }, 401, "ACC_00601", "token-expired");
  });

  it("refuses a token bound to another certificate, to none, or brought without a certificate", async () => {
    await expectRefused({ token: token(), certificate: bank.otherTpp }, 401, "ACC_00601", "certificate-mismatch");
    await expectRefused({ token: token("accounts:read", { cnf: undefined }) }, 401, "ACC_00601", "token-unbound");
    await expectRefused({ token: token(), certificate: "none" }, 401, "ACC_00601", "certificate-missing");
    expect(
      (await get({ token: bank.peer.grant(bank.otherTpp, "accounts:read"), certificate: bank.otherTpp })).status,
    ).to.equal(200);
  });

  it("refuses a token whose scope only begins like the right one", async () => {
    const answer = await expectRefused(
      { token: token("accounts:read_unmasked accounts") },
      403,
      "ACC_00602",
      "scope-missing",
    );
    expect(answer.body?.["message"]).to.contain("accounts:read,");
  });

  it("sees a revocation with the very next call, and asks every time", async () => {
    const good = token();
    expect((await get({ token: good })).status).to.equal(200);
    expect((await get({ token: good })).status).to.equal(200);
    expect(bank.peer.asked.filter((asked) => asked === good)).to.have.length(2);
    bank.peer.revoke(good);
    expect((await get({ token: good })).status).to.equal(401);
  });

  it("keeps its connection to the authorization server, and survives that it closes under a call", async () => {
    const good = token();
    await get({ token: good });
    const before = bank.peer.connections();
    await get({ token: good });
    expect(bank.peer.connections()).to.equal(before);
    let resets = 1;
    bank.peer.answerWith((asked) => {
      resets -= 1;
      return resets === 0 ? "reset" : { status: 200, body: JSON.stringify({ active: asked !== good }) };
    });
    await expectRefused({ token: good }, 401, "ACC_00601", "token-inactive");
  });

  it("503 with Retry-After when introspection is slow, broken, unreadable, or does not know this bank", async () => {
    const failures = {
      "timed-out": () => "hang" as const,
      failing: () => ({ status: 500, body: "{}" }),
      unreadable: () => ({ status: 200, body: "<html>" }),
      "not-accepted": () => ({ status: 401, body: "{}" }),
    };
    for (const [kind, failure] of Object.entries(failures)) {
      bank.peer.answerWith(failure);
      const answer = await expectRefused({ token: token() }, 503, "ACC_99996", "introspection-unavailable");
      expect(answer.headers["retry-after"]).to.match(/^\d+$/);
      expect(answer.headers["www-authenticate"]).to.equal(undefined);
      expect(String(reason()["detail"])).to.match(new RegExp(`^${kind}: `));
    }
    for (const body of [
      '{"active":"true"}',
      '{"active":true}',
      '{"active":true,"client_id":"c","exp":"1"}',
      "null",
      "[]",
    ]) {
      bank.peer.answerWith(() => ({ status: 200, body }));
      await expectRefused({ token: token() }, 503, "ACC_99996", "introspection-unavailable");
    }
  });

  it("never fails, and never lets anybody in, whatever headers and query come", async () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    const headerText = text.map((value) => value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ""));
    const names = fc.constantFrom(
      "transactionId",
      "correlationId",
      "callingAppId",
      "institutionId",
      "Accept",
      "Authorization",
      "X-Any",
      "Accept-Language",
      "If-None-Match",
      "Range",
    );
    const paths = fc.constantFrom(
      "/v1/accounts",
      "/v1/accounts/x",
      "/db-accounts/v1/accounts",
      "/v1/customers/x",
      "/openapi.jso",
      "/",
      "/v1/accounts/%ff",
      "//",
    );
    const parameters = fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom("hostUserId", "loginId", "userIdType", "crossAccount", "__proto__", "$filter"), text),
        text,
      ),
      { maxLength: 4 },
    );
    const query = fc.oneof(
      parameters.map((pairs) =>
        pairs
          .map(
            ([name, value]) => `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`,
          )
          .join("&"),
      ),
      fc.string({ unit: fc.constantFrom("%", "&", "=", "+", "f", "0", "[", "]", ";"), maxLength: 30 }),
    );
    const good = token("accounts:read institution-users:read");
    await fc.assert(
      fc.asyncProperty(
        paths,
        query,
        fc.dictionary(names, headerText),
        fc.boolean(),
        async (path, query, sent, withToken) => {
          const answer = await bank.call({
            path: `${path}?${query}`,
            headers: sent,
            ...(withToken && { token: good }),
          });
          expect(answer.status, answer.text).to.be.within(400, 499);
          expect(answer.body).to.be.an("object");
        },
      ),
      { numRuns: Number(process.env["PROPERTY_TEST_RUNS"] ?? 60), verbose: 1 },
    );
  });

  it("writes one line a request, without token, path parameter, query or names", async () => {
    const lines = bank.logLines.length;
    const good = token("accounts:read institution-users:read");
    await get({ token: good });
    await bank.call({
      path: "/v1/customers/jacaranda.exemplo?userIdType=LOGIN_ID",
      token: good,
      headers: { correlationId: randomUUID() },
    });
    while (bank.logLines.length < lines + 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const written = bank.logLines.slice(lines);
    expect(written).to.have.length(2);
    for (const secret of [good, "1000000001", "jacaranda", "Exemplo"])
      expect(written.join("\n")).not.to.contain(secret);
    expect(JSON.parse(written[1] ?? "")).to.include({
      route: "/v1/customers/:customerId",
      status: 200,
      method: "GET",
      clientId: "client-1",
    });
  });
});

describe("token guard, authorization server down", () => {
  it("503 with Retry-After, in each API's own envelope", async () => {
    const bank = await openBank();
    bank.peer.stop();
    const accounts = await bank.call({ path, token: "t", headers });
    expect([accounts.status, accounts.headers["retry-after"], accounts.body?.["code"]]).to.deep.equal([
      503,
      "5",
      "ACC_99996",
    ]);
    const customers = await bank.call({ path: "/v1/customers/x", token: "t" });
    expect([customers.status, customers.headers["retry-after"], customers.body?.["code"]]).to.deep.equal([
      503,
      "5",
      "UXU_30001",
    ]);
    await bank.close();
  });
});
