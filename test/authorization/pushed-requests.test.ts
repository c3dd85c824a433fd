import { expect } from "chai";
import { fapiWorld, type FapiWorld } from "../certification/fapi/fapi-world.ts";
import { expectErrorPage, expectOAuthError, expectPushed } from "../certification/fapi/suite-checks.ts";
import { fapiRun, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { throughThePages } from "../support/authorization.ts";
import { pageAt, visitor } from "./pages.ts";

describe("what may be pushed, and where the browser may be sent", () => {
  let world: FapiWorld;
  let run: FapiRun;
  before(async () => {
    world = await fapiWorld();
    run = await fapiRun(world);
  });

  const pushScope = async (scope: string) => (await run.push(world.client1, { consentId: "unused", claims: { scope } })).answer;

  describe("the scope", () => {
    it("names a consent that awaits authorisation: none that was approved or refused", async () => {
      const approved = await run.consent(world.client1);
      await run.authorize(world.client1, { consentId: approved });
      const refused = await run.consent(world.client1);
      const { asked, answer } = await run.push(world.client1, { consentId: refused });
      await throughThePages(world.server, run.authorizeUrl(world.client1, expectPushed(answer), asked), "deny");
      for (const consentId of [approved, refused]) {
        expectOAuthError((await run.push(world.client1, { consentId })).answer, ["invalid_scope"]);
      }
    });

    it("names no consent of another client, and none that is not there", async () => {
      const foreign = await run.consent(world.client2);
      expectOAuthError((await run.push(world.client1, { consentId: foreign })).answer, ["invalid_scope"]);
      expectOAuthError(await pushScope(`openid accounts consent:${foreign.replace(/.{32}$/, "0".repeat(32))}`), ["invalid_scope"]);
      expectOAuthError(await pushScope("openid accounts consent:urn:other:bank"), ["invalid_scope"]);
    });

    it("names exactly one consent", async () => {
      const [one, other] = [await run.consent(world.client1), await run.consent(world.client1)];
      expectOAuthError(await pushScope(`openid accounts consent:${one} consent:${other}`), ["invalid_request"]);
      expectOAuthError(await pushScope("openid accounts"), ["invalid_request"]);
      expectOAuthError(await pushScope("openid accounts consent:"), ["invalid_request"]);
    });

    it("holds nothing beyond what the client registered", async () => {
      const consentId = await run.consent(world.client1);
      expectOAuthError(await pushScope(`openid accounts customers loans consent:${consentId}`), ["invalid_scope"]);
      expectOAuthError(await pushScope(`openid payments consent:${consentId}`), ["invalid_scope"]);
    });

    it("holds openid", async () => {
      const consentId = await run.consent(world.client1);
      expectOAuthError(await pushScope(`accounts consent:${consentId}`), ["invalid_request"]);
    });
  });

  it("response_mode fragment may be said, and no other one", async () => {
    await run.authorize(world.client1, { claims: { response_mode: "fragment" } });
    for (const response_mode of ["query", "form_post", "jwt", "fragment.jwt", "query.jwt", "web_message"]) {
      expectOAuthError((await run.push(world.client1, { claims: { response_mode } })).answer, ["invalid_request"]);
    }
  });

  it("no other response type is offered", async () => {
    for (const response_type of ["code", "id_token", "token", "code token", "code id_token token", "none"]) {
      expectOAuthError((await run.push(world.client1, { claims: { response_type } })).answer, ["unsupported_response_type", "invalid_request", "unauthorized_client"]);
    }
    await run.authorize(world.client1, { claims: { response_type: "id_token code" } });
  });

  it("a request without response type, or with an object as parameter, is refused as any other wrong one", async () => {
    for (const response_type of [undefined, "", " ", 5, null]) {
      expectOAuthError((await run.push(world.client1, { claims: { response_type } })).answer, ["unsupported_response_type", "invalid_request"]);
    }
    for (const name of ["client_id", "state", "nonce", "redirect_uri", "scope", "response_type", "prompt"]) {
      expectOAuthError((await run.push(world.client1, { claims: { [name]: { toString: 1 } } })).answer, ["invalid_request_object"]);
    }
  });

  it("a request that is not signed is refused, whatever its form says", async () => {
    const { asked } = await run.push(world.client1);
    const bare = { request: undefined, client_id: world.client1.clientId, response_type: "code id_token", redirect_uri: asked.redirectUri, scope: asked.scope, nonce: "n", state: "s" };
    expectOAuthError((await run.push(world.client1, { form: bare })).answer, ["invalid_request", "invalid_request_object"]);
  });

  it("prompt=none ends at the client with login_required, not on a page", async () => {
    const { asked, answer } = await run.push(world.client1, { claims: { prompt: "none" } });
    const place = await visitor(world.server).open(run.authorizeUrl(world.client1, expectPushed(answer), asked));
    expect(place.page).to.equal(undefined);
    expect(new URLSearchParams(new URL(place.at).hash.slice(1)).get("error")).to.equal("login_required");
  });

  describe("no browser is sent anywhere", () => {
    const elsewhere = "https://attacker.example/callback";
    const addresses: Readonly<Record<string, (good: { client_id: string; request_uri: string }) => Record<string, string>>> = {
      "for an unknown client": (good) => ({ ...good, client_id: "nobody", redirect_uri: elsewhere }),
      "without a client": ({ request_uri }) => ({ request_uri, redirect_uri: elsewhere }),
      "to a foreign redirect_uri": ({ client_id }) => ({ client_id, redirect_uri: elsewhere, response_type: "code id_token", scope: "openid" }),
      "to a registered redirect_uri that nobody signed": ({ client_id }) => ({ client_id, redirect_uri: world.client1.redirectUri, response_type: "code id_token", scope: "openid" }),
      "for an invented request_uri": ({ client_id }) => ({ client_id, request_uri: "urn:ietf:params:oauth:request_uri:invented", redirect_uri: world.client1.redirectUri }),
      "for a request_uri elsewhere": ({ client_id }) => ({ client_id, request_uri: "https://attacker.example/request.jwt", redirect_uri: elsewhere }),
      "for a request by value": ({ client_id }) => ({ client_id, request: "e30.e30.e30", redirect_uri: world.client1.redirectUri }),
      "with nothing at all": () => ({}),
    };
    for (const [what, change] of Object.entries(addresses)) {
      it(what, async () => {
        const { answer } = await run.push(world.client1);
        const parameters = change({ client_id: world.client1.clientId, request_uri: expectPushed(answer) });
        expectErrorPage(pageAt(await visitor(world.server).open(`${world.server.url("authorization")}?${new URLSearchParams(parameters).toString()}`)));
      });
    }

    it("with a parameter twice", async () => {
      const { answer } = await run.push(world.client1);
      const request_uri = encodeURIComponent(expectPushed(answer));
      const { client1, client2, server } = world;
      for (const query of [`client_id=${client1.clientId}&client_id=${client2.clientId}&request_uri=${request_uri}`, `client_id=${client1.clientId}&request_uri=${request_uri}&request_uri=x`]) {
        expectErrorPage(pageAt(await visitor(server).open(`${server.url("authorization")}?${query}`)));
      }
    });
  });

  it("the Host header decides nothing: neither where the pages are nor who the issuer is", async () => {
    const { asked, answer } = await run.push(world.client1);
    const url = run.authorizeUrl(world.client1, expectPushed(answer), asked);
    const forged = await world.server.call(url, { headers: { host: "attacker.example", "x-forwarded-host": "attacker.example", forwarded: "host=attacker.example" } });
    expect(forged.status).to.equal(303);
    expect(JSON.stringify(forged.headers)).not.to.contain("attacker.example");
    const pushed = await world.server.call(world.server.url("pushed_authorization_request"), {
      method: "POST",
      identity: world.client1.identity,
      headers: { host: "attacker.example", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        request: "e30.e30.e30",
        client_assertion: await world.server.assertion(world.client1.tpp, world.client1.clientId, { claims: { aud: "https://attacker.example/default/openbanking_brasil/oauth2/par" } }),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      }).toString(),
    });
    expectOAuthError(pushed, ["invalid_client"]);
  });
});
