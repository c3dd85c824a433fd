import { expectRefused } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";

dcrModule("brazil-dcr-invalid-jwks-by-value", "refuses keys by value", async (run) => {
  const { keys } = (await run.world.server.call(run.world.tpp.description.jwks_uri)).json();
  expectRefused(await run.post(run.body({ jwks_uri: undefined, jwks: { keys } })), [400], ["invalid_client_metadata"]);
});
