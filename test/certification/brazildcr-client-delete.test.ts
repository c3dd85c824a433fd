import { expect } from "chai";
import { expectRefused, withoutGoodCertificate, withoutGoodToken } from "./suite-answers.ts";
import { dcrModule } from "./suite-steps.ts";

dcrModule("brazildcr-client-delete", "leaves nothing of a deleted client that still works", async (run) => {
  const client = await run.register();
  const token = await run.requestToken(client);
  expect(token.status, token.text).to.equal(200);
  expect(token.json().access_token).to.be.a("string").that.is.not.empty;
  await run.delete(client);
  expectRefused(await run.manage("GET", client), withoutGoodToken);
  expectRefused(await run.manage("DELETE", client), withoutGoodCertificate);
  expectRefused(await run.requestToken(client), [400, 401], ["invalid_client"]);
});
