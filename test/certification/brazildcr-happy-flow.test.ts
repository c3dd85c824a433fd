import { expect } from "chai";
import { expectCurrent } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";
import { suiteConfiguration } from "./suite-world.ts";

dcrModule("brazildcr-happy-flow", "registers with all defaults, takes a customer through the whole flow, reads itself twice and deletes itself", async (run) => {
  const client = await run.register();
  const token = await run.requestToken(client);
  expect(token.status, token.text).to.equal(200);
  expect(token.json()).to.include({ token_type: "Bearer", scope: "consents" });
  await run.authorize(client);
  for (let time = 0; time < 2; time += 1) {
    expectCurrent(await run.manage("GET", client), client, suiteConfiguration.redirectUri);
  }
  await run.delete(client);
});
