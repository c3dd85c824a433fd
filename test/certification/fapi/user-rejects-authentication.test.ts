import { expectErrorCallback } from "./suite-checks.ts";
import { fapiModule } from "./suite-steps.ts";

fapiModule("user-rejects-authentication", "tells both clients access_denied, state and registered query kept", async (run) => {
  for (const client of [run.client1, run.client2]) {
    const { asked, callback } = await run.decide(client, "deny");
    expectErrorCallback(callback, asked, ["access_denied"]);
  }
});
