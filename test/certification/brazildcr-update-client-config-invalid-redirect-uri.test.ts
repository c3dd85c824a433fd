import { randomUUID } from "node:crypto";
import { expectRefused } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

dcrModule("brazildcr-update-client-config-invalid-redirect-uri", "refuses an update to a redirect URI outside the statement", async (run) => {
  const client = await run.register();
  const redirect_uris = [`${suiteConfiguration.redirectUri}/${randomUUID()}`];
  const body = run.updateBody(client, await run.freshStatement(), { redirect_uris });
  expectRefused(await run.manage("PUT", client, { body }), [400], ["invalid_redirect_uri", "invalid_client_metadata"]);
  await run.delete(client);
});
