import { expectOAuthError } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

fapiModule("ensure-authorization-code-is-bound-to-client", "gives the second client nothing for the first one's code", async (run) => {
  const authorized = await run.authorize(run.client1);
  expectOAuthError(await run.redeem(run.client2, authorized), ["invalid_grant"]);
  expectOAuthError(await run.redeem(run.client2, authorized, { form: { redirect_uri: run.client2.redirectUri } }), ["invalid_grant"]);
  await run.tokens(run.client1, authorized);
});
