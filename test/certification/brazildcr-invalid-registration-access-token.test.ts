import { expectRefused, withoutGoodCertificate, withoutGoodToken } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";

dcrModule("brazildcr-invalid-registration-access-token", "opens nothing with an invented registration access token", async (run) => {
  const client = await run.register();
  const token = "an-invented-registration-access-token";
  expectRefused(await run.manage("GET", client, { token }), withoutGoodToken);
  expectRefused(await run.manage("DELETE", client, { token }), withoutGoodCertificate);
  await run.delete(client);
});
