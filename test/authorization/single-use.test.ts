import { expect } from "chai";
import { ownFapiWorld, type OwnWorld } from "../certification/fapi/fapi-world.ts";
import { expectErrorPage, expectPushed } from "../certification/fapi/suite-checks.ts";
import { assertion, fapiRun, jwtBearer, type Authorized, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { form, type HttpsAnswer } from "../support/https-call.ts";
import { answerAt, expectPage, pageAt, visitor, type Place, type Visitor } from "./pages.ts";
import { startSecondProcess, type SecondProcess } from "./second-process.ts";

const jacaranda = "jacaranda.exemplo";

describe("what is used once", () => {
  let world: OwnWorld;
  let run: FapiRun;
  let second: SecondProcess;
  before(async () => {
    world = await ownFapiWorld();
    run = await fapiRun(world);
    second = await startSecondProcess(world.server);
  });
  after(async () => {
    await second.stop();
    await world.stop();
  });

  const times = <T>(count: number, make: (index: number) => Promise<T>) => Promise.all(Array.from({ length: count }, (_, index) => make(index)));

  describe("a request_uri", () => {
    it("lives at least 60 seconds and opens in any browser until somebody has answered it", async () => {
      const { asked, answer } = await run.push(world.client1);
      expect(answer.json().expires_in).to.be.at.least(60);
      const url = run.authorizeUrl(world.client1, expectPushed(answer), asked);
      await times(3, async () => expectPage(await visitor(world.server).open(url), "username"));
      const someone = visitor(world.server);
      expect(answerAt(await someone.decide(await someone.logIn(await someone.open(url), jacaranda), "approve")).get("error")).to.equal(null);
      for (const place of await times(20, () => visitor(world.server).open(url))) {
        expectErrorPage(pageAt(place));
      }
    });

    it("approved in 20 browsers at once gives one code", async () => {
      const { asked, answer } = await run.push(world.client1);
      const url = run.authorizeUrl(world.client1, expectPushed(answer), asked);
      const ready: { someone: Visitor; place: Place }[] = [];
      // One after the other: so many log-ins of one person at once would lock them out.
      while (ready.length < 20) {
        const someone = visitor(world.server);
        ready.push({ someone, place: await someone.logIn(await someone.open(url), jacaranda) });
      }
      const ends = await Promise.all(ready.map(({ someone, place }) => someone.decide(place, "approve")));
      const codes = ends.filter(({ at, page }) => page === undefined && new URL(at).hash.includes("code="));
      expect(codes).to.have.lengthOf(1);
      for (const end of ends.filter((one) => !codes.includes(one))) {
        expect(end.page === undefined ? answerAt(end).get("error") : pageAt(end).status).to.be.oneOf(["access_denied", "invalid_request_uri", 400]);
      }
      const [code] = codes.map((end) => answerAt(end).get("code"));
      const redeemed = await run.redeem(world.client1, { code, asked } as Authorized);
      expect(redeemed.status, redeemed.text).to.equal(200);
    });

    it("is nothing to another client, not even after log-in", async () => {
      const { asked, answer } = await run.push(world.client1);
      const stolen = run.authorizeUrl(world.client2, expectPushed(answer), asked);
      expectErrorPage(pageAt(await visitor(world.server).open(stolen)));
      const someone = visitor(world.server);
      const place = await someone.open(run.authorizeUrl(world.client1, expectPushed(answer), asked));
      expect(answerAt(await someone.decide(await someone.logIn(place, jacaranda), "approve")).get("error")).to.equal(null);
    });
  });

  describe("a code, redeemed 30 times at once", () => {
    async function expectOneRedemption(authorized: Authorized, answers: readonly HttpsAnswer[]): Promise<void> {
      const good = answers.filter(({ status }) => status === 200);
      expect(good).to.have.lengthOf(1);
      const refused = answers.filter(({ status }) => status !== 200).map((answer) => `${answer.status} ${answer.json().error}`);
      expect(new Set(refused)).to.deep.equal(new Set(["400 invalid_grant"]));
      // The grant is dead: what the one redemption gave opens nothing any more.
      const { access_token, refresh_token } = good[0]!.json();
      expect((await world.server.introspect(access_token)).json()).to.deep.equal({ active: false });
      const refreshed = await run.token(world.client1, { grant_type: "refresh_token", refresh_token });
      expect(`${refreshed.status} ${refreshed.json().error}`).to.equal("400 invalid_grant");
      const again = await run.redeem(world.client1, authorized);
      expect(`${again.status} ${again.json().error}`).to.equal("400 invalid_grant");
    }

    it("in one process gives tokens once", async () => {
      const authorized = await run.authorize(world.client1);
      await expectOneRedemption(authorized, await times(30, () => run.redeem(world.client1, authorized)));
    });

    it("in two processes on one store gives tokens once", async () => {
      const authorized = await run.authorize(world.client1);
      const { code, asked } = authorized;
      const redeemAt = async (url: string) => {
        const client_assertion = await assertion(world.server, world.client1, run.issuer.issuer);
        const parameters = { grant_type: "authorization_code", code, redirect_uri: asked.redirectUri, code_verifier: asked.verifier, client_assertion, client_assertion_type: jwtBearer };
        return world.server.call(url, { ...form(parameters), identity: world.client1.identity });
      };
      const url = world.server.url("token");
      await expectOneRedemption(authorized, await times(30, (index) => redeemAt(index % 2 === 0 ? url : second.at(url))));
    });
  });

  it("a code is worth nothing with another client's certificate, and nothing to another client", async () => {
    const authorized = await run.authorize(world.client1);
    const withOther = await run.redeem(world.client1, authorized, { identity: world.client2.identity });
    expect(`${withOther.status} ${withOther.json().error}`).to.equal("401 invalid_client");
    const byOther = await run.redeem(world.client2, authorized);
    expect(`${byOther.status} ${byOther.json().error}`).to.equal("400 invalid_grant");
    await run.tokens(world.client1, authorized);
  });

  it("an assertion is used up by whichever endpoint takes it first", async () => {
    const { server, client1 } = world;
    const authorized = await run.authorize(client1);
    const { refreshToken } = await run.tokens(client1, authorized);
    const calls = {
      token: { grant_type: "client_credentials", scope: "consents" },
      refresh: { grant_type: "refresh_token", refresh_token: refreshToken },
      par: { request: "e30.e30.e30" },
      revocation: { token: "unknown" },
    } as const;
    const urls = { token: server.url("token"), refresh: server.url("token"), par: server.url("pushed_authorization_request"), revocation: server.url("revocation") };
    const names = Object.keys(calls) as (keyof typeof calls)[];
    for (const first of names) {
      const client_assertion = await assertion(server, client1, run.issuer.issuer);
      const ask = (name: keyof typeof calls) => server.call(urls[name], { ...form({ ...calls[name], client_assertion, client_assertion_type: jwtBearer }), identity: client1.identity });
      const once = await ask(first);
      expect(once.text, first).not.to.contain("assertion.used");
      for (const name of names) {
        const again = await ask(name);
        expect(`${again.status} ${again.json().checks?.[0]?.code}`, `${first}, then ${name}`).to.equal("401 assertion.used");
      }
    }
  });

  it("20 pushes with one assertion give one request_uri", async () => {
    const client_assertion = await assertion(world.server, world.client1, run.issuer.issuer);
    const consentId = await run.consent(world.client1);
    const answers = await times(20, async () => (await run.push(world.client1, { consentId, form: { client_assertion } })).answer);
    expect(answers.filter(({ status }) => status === 201)).to.have.lengthOf(1);
    expect(new Set(answers.filter(({ status }) => status !== 201).map((answer) => `${answer.status} ${answer.json().error}`))).to.deep.equal(new Set(["401 invalid_client"]));
  });
});
