import { expectRefused } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";

dcrModule("brazildcr-update-client-config-invalid-jwks-by-value", "refuses an update to keys by value", async (run) => {
  const client = await run.register();
  const { keys } = (await run.world.server.call(run.world.tpp.description.jwks_uri)).json();
  const body = run.updateBody(client, await run.freshStatement(), { jwks_uri: undefined, jwks: { keys } });
  expectRefused(await run.manage("PUT", client, { body }), [400], ["invalid_client_metadata"]);
  await run.delete(client);
});
