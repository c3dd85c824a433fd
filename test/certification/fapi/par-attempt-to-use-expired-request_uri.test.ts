import { createMovableClock } from "../../support/movable-clock.ts";
import { ownFapiWorld, type OwnWorld } from "./fapi-world.ts";
import { expectErrorPage, expectPushed } from "./suite-checks.ts";
import { fapiRun } from "./suite-steps.ts";

// The suite waits `expires_in` seconds; here the server's clock goes forward by as many.
describe("fapi1-advanced-final-par-attempt-to-use-expired-request_uri", () => {
  const time = createMovableClock();
  let world: OwnWorld;
  before(async () => {
    world = await ownFapiWorld({ clock: time.clock });
  });
  after(() => world.stop());

  it("shows an error page when the request_uri has expired", async () => {
    const run = await fapiRun(world);
    const { asked, answer } = await run.push(run.client1);
    const requestUri = expectPushed(answer);
    time.forward(answer.json().expires_in);
    const opened = await run.open(run.authorizeUrl(run.client1, requestUri, asked));
    if (!("page" in opened)) {
      throw new Error(`went to ${opened.callback.href}`);
    }
    expectErrorPage(opened.page);
  });
});
