import { expectCurrent, expectRefused, withoutGoodCertificate, withoutGoodToken } from "./suite-answers.ts";
import { dcrModule, withBadSignature } from "./suite-steps.ts";
import { forgedCopy, suiteConfiguration } from "./suite-world.ts";

dcrModule("brazildcr-update-client-config", "updates the redirect URI, and no call with one thing wrong brings the old one back", async (run) => {
  const { redirectUri, redirectUriWithQuery } = suiteConfiguration;
  const client = await run.register();
  const updated = run.updateBody(client, await run.freshStatement(), { redirect_uris: [redirectUriWithQuery] });
  expectCurrent(await run.manage("PUT", client, { body: updated }), client, redirectUriWithQuery);
  await run.authorize(client, { redirectUri: redirectUriWithQuery });

  const statement = await run.freshStatement();
  const back = run.updateBody(client, statement, { redirect_uris: [redirectUri] });
  const forged = await forgedCopy(run.world.identity);
  expectRefused(await run.manage("PUT", client, { body: back, identity: forged }), withoutGoodCertificate);
  expectRefused(await run.manage("PUT", client, { body: back, identity: undefined }), withoutGoodCertificate);
  expectRefused(await run.manage("PUT", client, { body: back, token: "an-invented-token" }), withoutGoodToken);
  expectRefused(await run.manage("PUT", client, { body: { ...back, software_statement: undefined } }), [400]);
  expectRefused(await run.manage("PUT", client, { body: { ...back, software_statement: withBadSignature(statement) } }), [400]);

  for (let time = 0; time < 2; time += 1) {
    expectCurrent(await run.manage("GET", client), client, redirectUriWithQuery);
  }
  await run.delete(client);
});
