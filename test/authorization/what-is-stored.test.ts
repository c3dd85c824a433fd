import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { sha256, tagOfClient } from "../../src/kernel/identifiers.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import { ownFapiWorld, type OwnWorld } from "../certification/fapi/fapi-world.ts";
import { expectPushed } from "../certification/fapi/suite-checks.ts";
import { documentOf, fapiRun, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { storeContent } from "../hostile/store-content.ts";
import { formOn } from "../support/authorization.ts";
import { createMovableClock } from "../support/movable-clock.ts";
import { answerAt, pageAt, visitor } from "./pages.ts";

const [jacaranda, ipe] = ["jacaranda.exemplo", "ipe.amarelo"] as const;
const company = "padaria.modelo";

/** The texts that a stored value may hide in base64url: members of a JWT, above all. */
function decoded(line: string): string {
  return line.split(/[^A-Za-z0-9_-]/).map((part) => Buffer.from(part, "base64url").toString("latin1")).join(" ");
}

describe("what authorizations leave in the store", () => {
  const time = createMovableClock();
  let world: OwnWorld;
  let run: FapiRun;
  before(async () => {
    world = await ownFapiWorld({ clock: time.clock });
    run = await fapiRun(world);
  });
  after(() => world.stop());

  const refresh = (refresh_token: string) => run.token(world.client1, { grant_type: "refresh_token", refresh_token });

  async function journey() {
    const consentId = await run.consent(world.client1);
    const authorized = await run.authorize(world.client1, { consentId });
    return { consentId, authorized, ...(await run.tokens(world.client1, authorized)) };
  }

  async function callConsent(method: "DELETE" | "GET", consentId: string) {
    const { access_token } = (await run.token(world.client1, { grant_type: "client_credentials", scope: "consents" })).json();
    const headers = { authorization: `Bearer ${access_token}`, "x-fapi-interaction-id": randomUUID() };
    return world.server.call(`${world.consentUrl}/${consentId}`, { method, identity: world.client1.identity, headers });
  }

  /** Entries that have no end of their own before twenty years. */
  async function lasting(clientId: string): Promise<string[]> {
    const names = (await storeContent(world.server)).map((line) => line.split(" ")[0] ?? "");
    return names.filter((name) => name.startsWith(`{${tagOfClient(clientId)}}:`)).filter((name) => /:(grant|granted|refresh)\//.test(name));
  }

  it("nobody's CPF or CNPJ in clear: while a request waits, while the customer decides, and in what it gave", async () => {
    const documents = [documentOf(ipe), documentOf(company)];
    const before = new Set(await storeContent(world.server));
    const expectNone = async (when: string) => {
      const fresh = (await storeContent(world.server)).filter((line) => !before.has(line));
      expect(fresh, when).not.to.have.length(0);
      for (const line of fresh) {
        expect(documents.some((document) => line.includes(document) || decoded(line).includes(document)), `${when}: ${line}`).to.equal(false);
      }
    };
    const cpf = { essential: true, value: documents[0] };
    const cnpj = { essential: true, values: ["11222333000181", documents[1]] };
    const claims = { claims: { id_token: { cpf, acr: { essential: true } }, userinfo: { cpf, cnpj } } };
    const consentId = await run.consent(world.client1, { person: ipe });
    const { asked, answer } = await run.push(world.client1, { consentId, claims });
    await expectNone("pushed");
    const someone = visitor(world.server);
    const place = await someone.logIn(await someone.open(run.authorizeUrl(world.client1, expectPushed(answer), asked)), ipe);
    await expectNone("logged in");
    const given = answerAt(await someone.decide(place, "approve"));
    await expectNone("approved");
    const tokens = (await run.redeem(world.client1, { asked, code: String(given.get("code")), requestUri: "", claims: {} })).json();
    await expectNone("redeemed");
    const refreshed = (await refresh(tokens.refresh_token)).json();
    await expectNone("refreshed");
    for (const token of [tokens.access_token, refreshed.access_token]) {
      const told = await world.server.call(world.server.url("userinfo"), { identity: world.client1.identity, headers: { authorization: `Bearer ${token}` } });
      expect(told.json()).to.deep.include({ cpf: documents[0], cnpj: [documents[1]] });
    }
  });

  it("an ended consent leaves neither grant nor refresh token", async () => {
    const before = await lasting(world.client1.clientId);
    const [redeemed, notRedeemed] = [await journey(), await run.consent(world.client1)];
    await run.authorize(world.client1, { consentId: notRedeemed });
    expect(await lasting(world.client1.clientId)).to.have.length(before.length + 5);
    for (const consentId of [redeemed.consentId, notRedeemed]) {
      expect((await callConsent("DELETE", consentId)).status).to.equal(204);
    }
    expect(await lasting(world.client1.clientId)).to.have.members(before);
    expect((await refresh(redeemed.refreshToken)).json().error).to.equal("invalid_grant");
  });

  it("a code redeemed while its consent ends leaves neither", async () => {
    const before = await lasting(world.client1.clientId);
    for (let round = 0; round < 5; round += 1) {
      const consentId = await run.consent(world.client1);
      const authorized = await run.authorize(world.client1, { consentId });
      const [answer, ended] = await Promise.all([run.redeem(world.client1, authorized), callConsent("DELETE", consentId)]);
      expect(ended.status).to.equal(204);
      expect([200, 400]).to.include(answer.status);
      expect(answer.json().error ?? "invalid_grant").to.equal("invalid_grant");
    }
    expect(await lasting(world.client1.clientId)).to.have.members(before);
  });

  it("a client that is deleted takes its grants with it, and its successor's stay", async () => {
    const tpp = await world.directory.createTpp({ roles: ["DADOS"], redirectUris: [world.client1.redirectUri] });
    const register = async () => {
      const registered = await world.server.register(tpp, { scope: "openid consents resources accounts" });
      return { registered, client: { ...world.client1, tpp, identity: tpp.tls, clientId: registered.clientId } };
    };
    const first = await register();
    for (let count = 0; count < 2; count += 1) {
      await run.tokens(first.client, await run.authorize(first.client));
    }
    expect(await lasting(first.client.clientId)).to.have.length(6);
    const { uri, token } = first.registered;
    expect((await world.server.call(uri, { method: "DELETE", headers: { authorization: `Bearer ${token}` }, identity: tpp.tls })).status).to.equal(204);
    expect(await lasting(first.client.clientId)).to.deep.equal([]);
    const second = await register();
    await run.tokens(second.client, await run.authorize(second.client));
    expect(await lasting(second.client.clientId)).to.have.length(3);
  });

  describe("approval and hand-over are one to the customer", () => {
    async function readyToDecide() {
      const consentId = await run.consent(world.client1);
      const { asked, answer } = await run.push(world.client1, { consentId });
      const someone = visitor(world.server);
      const place = await someone.logIn(await someone.open(run.authorizeUrl(world.client1, expectPushed(answer), asked)), jacaranda);
      return { consentId, someone, place, asked };
    }

    it("the form sent several times at once gives one code, and nobody hears that access was denied", async () => {
      const { someone, place, asked, consentId } = await readyToDecide();
      const ends = await Promise.all(Array.from({ length: 6 }, () => someone.decide(place, "approve")));
      const answers = ends.filter(({ page }) => page === undefined).map(answerAt);
      // The engine answers a request once; whoever comes behind that hears so.
      expect(answers.map((answer) => answer.get("error"))).not.to.include("access_denied");
      const codes = answers.map((answer) => answer.get("code")).filter((code) => code !== null);
      expect(codes).to.have.length(1);
      expect((await callConsent("GET", consentId)).json().data.status).to.equal("AUTHORISED");
      expect((await run.redeem(world.client1, { asked, code: String(codes[0]), requestUri: "", claims: {} })).status).to.equal(200);
    });

    it("a process that dies between the two keeps the approval: the form sent again, or the page opened again, gives the code", async () => {
      const { path } = (world.server.settings["store"] as { lmdb: { path: string } }).lmdb;
      const store = openLmdbStore({ path, clock: time.clock });
      try {
        for (const again of ["form", "page"]) {
          const { someone, place, asked, consentId } = await readyToDecide();
          const tag = `interaction:${sha256(place.at.split("/").at(-1) ?? "")}`;
          const undecided = await store.get({ tag, name: "interaction" });
          const { action, fields } = formOn(pageAt(place), place.at);
          await someone.browser.submit(action, [...fields, ["decision", "approve"]]);
          expect((await callConsent("GET", consentId)).json().data.status).to.equal("AUTHORISED");
          // What the process had not written yet when it died.
          await store.put(tag, { name: "interaction", value: String(undecided), ttlSeconds: 600 });
          const end = again === "form" ? await someone.decide(place, "approve") : await someone.open(place.at);
          expect(answerAt(end).get("error"), again).to.equal(null);
          expect((await run.redeem(world.client1, { asked, code: String(answerAt(end).get("code")), requestUri: "", claims: {} })).status).to.equal(200);
        }
      } finally {
        await store.close();
      }
    });
  });

  // Last: the clock of this server stays ahead.
  describe("when time passes", () => {
    it("a code used again takes back what it gave, as long as the first access token would live", async () => {
      const { authorized, accessToken, refreshToken } = await journey();
      const untouched = await journey();
      time.forward(300);
      const fresh = (await refresh(refreshToken)).json().access_token;
      for (const token of [accessToken, fresh]) {
        expect((await world.server.introspect(token)).json()).to.include({ active: true });
      }
      expect((await run.redeem(world.client1, authorized)).json().error).to.equal("invalid_grant");
      for (const token of [accessToken, fresh]) {
        expect((await world.server.introspect(token)).json()).to.deep.equal({ active: false });
      }
      expect((await refresh(refreshToken)).json().error).to.equal("invalid_grant");
      // Whoever else holds the code is not its client and ends nothing.
      expect((await run.redeem(world.client2, untouched.authorized)).json().error).to.equal("invalid_grant");
      expect((await refresh(untouched.refreshToken)).status).to.equal(200);
    });
  });
});
