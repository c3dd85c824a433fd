import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { SandboxTpp } from "../support/sandbox.ts";
import { openOperator } from "./open-operator.ts";
import { checksIn, expectRefusal, startRegistrationWorld, type Registered, type RegistrationWorld } from "./registration-world.ts";

const first = "https://www.example.com/callback";
const second = "https://www.example.com/callback?dummy1=lorem&dummy2=ipsum";

describe("updating a registration (RFC 7592 2.2)", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;
  let neighbour: SandboxTpp;
  let client: Registered;

  before(async () => {
    world = await startRegistrationWorld();
    const wish = { redirectUris: [first, second], webhookUris: ["https://hooks.example.com/a"] };
    [tpp, neighbour] = await Promise.all([world.directory.createTpp(wish), world.directory.createTpp(wish)]);
  });
  after(() => world.stop());
  beforeEach(async () => {
    client = await world.register(tpp);
  });
  afterEach(() => world.delete(tpp, client));

  const read = async () => (await world.manage("GET", tpp, client)).json();

  it("takes its own answer back whole, and answers the same but for the statement", async () => {
    const body = await world.updateBody(tpp, client);
    const answer = await world.manage("PUT", tpp, client, { body });
    expect(answer.status, answer.text).to.equal(200);
    expect(answer.json()).to.deep.equal({ ...client.body, software_statement: body["software_statement"] });
    expect(await read()).to.deep.equal(answer.json());
  });

  it("keeps token and address over many updates and reads", async () => {
    for (const redirect_uris of [[second], [first, second], [first]]) {
      const answer = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, { redirect_uris }) });
      expect(answer.json()).to.include({ registration_access_token: client.token, registration_client_uri: client.uri, client_id: client.clientId });
      expect((await read()).redirect_uris).to.deep.equal(redirect_uris);
    }
  });

  it("replaces and does not augment: what is left out goes back to its default", async () => {
    expect(client.body).to.have.property("webhook_uris");
    const narrowed = { scope: "openid consents", webhook_uris: undefined, grant_types: ["client_credentials"], response_types: [] };
    await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, narrowed) });
    const now = await read();
    expect(now.scope.split(" ")).to.have.members(["openid", "consents"]);
    expect(now.grant_types).to.deep.equal(["client_credentials"]);
    expect(now).not.to.have.property("webhook_uris");

    const minimal = { redirect_uris: [first], software_statement: await tpp.statement() };
    expect((await world.manage("PUT", tpp, client, { body: minimal })).status).to.equal(200);
    const restored = await read();
    expect(restored.scope).to.equal(client.body["scope"]);
    expect(restored.grant_types).to.have.members(["authorization_code", "implicit", "refresh_token", "client_credentials"]);
  });

  it("takes the organisation's name from the statement, for the pages that show it, and so does a recovery", async () => {
    const operator = openOperator(world);
    const shownName = async () => (await operator.clients.find(client.clientId))?.record.organisationName;
    try {
      await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, {}, { org_name: "Fintech Renomeada" }) });
      expect(await shownName()).to.equal("Fintech Renomeada");
      await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, {}, { org_name: null }) });
      expect(await shownName()).to.equal("Fintech Renomeada");
      const recovered = await world.post(tpp, { software_statement: await tpp.statement({ claims: { org_name: "Fintech Incorporada" } }) }, { path: "/recover" });
      client = { ...client, token: recovered.json().registration_access_token };
      expect(await shownName()).to.equal("Fintech Incorporada");
    } finally {
      await operator.close();
    }
  });

  it("counts a member that is null as absent", async () => {
    const nulls = { scope: null, grant_types: null, response_types: null, jwks_uri: null, client_id: null, client_name: null, webhook_uris: null, jwks: null };
    const answer = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, nulls) });
    expect(answer.status, answer.text).to.equal(200);
    expect(answer.json().scope).to.equal(client.body["scope"]);
    expect(answer.json()).not.to.have.property("webhook_uris");
  });

  it("names every forbidden member, and changes nothing", async () => {
    const forbidden = { registration_access_token: client.token, registration_client_uri: client.uri, client_secret_expires_at: 0, client_id_issued_at: 1 };
    const body = await world.updateBody(tpp, client, { ...forbidden, redirect_uris: [second] });
    const answer = await world.manage("PUT", tpp, client, { body });
    expectRefusal(answer, "request.member-forbidden", "request.member-forbidden", "request.member-forbidden", "request.member-forbidden");
    expect(checksIn(answer).map(({ received }) => received)).to.include.members(Object.keys(forbidden));
    expect((await read()).redirect_uris).to.deep.equal(client.body["redirect_uris"]);
  });

  it("refuses another client_id in the body", async () => {
    const answer = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, { client_id: randomUUID() }) });
    expectRefusal(answer, "request.other-client-id");
  });

  it("lists everything that is wrong at once", async () => {
    const wrong = { scope: "invented", jwks: {}, redirect_uris: ["https://attacker.example.com/"], subject_type: "pairwise", token_endpoint_auth_method: "none" };
    const answer = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, wrong, { software_status: "Active", iss: "nobody" }) });
    expectRefusal(answer, "statement.issuer", "jwks.by-value", "redirect-uris.outside-statement", "auth-method.not-offered", "scope.role-missing", "algorithm.not-offered");
  });

  it("judges certificate, then token, then statement, then the rest; what stands behind is listed as not run", async () => {
    const body = { ...(await world.updateBody(tpp, client)), software_statement: "a.b.c", jwks: {} };
    const expired = await tpp.forge("expired");
    const noCertificate = await world.manage("PUT", tpp, client, { body, token: "wrong", identity: expired });
    expectRefusal(noCertificate, "certificate.expired");
    expectRefusal(await world.manage("PUT", tpp, client, { body, token: "wrong" }), "registration-token.unknown");
    const noStatement = await world.manage("PUT", tpp, client, { body });
    expect(noStatement.json().error).to.equal("invalid_software_statement");
    for (const answer of [noCertificate, noStatement]) {
      expect(checksIn(answer).filter(({ result }) => result === "not-run").map(({ check }) => check)).to.include("keys-are-not-given-by-value");
    }
  });

  it("follows the directory: a new name and another set of roles come with the next statement", async () => {
    const claims = {
      software_client_name: "Nome Novo",
      software_statement_roles: [{ role: "CONTA", authorisation_domain: "Open Banking", status: "Active" }],
    };
    const answer = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, { scope: undefined }, claims) });
    expect(answer.json()).to.include({ client_name: "Nome Novo", scope: "openid" });
  });

  it("lets a token that was given before see the narrower scope", async () => {
    const before = (await world.server.requestToken(tpp, client.clientId)).json();
    expect(before.scope).to.include("consents");
    await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, { scope: "openid" }) });
    const refused = await world.server.requestToken(tpp, client.clientId, { scope: "consents" });
    expect(refused.json().error).to.equal("invalid_scope");
  });

  it("of many updates at the same moment takes each, one after the other", async () => {
    const uris = [[first], [second], [first, second], [second, first], [first], [second]];
    const bodies = await Promise.all(uris.map((redirect_uris) => world.updateBody(tpp, client, { redirect_uris })));
    const answers = await Promise.all(bodies.map((body) => world.manage("PUT", tpp, client, { body })));
    for (const answer of answers) {
      expect(answer.status, answer.text).to.equal(200);
    }
    expect(uris).to.deep.include((await read()).redirect_uris);
  });

  it("an update and a deletion at the same moment leave a whole client or none", async () => {
    const own = await world.register(neighbour);
    const body = await world.updateBody(neighbour, own, { redirect_uris: [second] });
    const [updated, deleted] = await Promise.all([world.manage("PUT", neighbour, own, { body }), world.manage("DELETE", neighbour, own)]);
    expect([200, 401], updated.text).to.include(updated.status);
    expect(deleted.status, deleted.text).to.equal(204);
    expectRefusal(await world.manage("GET", neighbour, own), "registration-token.unknown");
  });
});
