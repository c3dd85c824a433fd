import { expectRefused } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";

dcrModule("brazil-dcr-no-redirect-uri", "refuses a registration without redirect URIs", async (run) => {
  expectRefused(await run.post(run.body({ redirect_uris: undefined })), [400], ["invalid_redirect_uri", "invalid_client_metadata"]);
});
