import { expect } from "chai";
import { systemClock } from "../../../src/kernel/clock.ts";
import { createLog } from "../../../src/kernel/log.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { startRedisCluster, type RedisServers } from "../../support/redis-servers.ts";
import { countsOf, groundOn, upTo } from "./audit-ground.ts";

describe("the audit trail on a Redis Cluster, its tags on several nodes", () => {
  let servers: RedisServers<"cluster">;
  let stores: Store[];
  before(async function () {
    this.timeout(60_000);
    servers = await startRedisCluster();
    const { connection } = servers;
    const options = { kind: "redis", connection, keyPrefix: "audit-test", waitReplicas: 0, waitMilliseconds: 1000, requirePersistence: false, requireAppendOnlyFile: false } as const;
    const needs = { clock: systemClock, log: createLog("silent") };
    stores = await Promise.all([openStore(options, needs), openStore(options, needs)]);
  });
  after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await servers.stop();
  });

  it("two sequencers at once chain every entry once, each tag's in order, while changes go on", async () => {
    let now = systemClock();
    const [here, there] = stores.map((store) => groundOn(store, { clock: () => (now += 1) }));
    const tags = upTo(12).map((number) => `client:${number}`);
    const written = new AbortController();
    const sequencing = [here!, there!].map(async (ground) => {
      const sequencer = ground.newSequencer();
      while (!written.signal.aborted) {
        await sequencer.drain();
      }
    });
    await Promise.all(
      tags.map(async (tag, index) => {
        for (const count of upTo(15)) {
          await [here!, there!][(index + count) % 2]!.change(tag, count);
        }
      }),
    );
    written.abort();
    await Promise.all(sequencing);
    await here!.newSequencer().drain();

    const verdict = await there!.verify();
    expect(verdict.fault).to.equal(undefined);
    expect(verdict.count).to.equal(180);
    const records = await there!.records();
    for (const tag of tags) {
      expect(countsOf(records, tag)).to.deep.equal(upTo(15));
    }
  }).timeout(60_000);

  it("finds an entry that was removed", async () => {
    await stores[0]!.remove({ tag: "audit", name: "entry/0000000000000100" });
    expect((await groundOn(stores[1]!).verify()).fault).to.deep.include({ kind: "removed", sequence: 100 });
  });
});
