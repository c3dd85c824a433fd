import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { expectIdToken, expectJson, expectOAuthError, expectUnguessable } from "./suite-checks.ts";
import { fapiModule, type Authorized, type FapiRun, type Tokens } from "./suite-steps.ts";
import type { FapiClient } from "./fapi-world.ts";

// 2.2.5
fapiModule("refresh-token", "refreshes for the same client only, and never changes the refresh token", async (run) => {
  const { client1, client2 } = run;
  const first = await run.complete(client1);
  const second = await run.complete(client2);
  await setTimeout(1_000);

  await expectRefreshed(run, client1, first, { scope: first.asked.scope });
  expectOAuthError(await refresh(run, client1, first.tokens.refreshToken, { identity: undefined }), ["invalid_request", "invalid_grant", "invalid_client"]);

  await expectRefreshed(run, client2, second, {});
  const mixed = await run.resource(client2, second.tokens.accessToken, { identity: client1.identity });
  expect(mixed.status, mixed.text).to.be.within(400, 499);
  expectOAuthError(await refresh(run, client1, second.tokens.refreshToken), ["invalid_grant"]);
});

function refresh(run: FapiRun, client: FapiClient, refresh_token: string, change: Parameters<FapiRun["token"]>[2] = {}) {
  return run.token(client, { grant_type: "refresh_token", refresh_token }, change);
}

async function expectRefreshed(run: FapiRun, client: FapiClient, authorized: Authorized & { tokens: Tokens }, form: Record<string, string>): Promise<void> {
  const { tokens, asked } = authorized;
  expect(tokens.refreshToken).to.match(/^[\x20-\x7e]+$/);
  const answer = await refresh(run, client, tokens.refreshToken, { form });
  expect(answer.status, answer.text).to.equal(200);
  expectJson(answer);
  expect(answer.headers["cache-control"]).to.contain("no-store");
  const body = answer.json();
  expect(body.token_type).to.match(/^bearer$/i);
  expectUnguessable(body.access_token, "access_token");
  expect(body.access_token).not.to.equal(tokens.accessToken);
  expect(body.expires_in).to.be.a("number").within(300, 900);
  expect(body.refresh_token ?? tokens.refreshToken).to.equal(tokens.refreshToken);
  expect(body.scope.split(" ")).to.have.members(asked.scope.split(" "));
  if (body.id_token !== undefined) {
    const claims = await expectIdToken(body.id_token, asked, client, run.issuer);
    for (const name of ["iss", "sub", "aud", "auth_time", "azp"]) {
      expect(claims[name], name).to.deep.equal(tokens.claims[name]);
    }
    expect(claims.iat).not.to.equal(tokens.claims.iat);
  }
  await run.openResource(client, body.access_token);
}
