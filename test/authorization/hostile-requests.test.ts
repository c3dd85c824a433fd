import { expect } from "chai";
import { array, assert, asyncProperty, base64String, boolean, constant, constantFrom, date, dictionary, integer, jsonValue, oneof, string, stringMatching, tuple } from "fast-check";
import { fapiWorld, type FapiWorld } from "../certification/fapi/fapi-world.ts";
import { expectPermittedTexts } from "../certification/fapi/suite-checks.ts";
import { assertion, fapiRun, jwtBearer, signedBy, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { formOn } from "../support/authorization.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import { runs } from "../support/property-runs.ts";
import { pageAt, visitor } from "./pages.ts";

const seconds = () => Math.floor(Date.now() / 1000);

/** Values that claims and parameters are not made for. */
const odd = oneof(
  constantFrom<unknown>(null, true, 0, -1, 1e308, "", " ", "\0", "null", "undefined", "__proto__", "constructor", "a".repeat(5_000), [], {}, [[]], { toString: 1 }, "urn:x", "https://", "javascript:alert(1)", "é\u202e\ud800"),
  string({ unit: "binary", maxLength: 60 }),
  jsonValue({ maxDepth: 3 }),
  integer(),
  date({ noInvalidDate: true }).map((date) => date.getTime() / 1000),
);

const claimNames = [
  "client_id", "iss", "aud", "scope", "redirect_uri", "response_type", "response_mode", "state", "nonce", "nbf", "exp", "iat", "jti", "sub", "claims",
  "code_challenge", "code_challenge_method", "acr_values", "max_age", "prompt", "ui_locales", "claims_locales", "login_hint", "id_token_hint", "display",
  "request", "request_uri", "registration", "resource", "authorization_details", "dpop_jkt", "__proto__", "toString",
];

describe("hostile requests", () => {
  let world: FapiWorld;
  let run: FapiRun;
  let consentId: string;
  before(async () => {
    world = await fapiWorld();
    run = await fapiRun(world);
    consentId = await run.consent(world.client1);
  });

  const credentials = async () => ({ client_assertion: await assertion(world.server, world.client1, run.issuer.issuer), client_assertion_type: jwtBearer });

  const post = (endpoint: "pushed_authorization_request" | "token", body: string, type = "application/x-www-form-urlencoded") =>
    world.server.call(world.server.url(endpoint), { method: "POST", identity: world.client1.identity, headers: { "content-type": type }, body });

  /** JSON with an OAuth error, or what a good request gets; never a failure of ours. */
  function expectAnswered(answer: HttpsAnswer, good: number): void {
    expect(answer.headers["content-type"], answer.text).to.match(/^application\/json/);
    if (answer.status !== good) {
      expect(answer.status, answer.text).to.be.within(400, 499);
      expectPermittedTexts(answer.json());
    }
  }

  it("any claim of a signed request object may be anything, or not there", async () => {
    const changes = dictionary(constantFrom(...claimNames), oneof(odd, constant(undefined)), { minKeys: 1, maxKeys: 4 });
    await assert(
      asyncProperty(changes, async (claims) => {
        expectAnswered((await run.push(world.client1, { consentId, claims })).answer, 201);
      }),
      runs(25),
    );
  });

  it("any header of a request object may be anything", async () => {
    const headers = dictionary(constantFrom("alg", "kid", "typ", "cty", "crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "enc"), odd, { minKeys: 1, maxKeys: 3 });
    await assert(
      asyncProperty(headers, async (changed) => {
        const sign: NonNullable<NonNullable<Parameters<FapiRun["push"]>[1]>["sign"]> = async (claims, header) => {
          const [, payload, signature] = (await signedBy(world.client1)(claims, header)).split(".");
          return [Buffer.from(JSON.stringify({ ...header, ...changed })).toString("base64url"), payload, signature].join(".");
        };
        expectAnswered((await run.push(world.client1, { consentId, sign })).answer, 201);
      }),
      runs(25),
    );
  });

  it("a request object may be any text", async () => {
    const part = oneof(base64String({ maxLength: 80 }), odd.map((value) => Buffer.from(JSON.stringify(value) ?? "").toString("base64url")), string({ unit: "binary", maxLength: 40 }));
    const texts = oneof(string({ unit: "binary", maxLength: 200 }), array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(".")));
    await assert(
      asyncProperty(texts, async (request) => {
        expectAnswered((await run.push(world.client1, { consentId, form: { request } })).answer, 201);
      }),
      runs(25),
    );
  });

  for (const endpoint of ["pushed_authorization_request", "token"] as const) {
    it(`a form for the ${endpoint.replaceAll("_", " ")} endpoint may hold anything`, async () => {
      const names = oneof(constantFrom("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id", "client_secret", "request", "request_uri", "resource", "__proto__", "toString"), string({ maxLength: 20 }));
      const values = oneof(constantFrom("authorization_code", "refresh_token", "client_credentials", "implicit", "password"), string({ unit: "binary", maxLength: 80 }));
      const forms = array(tuple(names, values), { maxLength: 8 });
      await assert(
        asyncProperty(forms, async (pairs) => {
          const body = new URLSearchParams([...pairs, ...Object.entries(await credentials())]).toString();
          expectAnswered(await post(endpoint, body), endpoint === "token" ? 200 : 201);
        }),
        runs(25),
      );
    });

    it(`a body for the ${endpoint.replaceAll("_", " ")} endpoint may be no form at all`, async () => {
      const types = constantFrom("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded; charset=utf-16");
      await assert(
        asyncProperty(oneof(string({ unit: "binary", maxLength: 300 }), constant("a=".repeat(40_000))), types, async (body, type) => {
          expectAnswered(await post(endpoint, body, type), 0);
        }),
        runs(15),
      );
    });
  }

  it("a code, a refresh token and a verifier may be any text", async () => {
    const texts = oneof(string({ unit: "binary", maxLength: 100 }), stringMatching(/^[0-9a-f]{16}[A-Za-z0-9_-]{43}$/), constant(`${world.client2.clientId.slice(0, 16)}${"A".repeat(43)}`));
    await assert(
      asyncProperty(texts, texts, boolean(), async (text, verifier, isCode) => {
        const parameters = isCode
          ? { grant_type: "authorization_code", code: text, redirect_uri: world.client1.redirectUri, code_verifier: verifier }
          : { grant_type: "refresh_token", refresh_token: text, scope: verifier };
        const answer = await run.token(world.client1, parameters);
        expectAnswered(answer, 0);
        expect(answer.json().error).to.be.oneOf(["invalid_grant", "invalid_request", "invalid_scope"]);
      }),
      runs(25),
    );
  });

  it("the address of the authorization endpoint may hold anything: a page of ours or, where signed, the client", async () => {
    const names = constantFrom("client_id", "request_uri", "request", "redirect_uri", "response_type", "lang", "ui_locales", "__proto__");
    const values = oneof(string({ unit: "binary", maxLength: 60 }), constantFrom(world.client1.clientId, world.client1.redirectUri, "urn:ietf:params:oauth:request_uri:", `urn:ietf:params:oauth:request_uri:${world.client1.clientId.slice(0, 16)}x`));
    await assert(
      asyncProperty(array(tuple(names, values), { maxLength: 6 }), async (pairs) => {
        const answer = await world.server.call(`${world.server.url("authorization")}?${new URLSearchParams(pairs).toString()}`);
        expect(answer.status, answer.text).to.equal(400);
        expect(answer.headers["content-type"]).to.match(/^text\/html/);
        expect(answer.text).to.match(/id="error"/);
      }),
      runs(25),
    );
  });

  it("a form of the pages may hold anything and authorises nothing", async () => {
    const { asked, answer } = await run.push(world.client1, { claims: { nbf: seconds() } });
    const someone = visitor(world.server);
    const place = await someone.open(run.authorizeUrl(world.client1, answer.json().request_uri, asked));
    const { action, fields } = formOn(pageAt(place), place.at);
    const names = constantFrom("username", "password", "otp", "decision", "account", "csrf", "__proto__");
    const steps = constantFrom("login", "second-factor", "consent", "unknown");
    await assert(
      asyncProperty(steps, array(tuple(names, string({ unit: "binary", maxLength: 40 })), { maxLength: 4 }), boolean(), async (step, pairs, withToken) => {
        const sent = await someone.browser.submit(action.replace(/login$/, step), [...(withToken && step !== "login" ? fields : []), ...pairs]);
        expect(sent.status, sent.text).to.be.within(200, 499);
        expect(String(sent.headers["location"] ?? "")).not.to.contain("code=");
      }),
      runs(25),
    );
  });
});
