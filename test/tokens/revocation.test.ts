import { expect } from "chai";
import { setTimeout as rest } from "node:timers/promises";
import { systemClock } from "../../src/kernel/clock.ts";
import { latestRecords, type ShownRecord } from "../../src/policy/audit/read-trail.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import { form, type HttpsAnswer } from "../support/https-call.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

describe("a client revokes a token (RFC 7009)", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const newToken = async (owner = tpp, clientId = client.clientId): Promise<string> => (await server.requestToken(owner, clientId)).json().access_token;
  const revoke = async (change: Record<string, string | undefined>, owner = tpp, clientId = client.clientId): Promise<HttpsAnswer> =>
    server.call(server.url("revocation"), {
      ...form({
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: await server.assertion(owner, clientId),
        ...change,
      }),
      identity: owner.tls,
    });
  const isActive = async (token: string): Promise<boolean> => (await server.introspect(token)).json().active;

  it("its own: dead at once; the answer is 200 and empty", async () => {
    const [token, kept] = [await newToken(), await newToken()];
    const answer = await revoke({ token });
    expect(`${answer.status} ${answer.text}`).to.equal("200 ");
    expect(answer.headers["cache-control"]).to.equal("no-store");
    expect(await isActive(token)).to.equal(false);
    expect(await isActive(kept)).to.equal(true);
  });

  it("again, or one that never was: 200 (section 2.2)", async () => {
    const token = await newToken();
    await revoke({ token });
    for (const gone of [token, "no-such-token", "x".repeat(50_000), client.clientId]) {
      expect((await revoke({ token: gone })).status).to.equal(200);
    }
  });

  it("whatever the hint says (section 2.1)", async () => {
    for (const token_type_hint of ["access_token", "refresh_token", "nonsense"]) {
      const token = await newToken();
      expect((await revoke({ token, token_type_hint })).status).to.equal(200);
      expect(await isActive(token)).to.equal(false);
    }
  });

  it("another client's is left alone, and nothing is told about it", async () => {
    const other = await directory.createTpp();
    const { clientId } = await server.register(other);
    const token = await newToken();
    const answer = await revoke({ token }, other, clientId);
    expect(`${answer.status} ${answer.text}`).to.equal("200 ");
    expect(await isActive(token)).to.equal(true);
  });

  it("the registration access token is no token of this endpoint", async () => {
    expect((await revoke({ token: client.token })).status).to.equal(200);
    const answer = await server.call(client.uri, { headers: { authorization: `Bearer ${client.token}` }, identity: tpp.tls });
    expect(answer.status).to.equal(200);
  });

  it("only with certificate, assertion and a token", async () => {
    const token = await newToken();
    expectRefusal(await server.call(server.url("revocation"), form({ token })), 401, "invalid_client", "certificate.absent");
    expectRefusal(await revoke({ token, client_assertion: undefined }), 401, "invalid_client", "assertion.absent");
    expectRefusal(await revoke({ token: undefined }), 400, "invalid_request", "parameter.absent");
    expectRefusal(await revoke({ token, client_assertion: "a.b.c" }), 401, "invalid_client", "assertion.malformed");
    const other = await directory.createTpp();
    const call = { ...form({ token, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: await server.assertion(tpp, client.clientId) }), identity: other.tls };
    expectRefusal(await server.call(server.url("revocation"), call), 401, "invalid_client", "certificate.other-client");
    expect(await isActive(token)).to.equal(true);
  });

  it("with an assertion addressed to the revocation endpoint too", async () => {
    const client_assertion = await server.assertion(tpp, client.clientId, { claims: { aud: server.url("revocation") } });
    expect((await revoke({ token: await newToken(), client_assertion })).status).to.equal(200);
  });

  it("an assertion that has revoked gets no token any more", async () => {
    const client_assertion = await server.assertion(tpp, client.clientId);
    expect((await revoke({ token: "no-such-token", client_assertion })).status).to.equal(200);
    expectRefusal(await server.requestToken(tpp, client.clientId, { client_assertion }), 401, "invalid_client", "assertion.used");
  });

  it("leaves one entry in the audit trail, which holds no token", async () => {
    const owner = await directory.createTpp();
    const { clientId } = await server.register(owner);
    const token = await newToken(owner, clientId);
    await revoke({ token }, owner, clientId);
    await revoke({ token }, owner, clientId);
    const { path } = (server.settings["store"] as { lmdb: { path: string } }).lmdb;
    const store = openLmdbStore({ path, clock: systemClock });
    let records: ShownRecord[] = [];
    try {
      for (let tries = 0; tries < 100 && records.length === 0; tries += 1) {
        await rest(100);
        records = await latestRecords(store, { client: clientId, action: "token.revoked", limit: 10 });
      }
    } finally {
      await store.close();
    }
    expect(records).to.have.length(1);
    expect(records[0]!.entry.actor).to.include({ kind: "tpp", softwareId: owner.description.software_id });
    expect(records[0]!.text).not.to.contain(token).and.not.to.contain(token.slice(16));
  });
});
