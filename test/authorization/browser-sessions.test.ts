import { expect } from "chai";
import { fapiWorld, type FapiWorld } from "../certification/fapi/fapi-world.ts";
import { expectPushed } from "../certification/fapi/suite-checks.ts";
import { fapiRun, type ConsentChange, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { formOn } from "../support/authorization.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import { answerAt, expectPage, pageAt, visitor, type Place, type Visitor } from "./pages.ts";

const [jacaranda, ipe] = ["jacaranda.exemplo", "ipe.amarelo"] as const;

describe("the customer's browser", () => {
  let world: FapiWorld;
  let run: FapiRun;
  before(async () => {
    world = await fapiWorld();
    run = await fapiRun(world);
  });

  async function begin(someone: Visitor, consent: ConsentChange = {}, claims: Record<string, unknown> = {}) {
    const consentId = await run.consent(world.client1, consent);
    const { asked, answer } = await run.push(world.client1, { consentId, claims });
    const url = run.authorizeUrl(world.client1, expectPushed(answer), asked);
    return { consentId, url, place: await someone.open(url) };
  }

  async function statusOf(consentId: string): Promise<string> {
    const { access_token } = (await run.token(world.client1, { grant_type: "client_credentials", scope: "consents" })).json();
    const answer = await run.resource(world.client1, access_token, { url: `${world.consentUrl}/${consentId}` });
    return answer.json().data.status;
  }

  function expectGranted(place: Place): void {
    expect(answerAt(place).get("error"), place.at).to.equal(null);
    expect(answerAt(place).get("code")).to.be.a("string");
  }

  describe("cookies", () => {
    it("are all Secure, HttpOnly and SameSite, and the session has another name after log-in", async () => {
      const someone = visitor(world.server);
      const { url } = await begin(someone);
      const first = await someone.browser.get(url);
      const at = new URL(String(first.headers["location"]), url).href;
      const page = { at, page: await someone.browser.get(at) };
      const { action, fields } = formOn(pageAt(page), at);
      const posted = await someone.browser.submit(action, [...fields, ["username", jacaranda], ["password", "Jacaranda-sandbox-1"]]);
      const resume = String(posted.headers["location"]);
      const resumed = await someone.browser.get(resume);
      const set = [first, pageAt(page), posted, resumed].flatMap(linesOf);
      expect(set).to.not.be.empty;
      for (const line of set) {
        expect(line).to.match(/; *secure/i).and.match(/; *httponly/i).and.match(/; *samesite=(lax|strict)/i);
      }
      expect(cookiesIn(resumed, "_session")).to.match(/^_session=\S+; _session\.sig=\S+$/).and.not.equal(cookiesIn(first, "_session"));
    });

    it("that an attacker knew before log-in open nothing afterwards", async () => {
      // The attacker has logged in as themselves and left that session, which they know, in the victim's browser.
      const someone = visitor(world.server);
      const planted = await begin(someone, { person: ipe });
      const { action, fields } = formOn(pageAt(planted.place), planted.place.at);
      const posted = await someone.browser.submit(action, [...fields, ["username", ipe], ["password", "Ipe-sandbox-2"]]);
      const known = cookiesIn(await someone.browser.get(String(posted.headers["location"])), "_session");
      expect(known).to.not.equal("");

      const { place } = await begin(someone);
      expectGranted(await someone.decide(await someone.logIn(place, jacaranda), "approve"));

      const { url } = await begin(visitor(world.server));
      const first = await world.server.call(url, { headers: { cookie: known } });
      const cookie = `${known}; ${cookiesIn(first, "_interaction")}`;
      const page = await world.server.call(new URL(String(first.headers["location"]), url).href, { headers: { cookie } });
      expectPage({ at: url, page }, "username");
    });
  });

  describe("forms", () => {
    it("are refused with another CSRF token, and nothing has changed", async () => {
      const someone = visitor(world.server);
      const { consentId, place } = await begin(someone);
      const wrong = await someone.send(place, { username: jacaranda, password: "Jacaranda-sandbox-1" }, { csrf: "A".repeat(43) });
      expectPage(wrong, "error");
      expect(pageAt(wrong).status).to.equal(400);
      const consentPlace = await someone.logIn(place, jacaranda);
      for (const csrf of ["", "A".repeat(43)]) {
        expectPage(await someone.send(consentPlace, { decision: "approve" }, { csrf }), "error");
      }
      expect(await statusOf(consentId)).to.equal("AWAITING_AUTHORISATION");
      expectGranted(await someone.decide(consentPlace, "approve"));
    });

    it("do nothing when another browser sends them", async () => {
      const [someone, other] = [visitor(world.server), visitor(world.server)];
      const { consentId, place } = await begin(someone);
      const consentPlace = await someone.logIn(place, jacaranda);
      const stolen = await other.decide(consentPlace, "approve");
      expectPage(stolen, "error");
      await begin(other);
      expectPage(await other.decide(consentPlace, "approve"), "error");
      expect(await statusOf(consentId)).to.equal("AWAITING_AUTHORISATION");
      expectGranted(await someone.decide(consentPlace, "approve"));
    });

    it("do nothing with the token of another page of the same browser", async () => {
      const someone = visitor(world.server);
      const [first, second] = [await begin(someone), await begin(someone)];
      const { fields } = formOn(pageAt(second.place), second.place.at);
      const csrf = fields.find(([name]) => name === "csrf")?.[1] ?? "";
      expectPage(await someone.send(first.place, { username: jacaranda, password: "Jacaranda-sandbox-1" }, { csrf }), "error");
    });

    it("sent twice by an impatient customer give the one answer of the first", async () => {
      const someone = visitor(world.server);
      const { consentId, place } = await begin(someone);
      const consentPlace = await someone.logIn(place, jacaranda);
      const { action, fields } = formOn(pageAt(consentPlace), consentPlace.at);
      const approve = () => someone.browser.submit(action, [...fields, ["decision", "approve"]]);
      const first = await approve();
      const second = await approve();
      expect(second.status, second.text).to.equal(303);
      expect(second.headers["location"]).to.equal(first.headers["location"]);
      expectGranted(await someone.open(String(second.headers["location"])));
      expect(await statusOf(consentId)).to.equal("AUTHORISED");
    });
  });

  describe("a session that somebody has left open", () => {
    const leftOpenBy = async (person: string): Promise<Visitor> => {
      const someone = visitor(world.server);
      const { place } = await begin(someone, { person });
      expectPage(await someone.logIn(place, person), "approve");
      return someone;
    };

    it("before deciding serves the same person's next request without log-in", async () => {
      const someone = await leftOpenBy(jacaranda);
      const { place } = await begin(someone);
      expectGranted(await someone.decide(place, "approve"));
    });

    it("gives way to the person whom the consent names", async () => {
      const someone = await leftOpenBy(ipe);
      const { place } = await begin(someone, { person: jacaranda });
      expectPage(place, "username");
      const next = await someone.logIn(place, jacaranda);
      expectGranted(await someone.decide(next, "approve"));
    });

    it("gives way where the request wants a log-in in any case", async () => {
      const someone = await leftOpenBy(ipe);
      const { place } = await begin(someone, { person: jacaranda }, { prompt: "login" });
      expectGranted(await someone.decide(await someone.logIn(place, jacaranda), "approve"));
    });

    it("approves nothing before the log-in that the request wants", async () => {
      const someone = await leftOpenBy(jacaranda);
      const stepUp = { claims: { id_token: { acr: { essential: true, value: "urn:brasil:openbanking:loa3" } } } };
      for (const claims of [{ prompt: "login" }, stepUp, { acr_values: "urn:brasil:openbanking:loa3" }]) {
        const { consentId, place } = await begin(someone, {}, claims);
        expectPage(place, "username");
        const skipped = await someone.send(place, { decision: "approve" }, { action: (url) => url.replace(/login$/, "consent") });
        expectPage(skipped, "username");
        expect(await statusOf(consentId)).to.equal("AWAITING_AUTHORISATION");
      }
    });

    it("is asked for the password again by prompt=login and by max_age=0, and no other person gets in", async () => {
      const someone = await leftOpenBy(jacaranda);
      for (const claims of [{ prompt: "login" }, { max_age: 0 }]) {
        const { place } = await begin(someone, {}, claims);
        expectPage(place, "username");
        expect(answerAt(await someone.logIn(place, ipe)).get("error")).to.equal("access_denied");
      }
    });
  });

  describe("a session that has ended", () => {
    const home = () => String(world.server.settings["publicUrl"]);
    const atConsent = async (someone: Visitor) => {
      const { place, consentId } = await begin(someone);
      return { consentId, place: await someone.logIn(place, jacaranda) };
    };
    const logOutOfOwnPages = async (someone: Visitor) => {
      const ownLogIn = await someone.open(`${home()}/my/consents`);
      await someone.logIn(ownLogIn, jacaranda);
      expectPage(await someone.send(await someone.open(`${home()}/my/log-out`), {}), "done");
    };

    for (const decision of ["approve", "deny"] as const) {
      it(`with the answer to the TPP (${decision}) opens no further consent without the password`, async () => {
        const someone = visitor(world.server);
        answerAt(await someone.decide((await atConsent(someone)).place, decision));
        expectPage((await begin(someone)).place, "username");
      });
    }

    it("by log-out of our own pages opens none either, and approves none in a page that is still open", async () => {
      const someone = visitor(world.server);
      const { consentId, place } = await atConsent(someone);
      await logOutOfOwnPages(someone);
      expectPage((await begin(someone)).place, "username");
      expectPage(await someone.decide(place, "approve"), "error");
      expect(await statusOf(consentId)).to.equal("AWAITING_AUTHORISATION");
    });

    it("by log-out on the consent page gives the TPP access_denied, leaves the consent undecided, and ends our own session", async () => {
      const someone = visitor(world.server);
      await someone.logIn(await someone.open(`${home()}/my/log-in`), jacaranda);
      const { consentId, place } = await atConsent(someone);
      const href = /id="log-out" href="([^"]*)"/.exec(pageAt(place).text)?.[1] ?? "";
      const confirm = await someone.open(new URL(href, place.at).href);
      expectPage(confirm, "log-out-submit");
      expectPage(await someone.open(place.at.replace(/\/login$/, "")), "approve");
      expect(answerAt(await someone.send(confirm, {})).get("error")).to.equal("access_denied");
      expect(await statusOf(consentId)).to.equal("AWAITING_AUTHORISATION");
      expectPage((await begin(someone)).place, "username");
      expectPage(await someone.open(`${home()}/my/consents`), "username");
    });

    it("with the answer of one tab decides nothing in the other", async () => {
      const someone = visitor(world.server);
      const [one, other] = [await begin(someone), await begin(someone)];
      const first = await someone.logIn(one.place, jacaranda);
      const second = await someone.logIn(other.place, jacaranda);
      expectGranted(await someone.decide(first, "approve"));
      expectPage(await someone.decide(second, "approve"), "error");
      expect(await statusOf(other.consentId)).to.equal("AWAITING_AUTHORISATION");
    });
  });

  describe("who may approve (D16)", () => {
    const business = { company: "padaria.modelo", permissions: ["CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "RESOURCES_READ"] };
    const cases: readonly [story: string, consent: ConsentChange, person: string, error: string | null][] = [
      ["the person whom the consent names", { person: ipe }, ipe, null],
      ["another person than the consent names", { person: jacaranda }, ipe, "access_denied"],
      ["who acts for the company that the consent names", { person: ipe, ...business }, ipe, null],
      ["who does not act for the company that the consent names", { person: jacaranda, ...business }, jacaranda, "access_denied"],
    ];
    for (const [story, consent, person, error] of cases) {
      it(`${story}: ${error ?? "granted"}`, async () => {
        const someone = visitor(world.server);
        const { place, consentId } = await begin(someone, consent);
        const next = await someone.logIn(place, person);
        const end = error === null ? await someone.decide(next, "approve") : next;
        expect(answerAt(end).get("error")).to.equal(error);
        expect(await statusOf(consentId)).to.equal(error === null ? "AUTHORISED" : "AWAITING_AUTHORISATION");
      });
    }
  });

  it("is told on every page that nobody may frame it, keep it or run scripts in it", async () => {
    const someone = visitor(world.server);
    const { place } = await begin(someone);
    const consentPlace = await someone.logIn(place, jacaranda);
    const error = await someone.open(`${world.server.url("authorization")}?client_id=nobody`);
    for (const { headers, text } of [place, consentPlace, error].map(pageAt)) {
      expect(headers["content-security-policy"]).to.match(/frame-ancestors 'none'/).and.match(/default-src 'none'/).and.not.match(/unsafe|script-src (?!'none')/);
      expect(headers["x-frame-options"]).to.equal("DENY");
      expect(headers["cache-control"]).to.equal("no-store");
      expect(headers["referrer-policy"]).to.equal("no-referrer");
      expect(headers["x-content-type-options"]).to.equal("nosniff");
      expect(text).not.to.match(/<script/i);
    }
  });
});

type WithHeaders = Pick<HttpsAnswer, "headers">;

function linesOf({ headers }: WithHeaders): string[] {
  return [headers["set-cookie"] ?? []].flat();
}

/** The cookies of this name and their signatures, as a browser sends them back. */
function cookiesIn(answer: WithHeaders, name: string): string {
  return linesOf(answer)
    .filter((line) => line.startsWith(`${name}=`) || line.startsWith(`${name}.sig=`))
    .map((line) => line.slice(0, line.indexOf(";")))
    .join("; ");
}
