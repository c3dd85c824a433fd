import { expect } from "chai";
import { noticeTag } from "../../../src/policy/audit/audit-log.ts";
import { TrailDamagedError } from "../../../src/policy/audit/audit-sequencer.ts";
import { chainOn } from "../../../src/policy/audit/audit-chain.ts";
import type { Store } from "../../../src/store/store.ts";
import { countsOf, openGround, recordTexts, sealKey, upTo, type Ground } from "./audit-ground.ts";

async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection");
}

describe("the audit trail's sequencer", () => {
  let ground: Ground;
  let now: number;
  beforeEach(() => {
    now = Date.UTC(2026, 9, 1);
    ground = openGround({ clock: () => (now += 1), intervalMs: 10 });
  });
  afterEach(() => ground.close());

  const pendingOf = (tag: string) => ground.store.scan(tag, "audit/", { limit: 1000 });
  const notices = () => ground.store.scan(noticeTag, "notice/", { limit: 1000 });

  it("chains the entries of many tags, each tag's in its own order and all by time", async () => {
    const tags = upTo(300).map((number) => `client:${number}`);
    for (const count of upTo(3)) {
      await Promise.all(tags.map((tag) => ground.change(tag, count)));
    }
    await ground.newSequencer().drain();
    const records = await ground.records();
    expect(records.length).to.equal(900);
    expect(records.map(({ sequence }) => sequence)).to.deep.equal(upTo(900));
    for (const tag of tags) {
      expect(countsOf(records, tag)).to.deep.equal([1, 2, 3]);
    }
    const verdict = await ground.verify();
    expect(verdict.fault).to.equal(undefined);
    expect(verdict.count).to.equal(900);
    expect(await pendingOf("client:1")).to.deep.equal([]);
    expect(await ground.store.get({ tag: noticeTag, name: "chaining" })).to.equal(undefined);
  });

  it("chains more entries of one tag than a page holds, in order", async () => {
    await ground.changes("client:a", upTo(1_300));
    await ground.newSequencer().drain();
    expect(countsOf(await ground.records(), "client:a")).to.deep.equal(upTo(1_300));
    expect((await ground.verify()).fault).to.equal(undefined);
  });

  it("carries the chain on from where an earlier one ended", async () => {
    await ground.change("client:a", 1);
    await ground.newSequencer().drain();
    await ground.change("client:b", 1);
    await ground.newSequencer().drain();
    const [first, second] = await ground.records();
    expect(second?.previous).to.equal(first?.hash);
    expect((await ground.verify()).checkpoint?.sequence).to.equal(2);
  });

  it("writes nothing when nothing waits", async () => {
    await ground.newSequencer().drain();
    expect(await ground.verify()).to.deep.include({ count: 0 });
    expect((await ground.verify()).fault).to.equal(undefined);
    expect(await ground.store.get({ tag: noticeTag, name: "head" })).to.equal(undefined);
  });

  it("keeps a notice for a minute, in which its change may still come, then lets it go", async () => {
    await ground.announce("client:slow");
    const sequencer = ground.newSequencer();
    await sequencer.drain();
    expect((await notices()).length).to.equal(1);
    now += 61_000;
    await sequencer.drain();
    expect(await notices()).to.deep.equal([]);
  });

  it("keeps a notice that was made anew, or whose tag still holds entries", async () => {
    await ground.change("client:a", 1);
    now += 61_000;
    await ground.announce("client:b");
    await ground.newSequencer().drain();
    expect((await notices()).map(({ name }) => name)).to.deep.equal(["notice/client:a", "notice/client:b"]);
    expect((await ground.records()).length).to.equal(1);
  });

  it("keeps a notice that is made anew while the old one is taken away", async () => {
    await ground.announce("client:a");
    await ground.announce("client:b");
    now += 61_000;
    let disturbed = false;
    const store: Store = {
      ...ground.store,
      batch: async (batch) => {
        if (!disturbed && batch.remove?.includes("notice/client:a")) {
          disturbed = true;
          await ground.change("client:a", 1);
        }
        return ground.store.batch(batch);
      },
    };
    await ground.newSequencer({ store }).drain();
    expect(disturbed).to.equal(true);
    expect((await notices()).map(({ name }) => name)).to.deep.equal(["notice/client:a"]);
    await ground.newSequencer().drain();
    expect((await ground.records()).length).to.equal(1);
  });

  it("loses and repeats nothing, whichever of its writes is its last", async () => {
    for (const last of upTo(12)) {
      await ground.changes(`client:${last}`, upTo(300));
      let writes = 0;
      const store: Store = {
        ...ground.store,
        batch: async (batch) => {
          writes += 1;
          if (writes > last) throw new Error("the process died");
          return ground.store.batch(batch);
        },
      };
      await ground.newSequencer({ store }).drain().catch(() => {});
      await ground.newSequencer().drain();
      expect(countsOf(await ground.records(), `client:${last}`)).to.deep.equal(upTo(300));
      expect((await ground.verify()).fault).to.equal(undefined);
    }
  });

  it("repeats nothing when a write happened although the store did not confirm it", async () => {
    for (const unconfirmed of upTo(6)) {
      await ground.changes(`client:${unconfirmed}`, upTo(20));
      let writes = 0;
      const store: Store = {
        ...ground.store,
        batch: async (batch) => {
          const result = await ground.store.batch(batch);
          writes += 1;
          if (writes === unconfirmed) throw new Error("no answer");
          return result;
        },
      };
      await ground.newSequencer({ store }).drain().catch(() => {});
      await ground.newSequencer().drain();
      expect(countsOf(await ground.records(), `client:${unconfirmed}`)).to.deep.equal(upTo(20));
    }
    expect((await ground.verify()).fault).to.equal(undefined);
  });

  it("appends nothing when another one appended since it read the head", async () => {
    await ground.changes("client:a", upTo(10));
    let raced = false;
    const store: Store = {
      ...ground.store,
      batch: async (batch) => {
        if (!raced && batch.put?.some(({ name }) => name === "head")) {
          raced = true;
          await ground.newSequencer().drain();
        }
        return ground.store.batch(batch);
      },
    };
    await ground.newSequencer({ store }).drain();
    expect(raced).to.equal(true);
    expect(countsOf(await ground.records(), "client:a")).to.deep.equal(upTo(10));
  });

  it("leaves an entry that nobody can read where it is, and chains the others", async () => {
    await ground.change("client:a", 1);
    await ground.store.put("client:a", { name: "audit/000000000000-0", value: "{broken", ordered: true });
    await ground.newSequencer().drain();
    expect(countsOf(await ground.records(), "client:a")).to.deep.equal([1]);
    expect((await pendingOf("client:a")).map(({ value }) => value)).to.deep.equal(["{broken"]);
  });

  it("works by itself once started, and stops when told", async () => {
    const sequencer = ground.newSequencer();
    const stop = sequencer.start();
    await ground.change("client:a", 1);
    while ((await ground.records()).length < 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await stop();
    expect(await ground.store.get({ tag: noticeTag, name: "lease" })).to.equal(undefined);
    await ground.change("client:a", 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await ground.records()).length).to.equal(1);
  });

  it("rests while another one holds the lease, and takes over when that is gone", async () => {
    await ground.store.put(noticeTag, { name: "lease", value: "another", ttlSeconds: 3600 });
    const stop = ground.newSequencer().start();
    await ground.change("client:a", 1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await ground.records()).length).to.equal(0);
    now += 3_600_000;
    while ((await ground.records()).length < 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await stop();
  });

  describe("does not seal over a trail whose end was tampered with", () => {
    const entry5 = "entry/0000000000000005";
    beforeEach(async () => {
      await ground.changes("client:a", upTo(5));
      await ground.newSequencer().drain();
      await ground.change("client:a", 6);
    });

    const stories: Record<string, () => Promise<void>> = {
      "its last entry removed": () => ground.store.remove({ tag: noticeTag, name: entry5 }),
      "its last entry replaced by a sound one": async () => {
        const [, , , fourth, fifth] = await ground.records();
        const [forged] = chainOn(fourth!, [{ ...fifth!.entry, action: "client.deleted" }]);
        await ground.store.put(noticeTag, { name: entry5, value: forged!.text, ordered: true });
      },
      "its head removed": () => ground.store.remove({ tag: noticeTag, name: "head" }),
      "its head set back without the key": async () => {
        const head = (await ground.store.get({ tag: noticeTag, name: "head" }))!;
        const fourth = (await ground.records())[3]!;
        const value = head.replace('"sequence":5', '"sequence":4').replace(/"hash":"\w+"/, `"hash":"${fourth.hash}"`);
        await ground.store.put(noticeTag, { name: "head", value });
        await ground.store.remove({ tag: noticeTag, name: entry5 });
      },
      "an entry put behind its end": async () => {
        const fifth = (await ground.records())[4]!;
        const [forged] = chainOn(fifth, [fifth.entry]);
        await ground.store.put(noticeTag, { name: "entry/0000000000000006", value: forged!.text, ordered: true });
      },
      "its key exchanged": () => Promise.resolve(),
    };
    for (const [story, tamper] of Object.entries(stories)) {
      it(story, async () => {
        await tamper();
        const before = await recordTexts(ground.store);
        const key = story === "its key exchanged" ? { sealKey: Buffer.alloc(32, 1) } : { sealKey };
        expect(await refusalOf(ground.newSequencer(key).drain())).to.be.instanceOf(TrailDamagedError);
        expect(await recordTexts(ground.store)).to.deep.equal(before);
        expect((await pendingOf("client:a")).length).to.equal(1);
        if (story !== "its key exchanged") {
          expect((await ground.verify()).fault).not.to.equal(undefined);
        }
      });
    }
  });

  describe("does not begin anew a trail that is gone", () => {
    const wipe = async () => {
      const names = (await ground.store.scan(noticeTag, "entry/", { limit: 1000 })).map(({ name }) => name);
      await ground.store.batch({ tag: noticeTag, remove: ["head", ...names] });
    };
    beforeEach(async () => {
      await ground.serveOnce();
      await ground.newSequencer().drain();
    });

    it("whoever removed it, in the process that wrote it and in every other", async () => {
      const running = ground.newSequencer();
      await ground.change("client:a", 1);
      await running.drain();
      await wipe();
      await ground.change("client:a", 2);
      for (const sequencer of [running, ground.newSequencer()]) {
        expect(await refusalOf(sequencer.drain())).to.be.instanceOf(TrailDamagedError).with.property("message").that.contains("it is gone: it began with entry");
      }
      expect(await ground.records()).to.deep.equal([]);
      expect((await pendingOf("client:a")).length).to.equal(1);
    });

    it("nor where its beginning was not kept yet: the signing keys tell that there was one", async () => {
      const withoutBeginning = { place: ground.beginning.place, read: async () => ({ value: {} }), keep: async () => {} };
      await wipe();
      expect(await refusalOf(ground.newSequencer({ beginning: withoutBeginning }).drain())).to.be.instanceOf(TrailDamagedError);
    });

    it("nor where the record that keeps it is not ours", async () => {
      const { tag, name } = ground.beginning.place;
      await ground.store.put(tag, { name, value: "AAAA".repeat(20) });
      await ground.change("client:a", 1);
      expect(await refusalOf(ground.newSequencer().drain())).to.be.instanceOf(TrailDamagedError);
      await wipe();
      expect(await refusalOf(ground.newSequencer().drain())).to.be.instanceOf(TrailDamagedError);
      expect((await ground.verify()).fault?.kind).to.equal("gone");
    });
  });

  it("keeps once where the trail of an earlier version's store began, and the signing keys stay the same", async () => {
    const before = await ground.serveOnce();
    const { place } = ground.beginning;
    await ground.newSequencer({ beginning: { place, read: async () => undefined, keep: async () => {} } }).drain();
    expect(await ground.beginning.read()).to.deep.equal({ value: {} });
    await ground.newSequencer().drain();
    const [first] = await ground.records();
    expect(await ground.beginning.read()).to.deep.equal({ value: { first: first?.hash } });
    const kept = await ground.store.get(place);
    await ground.change("client:a", 1);
    await ground.newSequencer().drain();
    expect(await ground.store.get(place)).to.equal(kept);
    expect(await ground.serveOnce()).to.deep.equal(before);
  });

  it("verifies 10,000 entries", async () => {
    for (const number of upTo(10)) {
      await ground.changes(`client:${number}`, upTo(1_000));
    }
    await ground.newSequencer().drain();
    const verdict = await ground.verify();
    expect(verdict.count).to.equal(10_000);
    expect(verdict.fault).to.equal(undefined);
  });
});
