import { expectRefused, withoutGoodCertificate } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { forgedCopy } from "./suite-world.ts";

dcrModule("brazil-dcr-bad-mtls", "refuses a certificate that copies every field of the true one", async (run) => {
  const identity = await forgedCopy(run.world.identity);
  expectRefused(await run.post(run.body(), { identity }), withoutGoodCertificate);
  const client = await run.register();
  expectRefused(await run.manage("GET", client, { identity }), withoutGoodCertificate);
  expectRefused(await run.manage("DELETE", client, { identity }), withoutGoodCertificate);
  await run.delete(client);
});
