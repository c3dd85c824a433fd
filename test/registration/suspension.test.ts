import { expect } from "chai";
import type { SandboxTpp } from "../support/sandbox.ts";
import { openOperator, type Operator } from "./open-operator.ts";
import { expectRefusal, startRegistrationWorld, type Registered, type RegistrationWorld } from "./registration-world.ts";

const inactiveRole = [{ role: "DADOS", authorisation_domain: "Open Banking", status: "Inactive" }];

describe("suspending a registered client", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;
  let client: Registered;
  let operator: Operator;

  before(async () => {
    world = await startRegistrationWorld();
    tpp = await world.directory.createTpp();
    operator = openOperator(world);
  });
  after(async () => {
    await operator.close();
    await world.stop();
  });
  beforeEach(async () => {
    client = await world.register(tpp);
  });
  afterEach(() => world.delete(tpp, client));

  const update = async (claims: Record<string, unknown> = {}, members = {}) => world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, members, claims) });
  const expectSuspended = async (code: "client.suspended" | "client.suspended-by-bank" = "client.suspended") => {
    const refused = await world.server.requestToken(tpp, client.clientId);
    expectRefusal(refused, code);
    expect(refused.text).not.to.include("fraud");
    return String(refused.json().error_description);
  };
  const expectActive = async () => {
    const token = await world.server.requestToken(tpp, client.clientId);
    expect(token.status, token.text).to.equal(200);
    return String(token.json().access_token);
  };
  const byOperator = async (act: "suspend" | "restore") => {
    const found = await operator.clients.find(client.clientId);
    if (!found) throw new Error("the client is registered");
    const { lifecycle, by } = operator;
    await (act === "suspend" ? lifecycle.suspend(found, { by: "operator", reason: "fraud" }, by) : lifecycle.restore(found, by));
  };

  for (const [claims, code] of [
    [{ org_status: "Withdrawn" }, "organisation.not-active"],
    [{ software_status: "Inactive" }, "software.not-active"],
    [{ software_statement_roles: inactiveRole }, "role.none-active"],
  ] as const) {
    it(`follows an update whose statement says ${code}, and an active one restores`, async () => {
      const token = await expectActive();
      expectRefusal(await update(claims), code);
      expect(await expectSuspended()).to.include(code);
      expect((await world.server.introspect(token)).json()).to.deep.equal({ active: false });
      expect((await world.manage("GET", tpp, client)).status).to.equal(200);
      expect((await update()).status).to.equal(200);
      await expectActive();
    });
  }

  it("follows although the rest of the body was wrong as well", async () => {
    const answer = await update({ org_status: "Withdrawn" }, { redirect_uris: [], scope: "invented" });
    expectRefusal(answer, "organisation.not-active", "redirect-uris.absent", "scope.role-missing");
    await expectSuspended();
  });

  it("follows no statement that is too old, of another directory, or of another software", async () => {
    const old = await tpp.statement({ ageSeconds: 900, claims: { org_status: "Withdrawn" } });
    const own = await world.updateBody(tpp, client);
    expectRefusal(await world.manage("PUT", tpp, client, { body: { ...own, software_statement: old } }), "statement.too-old", "organisation.not-active");
    expectRefusal(await update({ org_status: "Withdrawn", iss: "nobody" }), "statement.issuer", "organisation.not-active");
    const other = await world.directory.createTpp({ organisationId: tpp.description.organisation_id });
    const foreign = await other.statement({ claims: { software_status: "Inactive" } });
    const answer = await world.manage("PUT", tpp, client, { body: { ...own, software_statement: foreign } });
    expect(answer.status).to.equal(400);
    await expectActive();
  });

  it("follows no registration of the same software that is refused for another reason, and no call without its token", async () => {
    const body = await world.updateBody(tpp, client, {}, { org_status: "Withdrawn" });
    expectRefusal(await world.manage("PUT", tpp, client, { body, token: "invented" }), "registration-token.unknown");
    await expectActive();
  });

  it("by the operator is told to the client without the reason, survives its updates, and ends with the operator", async () => {
    const token = await expectActive();
    await byOperator("suspend");
    expect(await expectSuspended("client.suspended-by-bank")).to.include("Contact the bank");
    expect((await world.server.introspect(token)).json()).to.deep.equal({ active: false });
    expect((await update()).status).to.equal(200);
    await expectSuspended("client.suspended-by-bank");
    expectRefusal(await update({ org_status: "Withdrawn" }), "organisation.not-active");
    expect((await update()).status).to.equal(200);
    await expectSuspended("client.suspended-by-bank");
    await byOperator("restore");
    await expectActive();
  });

  it("by its statement stands beneath the operator's, whichever came first, until a statement or a second restoring lifts it", async () => {
    const byStatement = async () => expectRefusal(await update({ org_status: "Withdrawn" }), "organisation.not-active");
    const both = [() => byOperator("suspend"), byStatement];
    for (const acts of [both, both.toReversed()]) {
      for (const act of acts) await act();
      await expectSuspended("client.suspended-by-bank");
      await byOperator("restore");
      expect(await expectSuspended()).to.include("organisation.not-active");
      expect((await update()).status).to.equal(200);
      await expectActive();
    }
    await byStatement();
    await byOperator("restore");
    await expectActive();
  });

  it("by the operator outlives the client: a stranger is not told, and a registration that raced with it does not slip through", async () => {
    const own = await world.directory.createTpp();
    const registered = await world.register(own);
    await operator.lifecycle.suspend((await operator.clients.find(registered.clientId))!, { by: "operator", reason: "fraud" }, operator.by);
    const body = await world.bodyOf(own);
    const [deleted, ...answers] = await Promise.all([world.manage("DELETE", own, registered), ...Array.from({ length: 8 }, () => world.post(own, body))]);
    expect(deleted.status, deleted.text).to.equal(204);
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 400));
    expectRefusal(await world.post(own, body), "registration.suspended-by-bank");
    const stranger = await world.post(tpp, body);
    expectRefusal(stranger, "brcac.other-software", "brcac.other-organisation");

    const left = (await operator.clients.decisionOf(registered.clientId))!;
    await operator.lifecycle.restoreSoftware(left, operator.by);
    await world.delete(own, await world.register(own));
    expect(await operator.clients.decisionOf(registered.clientId)).to.equal(undefined);
    expect(await operator.clients.list(left.realm, { limit: 1_000 })).not.to.include(registered.clientId);
    // What was decided of a client that is here again is no longer there to be changed.
    const refused = await operator.lifecycle.restoreSoftware(left, operator.by).catch((error: Error) => error.name);
    expect(refused).to.equal("ClientChangedMeanwhile");
  });

  it("does not keep the client from deleting itself or from recovering its token", async () => {
    await update({ software_status: "Inactive" });
    const answer = await world.post(tpp, { software_statement: await tpp.statement() }, { path: "/recover" });
    expect(answer.status, answer.text).to.equal(200);
    client = { ...client, token: answer.json().registration_access_token };
    await expectSuspended();
  });
});
