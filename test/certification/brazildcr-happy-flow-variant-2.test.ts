import { expect } from "chai";
import { expectCurrent } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

dcrModule("brazildcr-happy-flow-variant-2", "takes the scope in another order and grants exactly what was asked for", async (run) => {
  const { clientScope, redirectUri } = suiteConfiguration;
  const grant_types = ["client_credentials", "refresh_token", "implicit", "authorization_code"];
  const client = await run.register({ grant_types, scope: clientScope.split(" ").toReversed().join(" ") });
  expect(String(client.body["scope"]).split(" ")).to.have.members(clientScope.split(" "));
  await run.authorize(client, { duplicates: true });
  expectCurrent(await run.manage("GET", client), client, redirectUri);
  await run.delete(client);
});
