import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { SandboxTpp } from "../support/sandbox.ts";
import { codesIn, checksIn, expectRefusal, startRegistrationWorld, type Registered, type RegistrationWorld } from "./registration-world.ts";
import { remadeCertificate, withAttribute } from "./remade-certificate.ts";

describe("recovering a registration whose token was lost", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;
  let other: SandboxTpp;
  let client: Registered;

  before(async () => {
    world = await startRegistrationWorld();
    [tpp, other] = await Promise.all([world.directory.createTpp(), world.directory.createTpp()]);
    client = await world.register(tpp);
  });
  after(() => world.stop());

  const recover = async (who: SandboxTpp, body?: unknown) => world.post(who, body ?? { software_statement: await who.statement() }, { path: "/recover" });

  it("is what the refusal of a second registration points to, with the client_id", async () => {
    const answer = await world.post(tpp, await world.bodyOf(tpp));
    expectRefusal(answer, "registration.duplicate");
    const refusal = checksIn(answer).find(({ result }) => result === "failed");
    expect(refusal?.received).to.include(client.clientId);
    expect(refusal?.expected).to.include(world.address("/recover"));
    expect(answer.json().error).to.equal("invalid_software_statement");
  });

  it("is named to nobody else: a stranger with a stolen statement does not learn the client_id", async () => {
    for (const identity of [other.tls, await tpp.forge("other-organisation")]) {
      const answer = await world.post(tpp, await world.bodyOf(tpp), { identity });
      expect(codesIn(answer)[0]).to.match(/^brcac\.other-/);
      expect(codesIn(answer)).not.to.include("registration.duplicate");
      expect(answer.text).not.to.include(client.clientId);
    }
  });

  it("gives the same client a new token; the old one is dead, access tokens live on", async () => {
    const { access_token } = (await world.server.requestToken(tpp, client.clientId)).json();
    const answer = await recover(tpp);
    expect(answer.status, answer.text).to.equal(200);
    expect(answer.headers["cache-control"]).to.equal("no-store");
    const recovered = answer.json();
    expect(recovered).to.include({ client_id: client.clientId, registration_client_uri: client.uri });
    expect(recovered.registration_access_token).to.be.a("string").that.is.not.oneOf(["", client.token]);

    expectRefusal(await world.manage("GET", tpp, client), "registration-token.unknown");
    expectRefusal(await world.manage("DELETE", tpp, client), "registration-token.unknown");
    client = { ...client, token: recovered.registration_access_token, body: recovered };
    expect((await world.manage("GET", tpp, client)).json()).to.deep.equal(recovered);
    expect((await world.server.introspect(access_token)).json().active).to.equal(true);
  });

  it("answers a body that an update takes back", async () => {
    const updated = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client) });
    expect(updated.status, updated.text).to.equal(200);
  });

  it("works over a renewed certificate", async () => {
    const renewed = await world.directory.createTpp();
    const registered = await world.register(renewed);
    const identity = await renewed.renewedTls();
    const answer = await world.post(renewed, { software_statement: await renewed.statement() }, { path: "/recover", identity });
    expect(answer.json()).to.include({ client_id: registered.clientId });
  });

  it("is refused to other software, with its own statement or with a stolen one", async () => {
    expectRefusal(await recover(other), "registration.absent");
    expectRefusal(await recover(other, { software_statement: await tpp.statement() }), "brcac.other-software", "brcac.other-organisation");
    const stolen = await world.post(tpp, { software_statement: await tpp.statement() }, { path: "/recover", identity: await tpp.forge("other-organisation") });
    expectRefusal(stolen, "brcac.other-organisation");
    expect((await world.manage("GET", tpp, client)).status).to.equal(200);
  });

  it("is refused where the software has come to another organisation than the registered one", async () => {
    const mover = await world.directory.createTpp();
    const registered = await world.register(mover);
    const organisation = randomUUID();
    const identity = await remadeCertificate(world.directory, mover, withAttribute("2.5.4.97", `OFBBR-${organisation}`));
    const software_statement = await mover.statement({ claims: { org_id: organisation } });
    expectRefusal(await world.post(mover, { software_statement }, { path: "/recover", identity }), "statement.other-organisation");
    expect((await world.manage("GET", mover, registered)).status).to.equal(200);
  });

  it("wants a fresh, genuine statement of active software, and a certificate", async () => {
    const cases = [
      ["statement.absent", {}],
      ["statement.too-old", { software_statement: await tpp.statement({ ageSeconds: 400 }) }],
      ["organisation.not-active", { software_statement: await tpp.statement({ claims: { org_status: "Withdrawn" } }) }],
    ] as const;
    for (const [code, body] of cases) {
      expectRefusal(await recover(tpp, body), code);
    }
    const withoutCertificate = await world.server.post(world.address("/recover"), { software_statement: await tpp.statement() });
    expectRefusal(withoutCertificate, "certificate.absent");
    expect((await world.manage("GET", tpp, client)).status).to.equal(200);
  });

  it("of several at the same moment leaves exactly one living token", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => recover(tpp)));
    const tokens = answers.filter(({ status }) => status === 200).map((answer) => String(answer.json().registration_access_token));
    expect(answers.every(({ status }) => [200, 503].includes(status)), answers.map(({ text }) => text).join()).to.equal(true);
    const reads = await Promise.all(tokens.map((token) => world.manage("GET", tpp, client, { token })));
    const living = reads.flatMap(({ status }, position) => (status === 200 ? tokens[position] ?? [] : []));
    expect(living).to.have.lengthOf(1);
    client = { ...client, token: living[0] ?? "" };
  });

  it("finds nothing any more once the client is deleted", async () => {
    await world.delete(tpp, client);
    const answer = await recover(tpp);
    expect(codesIn(answer)).to.include("registration.absent");
  });
});
