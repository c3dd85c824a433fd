import { expect } from "chai";
import { readCertificate } from "../../src/certs/certificate.ts";
import { registrationChecks } from "../../src/policy/registration/registration-checks.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { checksIn, codesIn, expectRefusal, startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

const gates = ["certificate-is-accepted", "body-is-a-json-object", "statement-is-signed-by-the-directory"];

describe("the dry run of a registration", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;

  before(async () => {
    world = await startRegistrationWorld();
    tpp = await world.directory.createTpp();
  });
  after(() => world.stop());

  const dryRun = (body: unknown, call = {}) => world.post(tpp, body, { path: "/check", ...call });

  it("lists every check in order, says what would be answered, and stores nothing", async () => {
    const body = await world.bodyOf(tpp);
    for (let time = 0; time < 2; time += 1) {
      const answer = await dryRun(body);
      expect(answer.status, answer.text).to.equal(200);
      const { accepted, operation, answer: would } = answer.json();
      expect({ accepted, operation, status: would.status }).to.deep.equal({ accepted: true, operation: "register", status: 201 });
      expect(checksIn(answer).map(({ check }) => check)).to.deep.equal([...gates, ...registrationChecks.register.map(({ name }) => name)]);
      expect(checksIn(answer).every(({ result }) => result === "passed")).to.equal(true);
    }
    const registered = await world.post(tpp, body);
    expect(registered.status, registered.text).to.equal(201);
    const { client_id, registration_access_token, registration_client_uri } = registered.json();
    await world.delete(tpp, { clientId: client_id, token: registration_access_token, uri: registration_client_uri, body: registered.json() });
  });

  it("shows the very metadata that the registration then gives", async () => {
    const { metadata } = (await dryRun(await world.bodyOf(tpp, { scope: "openid accounts" }))).json().answer;
    await world.registered(tpp, { scope: "openid accounts" }, ({ body }) => {
      expect(body).to.deep.include(metadata);
    });
  });

  it("finds what the real call finds, with the same error and status", async () => {
    const body = await world.bodyOf(tpp, { redirect_uris: ["https://attacker.example.com/"], jwks: {}, scope: "invented" }, { ageSeconds: 900 });
    const [tried, real] = [await dryRun(body), await world.post(tpp, body)];
    expectRefusal(real, "statement.too-old", "jwks.by-value", "redirect-uris.outside-statement", "scope.role-missing");
    expect(codesIn(tried)).to.deep.equal(codesIn(real));
    expect(tried.json()).to.deep.include({ accepted: false, answer: { status: real.status, error: real.json().error } });
  });

  it("tells what could not be looked at yet", async () => {
    const answer = await dryRun({ software_statement: "a.b.c" });
    const notRun = checksIn(answer).filter(({ result }) => result === "not-run");
    expect(notRun.map(({ check }) => check)).to.deep.equal(registrationChecks.register.map(({ name }) => name));
  });

  it("judges a certificate too, and none at all", async () => {
    const body = await world.bodyOf(tpp);
    const expired = await dryRun(body, { identity: await tpp.forge("expired") });
    expect(codesIn(expired)).to.deep.equal(["certificate.expired"]);
    const none = await world.server.post(world.address("/check"), body);
    expect(none.json()).to.deep.include({ accepted: false, answer: { status: 401, error: "invalid_client" } });
  });

  it("warns of what the statement overrules, and accepts", async () => {
    const answer = await dryRun(await world.bodyOf(tpp, { client_name: "Another", logo_uri: "https://elsewhere.example.com/logo.svg" }));
    expect(answer.json().accepted).to.equal(true);
    expect(checksIn(answer).flatMap(({ result, code }) => (result === "warning" ? code : []))).to.deep.equal(["metadata.overruled", "metadata.overruled"]);
  });

  it("warns of what is wrong with the certificate though it is accepted", async () => {
    const later = await startRegistrationWorld();
    try {
      const holder = await later.directory.createTpp();
      const { notAfter } = readCertificate(holder.tls.cert);
      later.time.forward((notAfter - later.time.clock()) / 1000 - 86_400);
      const answer = await later.post(holder, await later.bodyOf(holder), { path: "/check" });
      expect(answer.json().accepted, answer.text).to.equal(true);
      const [gate, warning] = checksIn(answer);
      expect(gate).to.include({ check: "certificate-is-accepted", result: "passed" });
      expect(warning).to.deep.include({ check: "certificate-is-accepted", result: "warning", code: "certificate.expires-soon", received: `expires at ${new Date(notAfter).toISOString()}` });
    } finally {
      await later.stop();
    }
  });

  it("with a token alone judges the body as the update of the token's client that PUT makes", async () => {
    await world.registered(tpp, {}, async (client) => {
      const headers = { authorization: `Bearer ${client.token}` };
      const { client_id: _, ...body } = await world.updateBody(tpp, client);
      const tried = await dryRun(body, { headers });
      expect(tried.json()).to.include({ accepted: true, operation: "update" });
      expect((await world.manage("PUT", tpp, client, { body })).status).to.equal(tried.json().answer.status);
      const other = { ...body, client_id: "another" };
      const [refusedThere, refusedHere] = [await world.manage("PUT", tpp, client, { body: other }), await dryRun(other, { headers })];
      expect(codesIn(refusedThere)).to.deep.equal(["request.other-client-id"]);
      expect(codesIn(refusedHere)).to.deep.equal(["request.other-client-id"]);
      const unreadable = await dryRun([], { headers });
      expect(codesIn(unreadable)).to.deep.equal(codesIn(await world.manage("PUT", tpp, client, { body: [] })));
    });
    for (const token of ["invented", "0".repeat(16)]) {
      const answer = await dryRun(await world.bodyOf(tpp), { headers: { authorization: `Bearer ${token}` } });
      expect(codesIn(answer)).to.deep.equal(["registration-token.unknown"]);
    }
  });

  it("with token and client_id judges the body as an update, and changes nothing", async () => {
    await world.registered(tpp, {}, async (client) => {
      const headers = { authorization: `Bearer ${client.token}` };
      const body = await world.updateBody(tpp, client, { scope: "openid" });
      const good = await dryRun(body, { headers });
      expect(good.json()).to.include({ accepted: true, operation: "update" });
      expect(good.json().answer.status).to.equal(200);
      const bad = await dryRun({ ...body, client_id_issued_at: 1 }, { headers });
      expect(codesIn(bad)).to.deep.equal(["request.member-forbidden"]);
      const stranger = await dryRun(body, { headers: { authorization: "Bearer invented" } });
      expect(codesIn(stranger)).to.deep.equal(["registration-token.unknown"]);
      expect((await world.manage("GET", tpp, client)).json()).to.deep.equal(client.body);
      // Without the token it is a registration, and there is one already.
      expect(codesIn(await dryRun(body))).to.include("registration.duplicate");
    });
  });

  it("suspends nobody", async () => {
    await world.registered(tpp, {}, async (client) => {
      const body = await world.updateBody(tpp, client, {}, { org_status: "Withdrawn" });
      const answer = await dryRun(body, { headers: { authorization: `Bearer ${client.token}` } });
      expect(codesIn(answer)).to.deep.equal(["organisation.not-active"]);
      expect((await world.server.requestToken(tpp, client.clientId)).status).to.equal(200);
    });
  });
});
