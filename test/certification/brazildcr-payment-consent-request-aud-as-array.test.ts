import { expect } from "chai";
import { expectCurrent } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

// Without payments in client.scope the consent is no JWT, and the module is a happy flow.
dcrModule("brazildcr-payment-consent-request-aud-as-array", "without payments goes as the happy flow does", async (run) => {
  const client = await run.register();
  const token = await run.requestToken(client);
  expect(token.status, token.text).to.equal(200);
  await run.authorize(client);
  expectCurrent(await run.manage("GET", client), client, suiteConfiguration.redirectUri);
  await run.delete(client);
});
