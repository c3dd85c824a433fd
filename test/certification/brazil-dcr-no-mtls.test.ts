import { expectRefused, withoutGoodCertificate } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";

dcrModule("brazil-dcr-no-mtls", "refuses every call without certificate, and takes the same statement with one", async (run) => {
  const without = { identity: undefined };
  expectRefused(await run.post(run.body(), { url: run.rootRegistrationEndpoint, ...without }), withoutGoodCertificate);
  const client = await run.register();
  expectRefused(await run.manage("GET", client, without), withoutGoodCertificate);
  expectRefused(await run.manage("DELETE", client, without), withoutGoodCertificate);
  await run.delete(client);
});
