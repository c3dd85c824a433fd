import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { ownFapiWorld, type OwnWorld } from "../certification/fapi/fapi-world.ts";
import { expectIdToken } from "../certification/fapi/suite-checks.ts";
import { documentOf, fapiRun, type FapiRun, type PushChange } from "../certification/fapi/suite-steps.ts";
import { throughThePages } from "../support/authorization.ts";
import { createMovableClock } from "../support/movable-clock.ts";
import { expectRefusal } from "../support/refusal.ts";
import { answerAt, visitor } from "./pages.ts";
import { startSecondProcess, type SecondProcess } from "./second-process.ts";

describe("tokens live as long as their consent (D15)", () => {
  const time = createMovableClock();
  let world: OwnWorld;
  let run: FapiRun;
  let second: SecondProcess;
  before(async () => {
    world = await ownFapiWorld({ clock: time.clock });
    run = await fapiRun(world);
    second = await startSecondProcess(world.server);
  });
  after(async () => {
    await second.stop();
    await world.stop();
  });

  async function journey(change: PushChange = {}, lifeSeconds?: number) {
    const consentId = change.consentId ?? (await run.consent(world.client1, lifeSeconds === undefined ? {} : { lifeSeconds }));
    const authorized = await run.authorize(world.client1, { ...change, consentId });
    return { consentId, authorized, ...(await run.tokens(world.client1, authorized)) };
  }

  const refresh = (refresh_token: string, change: Parameters<FapiRun["token"]>[2] = {}) => run.token(world.client1, { grant_type: "refresh_token", refresh_token }, change);

  const userinfo = (accessToken: string, { identity = world.client1.identity, url = world.server.url("userinfo") }: { identity?: typeof world.client1.identity | undefined; url?: string } = {}) =>
    world.server.call(url, { identity, headers: { authorization: `Bearer ${accessToken}` } });

  async function callConsent(method: "DELETE" | "GET", consentId: string) {
    const { access_token } = (await run.token(world.client1, { grant_type: "client_credentials", scope: "consents" })).json();
    const headers = { authorization: `Bearer ${access_token}`, "x-fapi-interaction-id": randomUUID() };
    return world.server.call(`${world.consentUrl}/${consentId}`, { method, identity: world.client1.identity, headers });
  }

  /** Nothing that the journey gave is worth anything, whichever process is asked. */
  async function expectDead({ accessToken, refreshToken }: { accessToken: string; refreshToken: string }): Promise<void> {
    expect((await world.server.introspect(accessToken)).json()).to.deep.equal({ active: false });
    const elsewhere = await world.server.call(second.at(world.server.url("introspection")), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `token=${accessToken}`,
      identity: world.server.resourceServer,
    });
    expect(elsewhere.json()).to.deep.equal({ active: false });
    for (const url of [world.server.url("userinfo"), second.at(world.server.url("userinfo"))]) {
      const refused = await userinfo(accessToken, { url });
      expect(`${refused.status} ${refused.json().error}`).to.equal("401 invalid_token");
    }
    expect((await run.resource(world.client1, accessToken)).status).to.equal(401);
    const refused = await refresh(refreshToken);
    expect(`${refused.status} ${refused.json().error}`).to.equal("400 invalid_grant");
  }

  it("the refresh token stays the same and works again and again", async () => {
    const { refreshToken, accessToken } = await journey();
    for (let round = 0; round < 3; round += 1) {
      const answer = await refresh(refreshToken);
      expect(answer.status, answer.text).to.equal(200);
      expect(answer.json().refresh_token ?? refreshToken).to.equal(refreshToken);
      expect(answer.json().access_token).not.to.equal(accessToken);
    }
  });

  it("the refresh token works with a renewed certificate of the same software, and the token is then bound to that one", async () => {
    const { refreshToken, accessToken } = await journey();
    const renewed = await world.client1.tpp.renewedTls();
    const answer = await refresh(refreshToken, { identity: renewed });
    expect(answer.status, answer.text).to.equal(200);
    const fresh = answer.json().access_token;
    expect((await run.resource(world.client1, fresh, { identity: renewed })).status).to.equal(200);
    expect((await run.resource(world.client1, fresh)).status).to.equal(401);
    expect((await run.resource(world.client1, accessToken)).status).to.equal(200);
  });

  it("the refresh token is worth nothing with another client's certificate, with none, and to another client", async () => {
    const { refreshToken } = await journey();
    expectRefusal(await refresh(refreshToken, { identity: world.client2.identity }), 401, "invalid_client");
    expectRefusal(await refresh(refreshToken, { identity: undefined }), 401, "invalid_client");
    const byOther = await run.token(world.client2, { grant_type: "refresh_token", refresh_token: refreshToken });
    expect(`${byOther.status} ${byOther.json().error}`).to.equal("400 invalid_grant");
    expect((await refresh(refreshToken)).status).to.equal(200);
  });

  it("the refreshed scope may be narrower, never wider", async () => {
    const { refreshToken, consentId } = await journey();
    const narrower = await refresh(refreshToken, { form: { scope: `openid consent:${consentId}` } });
    expect(narrower.status, narrower.text).to.equal(200);
    expect((await run.resource(world.client1, narrower.json().access_token)).status).to.equal(403);
    const wider = await refresh(refreshToken, { form: { scope: "openid customers" } });
    expect(`${wider.status} ${wider.json().error}`).to.equal("400 invalid_scope");
  });

  it("a refresh that asks for less than its consent still gives a token under that consent", async () => {
    const { refreshToken, consentId, claims } = await journey();
    const narrower = await refresh(refreshToken, { form: { scope: "openid accounts" } });
    expect(narrower.status, narrower.text).to.equal(200);
    expect(narrower.json().scope.split(" ")).to.have.members(["openid", "accounts", `consent:${consentId}`]);
    const fresh = narrower.json().access_token;
    expect((await world.server.introspect(fresh)).json()).to.include({ active: true, consent_id: consentId });
    expect((await run.resource(world.client1, fresh)).status).to.equal(200);
    expect((await userinfo(fresh)).json()).to.deep.equal({ sub: claims.sub });
  });

  it("all is dead the moment that the TPP deletes the consent", async () => {
    const given = await journey();
    expect((await callConsent("DELETE", given.consentId)).status).to.equal(204);
    await expectDead(given);
  });

  it("a code whose consent was deleted before it was redeemed gives nothing", async () => {
    const consentId = await run.consent(world.client1);
    const authorized = await run.authorize(world.client1, { consentId });
    expect((await callConsent("DELETE", consentId)).status).to.equal(204);
    const refused = await run.redeem(world.client1, authorized);
    expect(`${refused.status} ${refused.json().error}`).to.equal("400 invalid_grant");
  });

  it("deleting while a refresh is under way leaves nothing that lives", async () => {
    const given = await journey();
    const [answers] = await Promise.all([Promise.all(Array.from({ length: 8 }, () => refresh(given.refreshToken))), callConsent("DELETE", given.consentId)]);
    for (const answer of answers.filter(({ status }) => status === 200)) {
      await expectDead({ accessToken: answer.json().access_token, refreshToken: given.refreshToken });
    }
    await expectDead(given);
  });

  it("a grant that was reached under one consent gives nothing under another", async () => {
    const [one, other] = [await journey(), await journey()];
    expect((await callConsent("DELETE", one.consentId)).status).to.equal(204);
    await expectDead(one);
    expect((await world.server.introspect(other.accessToken)).json()).to.include({ active: true, consent_id: other.consentId });
    expect((await refresh(other.refreshToken)).status).to.equal(200);
  });

  describe("a company's consent", () => {
    const permissions = ["CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "RESOURCES_READ"];

    it("names the company to the resource server, and to nobody else", async () => {
      const tpp = await world.directory.createTpp({ roles: ["DADOS"], redirectUris: [world.client1.redirectUri] });
      const scope = "openid consents resources accounts customers";
      const { clientId } = await world.server.register(tpp, { scope });
      const client = { ...world.client1, tpp, identity: tpp.tls, clientId };
      const consentId = await run.consent(client, { person: "ipe.amarelo", company: "padaria.modelo", permissions });
      const { asked, answer } = await run.push(client, { consentId, claims: { scope: `${scope} consent:${consentId}` } });
      const someone = visitor(world.server);
      const place = await someone.logIn(await someone.open(run.authorizeUrl(client, answer.json().request_uri, asked)), "ipe.amarelo");
      const code = String(answerAt(await someone.decide(place, "approve")).get("code"));
      const { access_token } = (await run.redeem(client, { asked, code, requestUri: "", claims: {} })).json();

      expect((await world.server.introspect(access_token)).json().consent).to.include({ status: "AUTHORISED", cnpj: documentOf("padaria.modelo") });
      const url = world.resourceUrl.replace(/accounts\/v2\/accounts$/, "customers/v2/business/identifications");
      const told = await run.resource(client, access_token, { url });
      expect(told.json().data.map(({ cnpjNumber }: { cnpjNumber: string }) => cnpjNumber)).to.deep.equal([documentOf("padaria.modelo")]);
      expect((await userinfo(access_token, { identity: tpp.tls })).json()).to.have.all.keys("sub");
    });

    it("of a person's own consent no company is named", async () => {
      const { accessToken } = await journey();
      expect((await world.server.introspect(accessToken)).json().consent).not.to.have.property("cnpj");
    });
  });

  describe("userinfo", () => {
    it("answers sub over mutual TLS, and cpf where it was asked for", async () => {
      const plain = await journey();
      expect((await userinfo(plain.accessToken)).json()).to.deep.equal({ sub: plain.claims.sub });
      const asked = await journey({ claims: { claims: { userinfo: { cpf: { essential: true } }, id_token: { acr: { essential: true } } } } });
      expect((await userinfo(asked.accessToken)).json()).to.deep.equal({ sub: asked.claims.sub, cpf: documentOf("jacaranda.exemplo") });
      expect(asked.claims).not.to.have.property("cpf");
    });

    it("takes POST as well, and the scheme in any letter case", async () => {
      const { accessToken, claims } = await journey();
      const answer = await world.server.call(world.server.url("userinfo"), { method: "POST", identity: world.client1.identity, headers: { authorization: `bEaReR ${accessToken}` } });
      expect(answer.json()).to.deep.equal({ sub: claims.sub });
    });

    it("answers 401 without certificate, with another one, without token, with a token in the query and with a client's own token", async () => {
      const { accessToken } = await journey();
      const url = world.server.url("userinfo");
      const own = (await run.token(world.client1, { grant_type: "client_credentials", scope: "consents" })).json().access_token;
      const answers = [
        await world.server.call(url, { headers: { authorization: `Bearer ${accessToken}` } }),
        await userinfo(accessToken, { identity: world.client2.identity }),
        await world.server.call(url, { identity: world.client1.identity }),
        await userinfo(own),
        await userinfo("no-token"),
      ];
      for (const answer of answers) {
        expect(answer.status, answer.text).to.be.oneOf([400, 401]);
        expect(answer.json().error).to.be.a("string");
        expect(answer.text).not.to.contain("sub\":");
      }
      expect(answers.slice(0, 2).map(({ status }) => status)).to.deep.equal([401, 401]);
      const inQuery = await world.server.call(`${url}?access_token=${accessToken}`, { identity: world.client1.identity });
      expect(inQuery.status).to.be.oneOf([400, 401]);
    });
  });

  it("revoking the refresh token ends what the grant gave; revoking the access token ends that one", async () => {
    const revoke = async (token: string) => {
      const client_assertion = await world.server.assertion(world.client1.tpp, world.client1.clientId);
      const body = new URLSearchParams({ token, client_assertion, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" }).toString();
      return world.server.call(world.server.url("revocation"), { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body, identity: world.client1.identity });
    };
    const given = await journey();
    expect((await revoke(given.accessToken)).status).to.equal(200);
    expect((await world.server.introspect(given.accessToken)).json()).to.deep.equal({ active: false });
    const fresh = (await refresh(given.refreshToken)).json().access_token;
    expect((await world.server.introspect(fresh)).json()).to.include({ active: true });
    expect((await revoke(given.refreshToken)).status).to.equal(200);
    await expectDead({ accessToken: fresh, refreshToken: given.refreshToken });
  });

  it("a refreshed ID token is encrypted for the client and says the same of the customer", async () => {
    const { refreshToken, authorized, claims } = await journey();
    const answer = await refresh(refreshToken);
    const again = await expectIdToken(answer.json().id_token, authorized.asked, world.client1, run.issuer);
    expect(again).to.include({ sub: claims.sub, acr: claims["acr"], auth_time: claims["auth_time"] });
  });

  it("rejected by the customer before it was authorised, a consent gives no code any more", async () => {
    const { asked, answer, consentId } = await pushFor();
    const url = run.authorizeUrl(world.client1, answer.json().request_uri, asked);
    const denied = await throughThePages(world.server, url, "deny", visitor(world.server).browser);
    expect(new URLSearchParams(denied.hash.slice(1)).get("error")).to.equal("access_denied");
    expect((await callConsent("GET", consentId)).json().data).to.deep.include({ status: "REJECTED" });
    const again = await throughThePages(world.server, url, "approve", visitor(world.server).browser);
    expect(new URLSearchParams(again.hash.slice(1)).get("error")).to.equal("access_denied");
  });

  async function pushFor() {
    const consentId = await run.consent(world.client1);
    return { consentId, ...(await run.push(world.client1, { consentId })) };
  }

  // Last: the clock of this server stays ahead.
  describe("when time passes", () => {
    it("all is dead once the consent's term is over, and the access token once its own is", async () => {
      const short = await journey({}, 1_800);
      const long = await journey({}, 7_200);
      time.forward(901);
      expect((await world.server.introspect(long.accessToken)).json()).to.deep.equal({ active: false });
      const fresh = await refresh(long.refreshToken);
      expect(fresh.status, fresh.text).to.equal(200);
      time.forward(900);
      const refused = await refresh(short.refreshToken);
      expect(`${refused.status} ${refused.json().error}`).to.equal("400 invalid_grant");
      expect((await refresh(long.refreshToken)).status).to.equal(200);
    });
  });
});
