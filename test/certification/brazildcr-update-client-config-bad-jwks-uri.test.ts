import { expectRefused } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

dcrModule("brazildcr-update-client-config-bad-jwks-uri", "refuses an update to a jwks_uri that is not the statement's", async (run) => {
  const client = await run.register();
  const body = run.updateBody(client, await run.freshStatement(), { jwks_uri: `${suiteConfiguration.base}/client1_jwks` });
  expectRefused(await run.manage("PUT", client, { body }), [400], ["invalid_client_metadata"]);
  await run.delete(client);
});
