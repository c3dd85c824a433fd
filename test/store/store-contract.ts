import { expect } from "chai";
import * as fc from "fast-check";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import { openStore, type StoreOptions } from "../../src/store/open-store.ts";
import type { Batch, BatchResult, Condition, Store } from "../../src/store/store.ts";
import type { ChildCall, ChildOrder } from "./store-child.ts";

const runs = Number(process.env["PROPERTY_TEST_RUNS"] ?? 20);
const needs = { clock: systemClock, log: createLog("silent") };
const childFile = new URL("store-child.ts", import.meta.url);

/** What every implementation of the store port promises. The options are asked for when the servers run. */
export function storeContract(options: () => StoreOptions): void {
  let store: Store;
  let tag: string;
  let tags = 0;

  before(async () => {
    store = await openStore(options(), needs);
  });
  after(() => store?.close());
  beforeEach(() => {
    tag = `contract:${process.pid}:${tags++}`;
  });

  const get = (name: string) => store.get({ tag, name });
  const put = (name: string, value: string, ttlSeconds?: number) =>
    store.put(tag, ttlSeconds === undefined ? { name, value } : { name, value, ttlSeconds });
  const putOrdered = (name: string) => store.put(tag, { name, value: `value of ${name}`, ordered: true });
  const scanned = async (prefix: string, after?: string, limit = 1000) =>
    (await store.scan(tag, prefix, after === undefined ? { limit } : { limit, after })).map(({ name }) => name);

  describe("single entries", () => {
    it("an entry is absent, then there, then replaced, then absent", async () => {
      expect(await get("a")).equals(undefined);
      await put("a", "one");
      expect(await get("a")).equals("one");
      await put("a", "two");
      expect(await get("a")).equals("two");
      await store.remove({ tag, name: "a" });
      expect(await get("a")).equals(undefined);
      await store.remove({ tag, name: "a" });
    });

    it("getMany answers in the order asked, with undefined for what is absent", async () => {
      await put("a", "1");
      await put("b", "2");
      expect(await store.getMany(tag, ["b", "none", "a", "b"])).deep.equals(["2", undefined, "1", "2"]);
      expect(await store.getMany(tag, [])).deep.equals([]);
    });

    it("an empty value is a value", async () => {
      await put("empty", "");
      expect(await get("empty")).equals("");
      expect(await store.putIfAbsent(tag, { name: "empty", value: "x" })).equals(false);
      expect(await store.take({ tag, name: "empty" })).equals("");
      expect(await store.take({ tag, name: "empty" })).equals(undefined);
    });

    it("values keep every character and 200 KB", async () => {
      const strange = "São Paulo, € 😀 \u0000 \n \u2028 \" \\ { }";
      await put("strange", strange);
      await put("large", `${"é".repeat(100_000)}end`);
      expect(await get("strange")).equals(strange);
      expect(await get("large")).equals(`${"é".repeat(100_000)}end`);
    });

    it("tags and names of any printable characters stay apart from each other", async () => {
      const printable = (max: number, without: string) =>
        fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)), minLength: 1, maxLength: max })
          .filter((text) => ![...without].some((c) => text.includes(c)));
      const key = fc.record({ tag: printable(200, "{}"), name: printable(300, "") });
      const whole = (k: { tag: string; name: string }) => JSON.stringify(k);
      const property = fc.asyncProperty(fc.uniqueArray(key, { selector: whole, minLength: 2, maxLength: 6 }), async (keys) => {
        await Promise.all(keys.map((k) => store.put(k.tag, { name: k.name, value: whole(k) })));
        for (const k of keys) {
          expect(await store.get(k)).equals(whole(k));
          expect(await store.take(k)).equals(whole(k));
          expect(await store.get(k)).equals(undefined);
        }
      });
      await fc.assert(property, { numRuns: runs });
    });
  });

  describe("time-to-live", () => {
    it("from its end on an entry is absent for every operation", async () => {
      const names = ["get", "take", "claim", "present", "absent", "equals"];
      await Promise.all(names.map((name) => put(name, "old", 0.05)));
      await sleep(200);
      expect(await store.getMany(tag, names)).deep.equals(names.map(() => undefined));
      expect(await get("get")).equals(undefined);
      expect(await store.take({ tag, name: "take" })).equals(undefined);
      expect(await store.putIfAbsent(tag, { name: "claim", value: "new" })).equals(true);
      const batch = (when: Batch["when"]) => store.batch({ tag, when: when ?? [], put: [{ name: "seen", value: "x" }] });
      expect((await batch([{ name: "present", is: "present" }])).done).equals(false);
      expect((await batch([{ name: "equals", equals: "old" }])).done).equals(false);
      expect((await batch([{ name: "absent", is: "absent" }])).done).equals(true);
    });

    it("an entry is there until its end", async () => {
      await put("long", "x", 60);
      await store.putIfAbsent(tag, { name: "claimed", value: "y", ttlSeconds: 60 });
      expect(await store.getMany(tag, ["long", "claimed"])).deep.equals(["x", "y"]);
      expect(await store.putIfAbsent(tag, { name: "long", value: "z" })).equals(false);
    });

    it("a later put keeps no earlier time-to-live", async () => {
      await Promise.all(["forever", "longer", "batched"].map((name) => put(name, "short", 0.05)));
      await put("forever", "stays");
      await put("longer", "stays", 60);
      await store.batch({ tag, put: [{ name: "batched", value: "stays" }] });
      await put("shorter", "goes", 60);
      await put("shorter", "goes", 0.05);
      await put("was-lasting", "stays");
      await put("was-lasting", "goes", 0.05);
      await sleep(200);
      expect(await store.getMany(tag, ["forever", "longer", "batched"])).deep.equals(["stays", "stays", "stays"]);
      expect(await store.getMany(tag, ["shorter", "was-lasting"])).deep.equals([undefined, undefined]);
    });
  });

  describe("batches", () => {
    it("writes all of it when every condition holds", async () => {
      await put("present", "p");
      await put("equal", "e");
      await put("old", "o");
      const result = await store.batch({
        tag,
        when: [{ name: "absent", is: "absent" }, { name: "present", is: "present" }, { name: "equal", equals: "e" }],
        put: [{ name: "absent", value: "1" }, { name: "lives", value: "2", ttlSeconds: 60 }, { name: "in-order", value: "3", ordered: true }],
        remove: ["old", "never-there"],
      });
      expect(result).deep.equals({ done: true });
      expect(await store.getMany(tag, ["absent", "lives", "in-order", "old"])).deep.equals(["1", "2", "3", undefined]);
      expect(await scanned("")).deep.equals(["in-order"]);
    });

    it("writes nothing and names the first condition that did not hold", async () => {
      await put("there", "v");
      const when = [{ name: "there", is: "present" }, { name: "there", equals: "other" }, { name: "there", is: "absent" }] as const;
      const result = await store.batch({ tag, when, put: [{ name: "new", value: "n" }], remove: ["there"] });
      expect(result).deep.equals({ done: false, failed: { name: "there", equals: "other" } });
      expect(await store.getMany(tag, ["there", "new"])).deep.equals(["v", undefined]);
      const claim = await store.batch({ tag, when: [{ name: "there", is: "absent" }], put: [{ name: "new", value: "n" }] });
      expect(claim).deep.equals({ done: false, failed: { name: "there", is: "absent" } });
      expect(await get("new")).equals(undefined);
    });

    it("judges what must be given ahead of the other conditions, and writes nothing without it", async () => {
      await put("version", "1");
      const write = (version: string, when: Batch["when"]) =>
        store.batch({ tag, given: [{ name: "version", equals: version }], when: when ?? [], put: [{ name: "by", value: version, ttlSeconds: 60 }] });
      const unused = { name: "used", is: "absent" } as const;
      for (const when of [[unused], [unused, { name: "there", is: "present" } as const], []]) {
        expect(await write("2", when)).deep.equals({ done: false, failed: { name: "version", equals: "2" } });
        expect(await get("by")).equals(undefined);
      }
      expect(await write("1", [unused])).deep.equals({ done: true });
      expect(await get("by")).equals("1");
      await put("used", "u");
      expect(await write("1", [unused])).deep.equals({ done: false, failed: unused });
      await store.batch({ tag, remove: ["by"] });
      expect(await write("1", [])).deep.equals({ done: true });
      expect(await get("by")).equals("1");
    });

    it("takes conditions of other tags where it reaches all, and refuses them where it does not", async () => {
      const there: Condition = { tag: `${tag}:other`, name: "there", equals: "1" };
      await store.put(`${tag}:other`, { name: "there", value: "1" });
      await put("there", "2");
      const unused = { name: "new", is: "absent" } as const;
      for (const conditions of [{ given: [there] }, { when: [there] }, { given: [there], when: [unused] }, { when: [unused, there] }]) {
        const write = () => store.batch({ tag, ...conditions, put: [{ name: "new", value: "n" }] });
        if (!store.spansTags) {
          const refused = await write().then(() => undefined, (error: unknown) => error);
          expect(refused).instanceOf(RangeError).with.property("message").contains(`${tag}:other`);
          continue;
        }
        expect(await write()).deep.equals({ done: true });
        await store.remove({ tag, name: "new" });
        await store.put(`${tag}:other`, { name: "there", value: "2" });
        expect(await write()).deep.equals({ done: false, failed: there });
        expect(await get("new")).equals(undefined);
        await store.put(`${tag}:other`, { name: "there", value: "1" });
      }
      if (store.spansTags) {
        const absent: Condition = { tag: `${tag}:other`, name: "there", is: "absent" };
        expect(await store.batch({ tag, when: [absent], put: [{ name: "new", value: "n" }] })).deep.equals({ done: false, failed: absent });
        await store.remove({ tag: `${tag}:other`, name: "there" });
        expect(await store.batch({ tag, when: [absent], put: [{ name: "new", value: "n" }] })).deep.equals({ done: true });
      }
    });

    it("an equals condition means the exact bytes of the value, and no absent entry", async () => {
      await put("v", "São");
      expect((await store.batch({ tag, when: [{ name: "v", equals: "Sa\u0303o" }], remove: ["v"] })).done).equals(false);
      expect((await store.batch({ tag, when: [{ name: "none", equals: "" }], remove: ["v"] })).done).equals(false);
      expect((await store.batch({ tag, when: [{ name: "v", equals: "São" }], remove: ["v"] })).done).equals(true);
    });

    it("does nothing, well, when there is nothing to do", async () => {
      expect(await store.batch({ tag })).deep.equals({ done: true });
      expect(await store.batch({ tag, when: [{ name: "x", is: "absent" }] })).deep.equals({ done: true });
    });
  });

  describe("listings in other tags", () => {
    const list = () => `${tag}:list`;
    const listed = async () => (await store.scan(list(), "", { limit: 1000 })).map(({ name, value }) => [name, value]);
    const listedAs = (name: string) => ({ tag: list(), name, value: `leads to ${name}` });
    const toAll = ["absent", "present"].map((is) => ({ name: "client", is }) as Condition);

    it("come with the entry that they lead to, whatever the batch's conditions are", async () => {
      await store.batch({ tag, put: [{ name: "client", value: "1", listedAs: listedAs("a") }] });
      for (const when of [[], [toAll[1]!], [{ name: "other", is: "absent" } as const], [{ name: "client", equals: "1" }]]) {
        const name = `under ${when.length} ${JSON.stringify(when)}`;
        const put = [{ name: "x", value: "1", listedAs: listedAs(name) }, { name: "y", value: "1", ordered: true, listedAs: listedAs(`${name} too`) }];
        expect(await store.batch({ tag, when, put })).deep.equals({ done: true });
        expect(await listed()).deep.include([name, `leads to ${name}`]).and.deep.include([`${name} too`, `leads to ${name} too`]);
      }
      await store.put(tag, { name: "put", value: "1", listedAs: listedAs("put") });
      expect(await store.putIfAbsent(tag, { name: "put if absent", value: "1", listedAs: listedAs("put if absent") })).equals(true);
      expect((await listed()).map(([name]) => name)).include.members(["a", "put", "put if absent"]);
    });

    it("end with what is removed, and stay when the batch was not done", async () => {
      await store.batch({ tag, put: [{ name: "client", value: "1", listedAs: listedAs("a") }, { name: "other", value: "1", listedAs: listedAs("b") }] });
      const remove = { tag, remove: ["client"], unlist: [listedAs("a")] };
      expect((await store.batch({ ...remove, when: [toAll[0]!] })).done).equals(false);
      expect((await listed()).map(([name]) => name)).deep.equals(["a", "b"]);
      expect((await store.batch({ ...remove, when: [toAll[1]!] })).done).equals(true);
      expect((await listed()).map(([name]) => name)).deep.equals(["b"]);
    });

    it("are written by a batch that puts nothing, or removes what they tell of", async () => {
      await put("client", "1");
      const told = (value: string) => ({ ...listedAs("told"), value });
      expect((await store.batch({ tag, list: [told("first"), listedAs("b")] })).done).equals(true);
      expect(await listed()).deep.equals([["b", "leads to b"], ["told", "first"]]);
      expect((await store.batch({ tag, when: [toAll[1]!], remove: ["client"], list: [told("second")] })).done).equals(true);
      expect(await get("client")).equals(undefined);
      expect(await listed()).deep.include(["told", "second"]);
      if (store.spansTags) {
        expect((await store.batch({ tag, when: [toAll[1]!], list: [told("third")] })).done).equals(false);
        expect(await listed()).deep.include(["told", "second"]);
      }
    });

    it("are replaced by a later one of the same name", async () => {
      await store.put(tag, { name: "client", value: "1", listedAs: { ...listedAs("a"), value: "first" } });
      await store.put(tag, { name: "client", value: "2", listedAs: { ...listedAs("a"), value: "second" } });
      expect(await listed()).deep.equals([["a", "second"]]);
    });
  });

  describe("scan", () => {
    it("finds ordered entries with the prefix, in bytewise order", async () => {
      const name = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)), minLength: 1, maxLength: 12 });
      const names = fc.sample(fc.uniqueArray(name, { minLength: 40, maxLength: 40 }), { numRuns: 1, seed: 7 })[0] ?? [];
      const all = [...new Set([...names, "a", "a:", "a:1", "a:10", "a:2", "a~", "b", "A", " ", "~", "a{b}c"])];
      await Promise.all(all.map(putOrdered));
      const sorted = all.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      expect(await scanned("")).deep.equals(sorted);
      expect(await scanned("a:")).deep.equals(sorted.filter((one) => one.startsWith("a:")));
      expect(await scanned("zzz-no-such")).deep.equals([]);
      expect((await store.scan(tag, "a:1", { limit: 1 }))[0]).deep.equals({ name: "a:1", value: "value of a:1" });
    });

    it("goes on, page by page, after the last name seen", async () => {
      const names = Array.from({ length: 25 }, (_, i) => `e:${String(i).padStart(3, "0")}`);
      await Promise.all([...names, "d:last", "f:first"].map(putOrdered));
      const seen: string[] = [];
      for (let page = await scanned("e:", undefined, 10); page.length > 0; page = await scanned("e:", page.at(-1), 10)) {
        expect(page.length).at.most(10);
        seen.push(...page);
      }
      expect(seen).deep.equals(names);
      expect(await scanned("e:", "e:0105", 2)).deep.equals(["e:011", "e:012"]);
      expect(await scanned("e:", "a-name-before-the-prefix", 1)).deep.equals(["e:000"]);
      expect(await scanned("e:", "f:first")).deep.equals([]);
    });

    it("finds nothing of other tags, nothing that is not ordered, nothing removed or taken", async () => {
      await store.put(`${tag}-other`, { name: "a", value: "other", ordered: true });
      await put("plain", "x");
      await put("mortal", "x", 60);
      for (const name of ["kept", "removed", "taken", "no-longer", "batched-away"]) await putOrdered(name);
      await store.remove({ tag, name: "removed" });
      await store.take({ tag, name: "taken" });
      await put("no-longer", "plain now");
      await store.batch({ tag, remove: ["batched-away"] });
      expect(await store.putIfAbsent(tag, { name: "claimed", value: "c", ordered: true })).equals(true);
      expect(await scanned("")).deep.equals(["claimed", "kept"]);
    });
  });

  describe("one winner of many", () => {
    const racers = Array.from({ length: 50 }, (_, i) => String(i));

    it("50 parallel putIfAbsent give one true, and its value stands", async () => {
      const wrote = await Promise.all(racers.map((value) => store.putIfAbsent(tag, { name: "one", value, ttlSeconds: 60 })));
      expect(racers.filter((_, i) => wrote[i])).deep.equals([await get("one")]);
    });

    it("50 parallel takes give the value once", async () => {
      await put("one", "value");
      const taken = await Promise.all(racers.map(() => store.take({ tag, name: "one" })));
      expect(taken.filter((value) => value !== undefined)).deep.equals(["value"]);
    });

    it("50 parallel batches with one condition give one done", async () => {
      const claim = (i: string): Batch => ({ tag, when: [{ name: "one", is: "absent" }], put: [{ name: "one", value: i }, { name: `by-${i}`, value: i }] });
      const results = await Promise.all(racers.map((i) => store.batch(claim(i))));
      const winner = await get("one");
      expect(racers.filter((_, i) => results[i]?.done)).deep.equals([winner]);
      const traces = await store.getMany(tag, racers.map((i) => `by-${i}`));
      expect(traces.filter((trace) => trace !== undefined)).deep.equals([winner]);
    });

    it("50 parallel compare-and-set give one done a round", async () => {
      await put("counter", "0");
      const advance = () => store.batch({ tag, when: [{ name: "counter", equals: "0" }], put: [{ name: "counter", value: "1" }] });
      const results = await Promise.all(racers.map(advance));
      expect(results.filter(({ done }) => done)).length(1);
    });
  });

  describe("two processes at once", () => {
    let children: ChildProcess[] = [];

    before(async () => {
      children = [1, 2].map(() => fork(childFile, [JSON.stringify(options())]));
      const ended = children.map((child) => once(child, "exit").then(() => Promise.reject(new Error("A child ended before it opened the store."))));
      await Promise.race([Promise.all(children.map((child) => once(child, "message"))), ...ended]);
    });
    after(async () => {
      for (const child of children) {
        const gone = once(child, "exit");
        child.disconnect();
        await gone;
      }
    });

    /** Each child makes the call 25 times, all at once; the results of both. */
    async function fiftyTimes<Result>(call: (racer: number) => ChildCall): Promise<Result[]> {
      const answers = children.map(async (child, c) => {
        const order: ChildOrder = { all: Array.from({ length: 25 }, (_, i) => call(c * 25 + i)) };
        child.send(order);
        const [results] = await once(child, "message");
        // The child answers with what these very calls returned.
        return results as Result[];
      });
      return (await Promise.all(answers)).flat();
    }

    it("fifty putIfAbsent give one true, seen here", async () => {
      const wrote = await fiftyTimes<boolean>((i) => ({ call: "putIfAbsent", tag, put: { name: "one", value: String(i) } }));
      expect(wrote.flatMap((won, i) => (won ? [String(i)] : []))).deep.equals([await get("one")]);
    });

    it("fifty takes give the value once", async () => {
      await put("one", "value");
      const taken = await fiftyTimes<string | undefined>(() => ({ call: "take", tag, name: "one" }));
      expect(taken.filter((value) => typeof value === "string")).deep.equals(["value"]);
      expect(await get("one")).equals(undefined);
    });

    it("fifty batches give one done and no trace of the others", async () => {
      const results = await fiftyTimes<BatchResult>((i) => ({
        call: "batch",
        batch: { tag, when: [{ name: "one", is: "absent" }], put: [{ name: "one", value: String(i) }, { name: `by-${i}`, value: "x", ordered: true }] },
      }));
      const winner = results.findIndex(({ done }) => done);
      expect(results.filter(({ done }) => done)).length(1);
      expect(await get("one")).equals(String(winner));
      expect(await scanned("by-")).deep.equals([`by-${winner}`]);
    });
  });

  describe("misuse", () => {
    const bad: [string, RegExp, () => Promise<unknown>][] = [
      ["an empty tag", /tag is 1 to 200 characters/, () => store.get({ tag: "", name: "a" })],
      ["a brace in a tag", /without braces; got "a\{b"/, () => store.put("a{b", { name: "a", value: "v" })],
      ["a tag of 201 characters", /1 to 200/, () => store.take({ tag: "x".repeat(201), name: "a" })],
      ["a tag outside ASCII", /printable ASCII/, () => store.getMany("São", ["a"])],
      ["an empty name", /name is 1 to 300 characters/, () => store.get({ tag, name: "" })],
      ["a control character in a name", /got "a\?b"/, () => store.remove({ tag, name: "a\nb" })],
      ["a name of 301 characters", /1 to 300/, () => store.putIfAbsent(tag, { name: "x".repeat(301), value: "v" })],
      ["a name outside ASCII in a condition", /printable ASCII/, () => store.batch({ tag, when: [{ name: "é", is: "absent" }] })],
      ["no lifetime at all", /ttlSeconds is more than 0 .* got 0/, () => store.put(tag, { name: "a", value: "v", ttlSeconds: 0 })],
      ["a negative lifetime", /got -1/, () => store.putIfAbsent(tag, { name: "a", value: "v", ttlSeconds: -1 })],
      ["a lifetime that is no number", /got NaN/, () => store.batch({ tag, put: [{ name: "a", value: "v", ttlSeconds: NaN }] })],
      ["an ordered entry with a lifetime", /carries no time-to-live/, () => store.put(tag, { name: "a", value: "v", ordered: true, ttlSeconds: 1 })],
      ["a name put twice", /at most once/, () => store.batch({ tag, put: [{ name: "a", value: "1" }, { name: "a", value: "2" }] })],
      ["a name put and removed", /at most once/, () => store.batch({ tag, put: [{ name: "a", value: "1" }], remove: ["a"] })],
      ["one of twenty names put and removed", /at most once/, () => store.batch({ tag, put: [{ name: "n19", value: "1" }], remove: Array.from({ length: 20 }, (_, n) => `n${n}`) })],
      ["a page of nothing", /1 to 1,000; got 0/, () => store.scan(tag, "", { limit: 0 })],
      ["a page of 1,001", /1 to 1,000; got 1001/, () => store.scan(tag, "", { limit: 1001 })],
    ];
    for (const [what, message, call] of bad) {
      it(`${what} is refused`, async () => {
        const error = await call().then(() => undefined, (reason: unknown) => reason);
        expect(error).instanceOf(RangeError);
        expect((error as RangeError).message).matches(message);
        expect(await get("a")).equals(undefined);
      });
    }
  });

  it("is ready, and close waits for what is under way", async () => {
    const other = await openStore(options(), needs);
    const state = await other.state();
    expect(state).include({ ready: true });
    let settled = 0;
    const writes = Array.from({ length: 40 }, (_, i) => other.put(tag, { name: `w${i}`, value: "x" }).then(() => settled++));
    await other.close();
    await Promise.all(writes);
    expect(settled).equals(40);
    expect(await get("w39")).equals("x");
    expect(await other.state()).include({ ready: false });
  });
}
