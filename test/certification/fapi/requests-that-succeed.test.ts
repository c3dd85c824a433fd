import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { expectPushed } from "./suite-checks.ts";
import { fapiModule, type FapiRun, type PushChange } from "./suite-steps.ts";

/** Modules whose request object differs in one thing that must not matter; the common flow has all the checks. */
const differences: Readonly<Record<string, (run: FapiRun) => Readonly<Record<string, unknown>>>> = {
  "ensure-request-object-with-multiple-aud-succeeds": (run) => ({ aud: ["https://other.example", run.issuer.issuer, "invalid"] }),
  "ensure-authorization-request-without-state-success": () => ({ state: undefined }),
  "ensure-request-object-with-long-nonce": () => ({ nonce: randomBytes(288).toString("base64url") }),
  "ensure-request-object-with-64-char-nonce-success": () => ({ nonce: randomBytes(48).toString("base64url") }),
  "ensure-request-object-with-long-state": () => ({ state: randomBytes(750).toString("base64url") }),
};

for (const [name, claims] of Object.entries(differences)) {
  fapiModule(name, "succeeds and gives back what was sent, unaltered", async (run) => {
    await run.complete(run.client1, { claims: claims(run) });
  });
}

fapiModule("ensure-other-scope-order-succeeds", "takes the scope in another order", async (run) => {
  const { asked } = await run.push(run.client1);
  await run.complete(run.client1, { claims: { scope: asked.scope.split(" ").toReversed().join(" ") } });
});

fapiModule("ensure-different-nonce-inside-and-outside-request-object", "goes by the nonce inside", async (run) => {
  await run.complete(run.client1, {}, { parameters: { nonce: "another-nonce-outside" } });
});

fapiModule("state-only-outside-request-object-not-used", "gives no state back that was not in the request object", async (run) => {
  await run.complete(run.client1, { claims: { state: undefined } }, { parameters: { state: "only-outside" } });
});

fapiModule("par-without-duplicate-parameters", "needs nothing beside client_id and request_uri", async (run) => {
  await run.complete(run.client1, {}, { duplicates: false });
});

fapiModule("access-token-type-header-case-sensitivity", "takes the authentication scheme in any letter case", async (run) => {
  const { tokens } = await run.complete(run.client1);
  await run.openResource(run.client1, tokens.accessToken, { authorization: `bEARER ${tokens.accessToken}` });
});

/** Modules whose assertion at the pushed authorization endpoint is addressed otherwise. */
const audiences: Readonly<Record<string, (run: FapiRun) => PushChange["assertion"]>> = {
  "par-test-pushed-authorization-url-as-audience-for-client-JWT-assertion": ({ server }) => ({ claims: { aud: server.url("pushed_authorization_request") } }),
  "par-token-endpoint-url-as-audience-for-client-JWT-assertion": ({ server }) => ({ claims: { aud: server.url("token") } }),
};

for (const [name, assertion] of Object.entries(audiences)) {
  fapiModule(name, "takes the assertion", async (run) => {
    const change = assertion(run);
    expectPushed((await run.push(run.client1, change && { assertion: change })).answer);
  });
}

fapiModule("test-array-as-audience-for-client-JWT-assertion", "takes an array as audience at both endpoints", async (run) => {
  const assertion = { claims: { aud: [run.issuer.issuer, run.server.url("token")] } };
  const authorized = await run.authorize(run.client1, { assertion });
  await run.tokens(run.client1, authorized, { assertion });
});

fapiModule("ensure-client-assertion-with-iss-aud-succeeds", "takes the issuer as audience at the token endpoint", async (run) => {
  const authorized = await run.authorize(run.client1);
  const { accessToken } = await run.tokens(run.client1, authorized, { assertion: { claims: { aud: run.issuer.issuer } } });
  expect(accessToken).to.be.a("string");
  await run.openResource(run.client1, accessToken);
});
