import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { expectOAuthError } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

fapiModule("attempt-reuse-authorisation-code-after-one-second", "refuses the code, and ends what it had given", async (run) => {
  const { tokens, ...authorized } = await run.complete(run.client1);
  await setTimeout(1_000);
  expectOAuthError(await run.redeem(run.client1, authorized), ["invalid_grant"]);
  const dead = await run.resource(run.client1, tokens.accessToken);
  expect(dead.status, dead.text).to.be.within(400, 499);
});
