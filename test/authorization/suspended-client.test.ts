import { expect } from "chai";
import { ownFapiWorld, type OwnWorld } from "../certification/fapi/fapi-world.ts";
import { expectPushed } from "../certification/fapi/suite-checks.ts";
import { fapiRun, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createAuditLog } from "../../src/policy/audit/audit-log.ts";
import { createClientLifecycle } from "../../src/policy/registration/client-lifecycle.ts";
import { createClientRecords } from "../../src/store/client-records.ts";
import { createConsentRecords } from "../../src/store/consent-records.ts";
import { createSecretBox } from "../../src/kernel/secret-box.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import type { Store } from "../../src/store/store.ts";
import { visitor } from "./pages.ts";

const by = { actor: { kind: "operator", operator: "test" } } as const;

describe("a client that is suspended while its customer looks at the pages", () => {
  let world: OwnWorld;
  let run: FapiRun;
  let store: Store;
  before(async () => {
    world = await ownFapiWorld();
    run = await fapiRun(world);
    const { lmdb } = world.server.settings["store"] as { lmdb: { path: string } };
    store = openLmdbStore({ path: lmdb.path, clock: systemClock });
  });
  after(async () => {
    await store.close();
    await world.stop();
  });

  async function suspend(clientId: string): Promise<void> {
    const clients = createClientRecords({ store });
    const audit = createAuditLog({ clock: systemClock, randomness: systemRandomness });
    const found = await clients.find(clientId);
    if (!found) throw new Error("the client is registered");
    await createClientLifecycle({ clients, audit, clock: systemClock, randomness: systemRandomness }).suspend(found, { by: "operator", reason: "fraud" }, by);
  }

  /** Only the status is asked for, which lies open. */
  async function statusOf(consentId: string) {
    const records = createConsentRecords({ store, box: createSecretBox(Buffer.alloc(32).toString("base64url"), "consents", systemRandomness) });
    return (await records.find(consentId))?.record.status;
  }

  it("gets no approval: the consent stays as it is", async () => {
    const consentId = await run.consent(world.client1);
    const { asked, answer } = await run.push(world.client1, { consentId });
    const someone = visitor(world.server);
    const consentPlace = await someone.logIn(await someone.open(run.authorizeUrl(world.client1, expectPushed(answer), asked)), "jacaranda.exemplo");
    await suspend(world.client1.clientId);
    await someone.decide(consentPlace, "approve");
    expect(await statusOf(consentId)).to.equal("AWAITING_AUTHORISATION");
  });
});
