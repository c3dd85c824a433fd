import { expect } from "chai";
import { expectCurrent } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

dcrModule("brazildcr-happy-flow-variant", "takes grant types in another order and grants exactly the scope that was asked for", async (run) => {
  const { clientScope, redirectUri } = suiteConfiguration;
  const grant_types = ["client_credentials", "refresh_token", "implicit", "authorization_code"];
  const client = await run.register({ grant_types, scope: clientScope });
  expect(String(client.body["scope"]).split(" ")).to.have.members(clientScope.split(" "));
  expect(client.body["grant_types"]).to.have.members(grant_types);
  const token = await run.requestToken(client);
  expect(token.status, token.text).to.equal(200);
  await run.authorize(client, { duplicates: true });
  expectCurrent(await run.manage("GET", client), client, redirectUri);
  await run.delete(client);
});
