import { expectOAuthError } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

// The module's probes of TLS are in ../tls.test.ts, for the two listeners that serve all of its endpoints.
fapiModule("ensure-mtls-holder-of-key-required", "gives nothing for a good code without certificate", async (run) => {
  const authorized = await run.authorize(run.client1);
  expectOAuthError(await run.redeem(run.client1, authorized, { identity: undefined }), ["invalid_request", "invalid_grant", "invalid_client"]);
});
