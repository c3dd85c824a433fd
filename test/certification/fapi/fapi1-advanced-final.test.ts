import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { handshakeFailure, protocolVersion, shakeHands } from "../tls-client.ts";
import { expectJson } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

const offered = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384"];

// 3.4; the other hosts that the suite probes are in ../tls.test.ts.
fapiModule("", "finds the TLS of the resource host as the profile wants it", async ({ resourceUrl }) => {
  for (const option of ["-tls1", "-tls1_1"]) {
    const { completed, alert } = await shakeHands(resourceUrl, [option, "-cipher", "ALL:@SECLEVEL=0"]);
    expect(completed, option).to.equal(false);
    expect([handshakeFailure, protocolVersion]).to.include(alert);
  }
  expect(await shakeHands(resourceUrl, ["-cipher", offered.join(":")])).to.include({ completed: true, protocol: "TLSv1.3" });
  expect(await shakeHands(resourceUrl, ["-tls1_2", "-cipher", offered.join(":")])).to.include({ completed: true, protocol: "TLSv1.2" });
  const others = ["ALL", ...offered.map((name) => `!${name}`), "@SECLEVEL=0"].join(":");
  const { completed, alert } = await shakeHands(resourceUrl, ["-tls1_2", "-cipher", others]);
  expect({ completed, alert }).to.deep.equal({ completed: false, alert: handshakeFailure });
});

fapiModule("", "takes both clients through the whole journey, and opens data only to the certificate of the token", async (run) => {
  const { client1, client2, resourceUrl } = run;
  const { accessToken } = (await run.complete(client1)).tokens;
  const inQuery = await run.server.call(`${resourceUrl}?access_token=${accessToken}`, { identity: client1.identity, headers: { "x-fapi-interaction-id": randomUUID() } });
  expect([400, 401, 414]).to.include(inQuery.status);
  await run.openResource(client1, accessToken, { accept: "application/json;charset=UTF-8" });
  await run.openResource(client1, accessToken, { accept: "application/json, application/*+json, */*" });
  await run.openResource(client1, accessToken, { "x-fapi-customer-ip-address": "2001:db8::1893:25c8:1946" });

  const second = (await run.complete(client2)).tokens;
  const mixed = await run.resource(client2, second.accessToken, { identity: client1.identity });
  expect(mixed.status, mixed.text).to.be.within(400, 499);
  expectJson(mixed);
});
