import { randomUUID } from "node:crypto";
import { expectRefused } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

dcrModule("brazil-dcr-invalid-redirect-uri", "refuses a redirect URI outside the statement", async (run) => {
  const redirect_uris = [`${suiteConfiguration.redirectUri}/${randomUUID()}`];
  expectRefused(await run.post(run.body({ redirect_uris })), [400], ["invalid_redirect_uri", "invalid_client_metadata"]);
});
