import { expectRefused } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

dcrModule("brazil-dcr-invalid-jwks-uri", "refuses a jwks_uri that is not the statement's", async (run) => {
  const jwks_uri = `${suiteConfiguration.base}/client1_jwks`;
  expectRefused(await run.post(run.body({ jwks_uri })), [400], ["invalid_client_metadata"]);
});
