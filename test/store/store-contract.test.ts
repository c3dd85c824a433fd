import { expect } from "chai";
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { systemClock } from "../../src/kernel/clock.ts";
import { openSettingsStore } from "../../src/composition/open-settings-store.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createLog } from "../../src/kernel/log.ts";
import { loadSettings } from "../../src/settings/load-settings.ts";
import { openLmdbFolder } from "../../src/store/lmdb-folder.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import { isStoreUnavailable, openStore, type StoreOptions } from "../../src/store/open-store.ts";
import type { RedisConnection } from "../../src/store/redis-connection.ts";
import type { BatchResult, Store } from "../../src/store/store.ts";
import { startRedis, startRedisCluster, startRedisSentinel, type RedisServers, type SentinelGroup } from "../support/redis-servers.ts";
import { clientChangesContract } from "./client-changes-contract.ts";
import type { ChildFailure, ChildOrder } from "./store-child.ts";
import { storeContract } from "./store-contract.ts";

const needs = { clock: systemClock, log: createLog("silent") };

function redisOptions(connection: RedisConnection, more: Partial<Extract<StoreOptions, { kind: "redis" }>> = {}): StoreOptions {
  return { kind: "redis", connection, keyPrefix: "test", waitReplicas: 0, waitMilliseconds: 10_000, requirePersistence: true, requireAppendOnlyFile: false, ...more };
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A production that may start, but for its files. */
const production = {
  publicUrl: "https://auth.bank.example",
  mtlsUrl: "https://matls-auth.bank.example",
  tls: { certificateFile: "server.pem", keyFile: "server.key" },
  secrets: { encryptionKey: "k".repeat(43) },
};

/** A log that keeps its lines. */
function keptLog() {
  const lines: string[] = [];
  return { lines, log: createLog("info", { write: (line) => lines.push(line) }) };
}

/** Stands before a server and changes what it says. */
async function relay(port: number, change: (answer: string) => string): Promise<{ port: number; stop(): Promise<void> }> {
  const listener = createServer((caller) => {
    const server = connect(port, "127.0.0.1");
    caller.on("data", (chunk) => server.write(chunk)).on("close", () => server.destroy()).on("error", () => server.destroy());
    server.on("data", (chunk) => caller.write(change(chunk.toString("latin1")), "latin1")).on("close", () => caller.destroy()).on("error", () => caller.destroy());
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    async stop() {
      listener.close();
      await once(listener, "close");
    },
  };
}

async function failureOf(call: Promise<unknown>): Promise<Error> {
  const reason = await call.then(() => new Error("nothing failed"), (error: unknown) => error);
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Changes one setting of a running server for as long as the check takes. */
async function withSetting(url: string, name: string, value: string, check: () => Promise<void>): Promise<void> {
  const redis = new Redis(url);
  const before = String((await redis.config("GET", name)).at(1));
  await redis.config("SET", name, value);
  await check().finally(() => redis.config("SET", name, before));
  redis.disconnect();
}

/** What the stream of store-child.ts left behind: no half batch, and every acknowledged one it did not remove itself. */
async function expectKept(store: Store, tag: string, acknowledged: readonly number[]): Promise<void> {
  // What the stream acknowledged last may still have been on its way to us when it was killed.
  const furthest = Math.max(...acknowledged) + 5_000;
  const present = new Set<number>();
  for (let number = 0; number <= furthest; number++) {
    const [left, right] = await store.getMany(tag, [`left-${number}`, `right-${number}`]);
    expect(left, `half of batch ${number}`).equals(right);
    if (left !== undefined) present.add(number);
  }
  // Batch n removes what batch n-500 wrote; 64 are under way together.
  const newest = Math.max(...present);
  const lost = acknowledged.filter((number) => number > newest - 500 + 64 && !present.has(number));
  expect(lost, "acknowledged and lost").deep.equals([]);
}

describe("the store on LMDB", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "porteiro-store.lmdb-"));
  });
  after(() => rm(folder, { recursive: true }));
  const options = (): StoreOptions => ({ kind: "lmdb", path: join(folder, "store") });

  storeContract(options);
  clientChangesContract(options);

  it("kill -9 in a stream of batches keeps the acknowledged ones and no half ones", async () => {
    for (const [round, delay] of [150, 300, 50].entries()) {
      const tag = `killed:${round}`;
      const child = fork(new URL("store-child.ts", import.meta.url), [JSON.stringify(options())]);
      await once(child, "message");
      const acknowledged: number[] = [];
      child.on("message", (number: number) => acknowledged.push(number));
      const order: ChildOrder = { streamTo: tag };
      child.send(order);
      await once(child, "message");
      await sleep(delay);
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
      const store = await openStore(options(), needs);
      await expectKept(store, tag, acknowledged);
      await store.put(tag, { name: "after", value: "works" });
      await store.close();
    }
  });

  it("sweeps expired entries from the disk, and nothing newer of the same name", async () => {
    const path = join(folder, "swept");
    let now = 1_000_000;
    const store = openLmdbStore({ path, clock: () => now, sweepIntervalMs: 5 });
    const names = Array.from({ length: 450 }, (_, i) => `n${i}`);
    await Promise.all(names.map((name) => store.put("t", { name, value: "x", ttlSeconds: 10 })));
    await store.put("t", { name: "n0", value: "replaced", ttlSeconds: 1000 });
    await store.put("t", { name: "n1", value: "for good" });
    now += 10_000;
    const disk = openLmdbFolder(path);
    const counts = () => [disk.entries, disk.expiries].map((table) => table.getCount());
    while (counts().join() !== "2,1") await sleep(10);
    expect(await store.getMany("t", ["n0", "n1", "n2"])).deep.equals(["replaced", "for good", undefined]);
    await disk.close();
    await store.close();
  });

  it("opened twice by one process, in the midst of its writes, is one store that the last one closes", async () => {
    const path = join(folder, "twice");
    const first = openLmdbStore({ path, clock: systemClock });
    for (let round = 0; round < 20; round++) {
      const when = [{ name: "none", is: "absent" } as const, { name: "nor", is: "absent" } as const];
      const written = first.batch({ tag: "t", when, put: [{ name: `n${round}`, value: "x", ttlSeconds: 60 }] });
      // LMDB's thread begins to write, and will wait for this thread to judge the conditions.
      await new Promise(setImmediate);
      const other = openLmdbStore({ path: join(path, "..", "twice"), clock: systemClock });
      await written;
      await other.close();
    }
    const second = openLmdbStore({ path, clock: systemClock });
    await first.close();
    expect((await first.state()).ready).equals(false);
    expect(await second.get({ tag: "t", name: "n19" })).equals("x");
    await second.put("t", { name: "after", value: "works" });
    await second.close();
    const third = openLmdbStore({ path, clock: systemClock });
    expect(await third.get({ tag: "t", name: "after" })).equals("works");
    await third.close();
  });

  it("is not ready when its disk is as good as full", async () => {
    const store = openLmdbStore({ path: join(folder, "no-room"), clock: systemClock, leastFreeBytes: Number.MAX_SAFE_INTEGER });
    const { ready, detail } = await store.state();
    expect(ready).equals(false);
    expect(detail).matches(/no-room: its disk has \d+ bytes left, expected \d+ at least\. Make room there\.$/);
    await store.close();
  });

  it("a full disk rejects as unavailable and stores no part of the batch, and the process lives on", async () => {
    const path = join(folder, "full");
    const file = fileURLToPath(new URL("store-child.ts", import.meta.url));
    // A limit on the size of files (blocks of 512 bytes) stands for a disk without room.
    const limited = `trap '' XFSZ; ulimit -f 4000; exec "$0" "$@"`;
    const args = ["-c", limited, process.execPath, file, JSON.stringify({ kind: "lmdb", path })];
    const child = spawn("sh", args, { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    await once(child, "message");
    const outcomes = new Map<number, BatchResult | ChildFailure>();
    for (let number = 0; number < 60; number++) {
      const when = number % 3 === 0 ? [] : [{ name: "none", is: "absent" } as const, { name: "nor", is: "absent" } as const].slice(number % 3 - 1);
      const put = [{ name: `left-${number}`, value: "x".repeat(60_000) }, { name: `right-${number}`, value: "y" }];
      const order: ChildOrder = { all: [{ call: "batch", batch: { tag: "t", when, put } }] };
      child.send(order);
      const [[outcome]] = await once(child, "message");
      outcomes.set(number, outcome);
    }
    child.disconnect();
    await once(child, "exit");
    const store = openLmdbStore({ path, clock: systemClock });
    for (const [number, outcome] of outcomes) {
      const [left, right] = await store.getMany("t", [`left-${number}`, `right-${number}`]);
      expect([left !== undefined, right !== undefined], `batch ${number}`).deep.equals("done" in outcome ? [true, true] : [false, false]);
      if ("failure" in outcome) expect(outcome.failure).matches(/^StoreUnavailableError: LMDB could not commit to .*Nothing of this write was stored/);
    }
    expect([...outcomes.values()].filter((outcome) => "failure" in outcome)).length.at.least(20);
    await store.put("t", { name: "after", value: "works" });
    await store.close();
  });

  it("three processes write as fast as they can, and every acknowledged entry is there", async () => {
    const path = join(folder, "busy");
    const children = [1, 2, 3].map(() => fork(new URL("store-child.ts", import.meta.url), [JSON.stringify({ kind: "lmdb", path })]));
    await Promise.all(children.map((child) => once(child, "message")));
    const acknowledged = children.map((child, i) => {
      const numbers: number[] = [];
      child.on("message", (number: number) => numbers.push(number));
      const order: ChildOrder = { streamTo: `busy:${i}` };
      child.send(order);
      return numbers;
    });
    await sleep(3000);
    expect(children.map(({ exitCode }) => exitCode)).deep.equals([null, null, null]);
    const gone = children.map((child) => once(child, "exit"));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(gone);
    const store = openLmdbStore({ path, clock: systemClock });
    for (const [i, numbers] of acknowledged.entries()) await expectKept(store, `busy:${i}`, numbers);
    await store.close();
  });
});

describe("the store on one Redis", () => {
  let servers: RedisServers<"standalone">;
  before(async () => {
    servers = await startRedis();
  });
  after(() => servers?.stop());

  storeContract(() => redisOptions(servers.connection));
  clientChangesContract(() => redisOptions(servers.connection));

  it("refuses a server that may evict, unless the settings accept it", () =>
    withSetting(servers.connection.url, "maxmemory-policy", "allkeys-lru", async () => {
      const error = await failureOf(openStore(redisOptions(servers.connection), needs));
      expect(error.message).matches(/maxmemory-policy allkeys-lru.*Set "maxmemory-policy noeviction".*requirePersistence/s);
      await (await openStore(redisOptions(servers.connection, { requirePersistence: false }), needs)).close();
    }));

  it("refuses a server that keeps nothing on disk, and accepts one with snapshots alone", async () => {
    await withSetting(servers.connection.url, "appendonly", "no", async () => {
      const error = await failureOf(openStore(redisOptions(servers.connection), needs));
      expect(error.message).matches(/appendonly no and save "".*Set "appendonly yes"/s);
      await withSetting(servers.connection.url, "save", "3600 1", async () => (await openStore(redisOptions(servers.connection), needs)).close());
    });
  });

  it("refuses, where an append-only file is required, a server that loses what it acknowledged since its last snapshot", async () => {
    const required = redisOptions(servers.connection, { requireAppendOnlyFile: true });
    await withSetting(servers.connection.url, "appendonly", "no", () =>
      withSetting(servers.connection.url, "save", "3600 1 300 100 60 10000", async () => {
        const error = await failureOf(openStore(required, needs));
        expect(error.message).matches(/appendonly no and save "3600 1 300 100 60 10000": a crash loses what was acknowledged.*Set "appendonly yes"/s);
        const { log, lines } = keptLog();
        await (await openStore(redisOptions(servers.connection), { ...needs, log })).close();
        expect(lines.join()).include("a crash loses what was acknowledged since the last snapshot").and.include("Redis may lose data");
      }),
    );
    await withSetting(servers.connection.url, "appendfsync", "no", async () => {
      expect((await failureOf(openStore(required, needs))).message).include("appendfsync no: a crash of its machine loses");
    });
    await (await openStore(required, needs)).close();
  });

  it("of the settings of production must have an append-only file, and nothing else waives that", async () => {
    const open = (profile: string) =>
      openSettingsStore({
        root,
        settings: loadSettings({ root, environment: {}, overrides: { ...production, profile, store: { kind: "redis", redis: { url: servers.connection.url } } } }),
        randomness: systemRandomness,
        ...needs,
      });
    await withSetting(servers.connection.url, "appendonly", "no", () =>
      withSetting(servers.connection.url, "save", "3600 1", async () => {
        expect((await failureOf(open("production"))).message).include("Redis would lose data");
        await (await open("directory-sandbox")).close();
      }),
    );
    await (await open("production")).close();
  });

  it("over TLS where the settings say so, and never in clear instead", async () => {
    const error = await failureOf(openStore(redisOptions({ ...servers.connection, tls: true }), needs));
    expect(isStoreUnavailable(error)).equals(true);
    expect(error.message).include(`Redis (${new URL(servers.connection.url).host}) was not ready`);
  });

  it("with the password of the settings", () =>
    withSetting(servers.connection.url, "requirepass", "a password", async () => {
      const store = await openStore(redisOptions({ ...servers.connection, password: "a password" }), needs);
      await store.put("t", { name: "with-password", value: "v" });
      expect(await store.get({ tag: "t", name: "with-password" })).equals("v");
      await store.close();
    }));

  it("says so when the server hides its settings, and opens when that is waived", async () => {
    const managed = await startRedis(["--rename-command", "CONFIG", ""]);
    try {
      const error = await failureOf(openStore(redisOptions(managed.connection), needs));
      expect(error.message).matches(/does not let us read its settings \(CONFIG GET.*set store\.redis\.requirePersistence to false/s);
      await (await openStore(redisOptions(managed.connection, { requirePersistence: false }), needs)).close();
    } finally {
      await managed.stop();
    }
  });

  it("of a version before 6.2 is refused before anything is written", async () => {
    const old = await relay(Number(new URL(servers.connection.url).port), (answer) => answer.replace(/(?<=redis_version:)\d/, "5"));
    const opening = openStore(redisOptions({ kind: "standalone", url: `redis://127.0.0.1:${old.port}` }), needs);
    const error = await failureOf(opening.then((store) => store.close()));
    await old.stop();
    expect(error.message).matches(/^127\.0\.0\.1:\d+ is Redis 5\.\S+\. Expected 6\.2 or later;/);
  });

  it("opens where the access list forbids to ask for the version", async () => {
    const redis = new Redis(servers.connection.url);
    await redis.call("ACL", "SETUSER", "limited", "on", ">a-password", "~*", "&*", "+@all", "-info");
    const url = servers.connection.url.replace("//", "//limited:a-password@");
    await (await openStore(redisOptions({ kind: "standalone", url }), needs)).close();
    await redis.call("ACL", "DELUSER", "limited");
    redis.disconnect();
  });

  it("is not ready while the server answers and refuses to write, and ready again behind it", async () => {
    const store = await openStore(redisOptions(servers.connection), needs);
    await withSetting(servers.connection.url, "maxmemory", "1", async () => {
      expect(await store.get({ tag: "t", name: "none" })).equals(undefined);
      const { ready, detail } = await store.state();
      expect(ready).equals(false);
      expect(detail).include("OOM");
    });
    while (!(await store.state()).ready) await sleep(50);
    await store.close();
  });

  it("asked for its state again and again, it looks once a second", async () => {
    const store = await openStore(redisOptions(servers.connection), needs);
    const redis = new Redis(servers.connection.url);
    const scripts = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
    await store.state();
    const before = await scripts();
    for (let asked = 0; asked < 100; asked++) expect((await store.state()).ready).equals(true);
    expect((await scripts()) - before).at.most(1);
    redis.disconnect();
    await store.close();
  });

  it("rejects a write that too few replicas acknowledged, and is not ready", async () => {
    const store = await openStore(redisOptions(servers.connection, { waitReplicas: 1, waitMilliseconds: 50 }), needs);
    expect((await store.state()).ready).equals(false);
    const error = await failureOf(store.put("t", { name: "a", value: "v" }));
    expect(isStoreUnavailable(error)).equals(true);
    expect(error.message).matches(/0 of 1 replicas \(waitReplicas\) acknowledged within 50 ms/);
    await store.close();
  });

  it("goes on after the server has forgotten its scripts", async () => {
    const store = await openStore(redisOptions(servers.connection), needs);
    await store.put("t", { name: "a", value: "1" });
    const redis = new Redis(servers.connection.url);
    await redis.script("FLUSH");
    redis.disconnect();
    await store.put("t", { name: "a", value: "2" });
    expect(await store.take({ tag: "t", name: "a" })).equals("2");
    await store.close();
  });

  it("never sends a write twice: a lost answer rejects, and the error holds no value", async () => {
    const store = await openStore(redisOptions(servers.connection), needs);
    const redis = new Redis(servers.connection.url);
    for (const [i, name] of ["x", "y", "z"].entries()) {
      // The server stops, takes the claim in, and loses the client before it could answer.
      await redis.call("CLIENT", "PAUSE", "200", "WRITE");
      const claim = failureOf(store.putIfAbsent("t", { name, value: `secret-${i}` }));
      await sleep(20);
      await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      const error = await claim;
      expect(isStoreUnavailable(error)).equals(true);
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.include("secret");
      await redis.call("CLIENT", "UNPAUSE");
      expect(await store.putIfAbsent("t", { name, value: "second try" })).equals((await store.get({ tag: "t", name })) === "second try");
    }
    redis.disconnect();
    await store.close();
  });
});

describe("the store on a Redis Cluster", () => {
  let servers: RedisServers<"cluster">;
  before(async () => {
    servers = await startRedisCluster();
  });
  after(() => servers?.stop());

  storeContract(() => redisOptions(servers.connection));
  clientChangesContract(() => redisOptions(servers.connection));

  it("is opened with a warning when no replica is waited for, whose lack a failover would show", async () => {
    const { log, lines } = keptLog();
    const redis = { mode: "cluster", nodes: servers.connection.nodes };
    const settings = loadSettings({ root, environment: {}, overrides: { store: { kind: "redis", redis } } });
    await (await openSettingsStore({ root, settings, clock: systemClock, randomness: systemRandomness, log })).close();
    expect(lines.join()).include("a failover of Redis may lose acknowledged writes");
  });

  it("looks at every master before it opens", async () => {
    const last = `127.0.0.1:${servers.connection.nodes.at(-1)?.port}`;
    await withSetting(`redis://${last}`, "maxmemory-policy", "volatile-ttl", async () => {
      const error = await failureOf(openStore(redisOptions(servers.connection), needs));
      expect(error.message).include(`${last} has maxmemory-policy volatile-ttl`);
    });
  });

  it("is not ready while any one of its masters refuses to write", async () => {
    const store = await openStore(redisOptions(servers.connection), needs);
    for (const { port } of servers.connection.nodes) {
      while (!(await store.state()).ready) await sleep(50);
      await withSetting(`redis://127.0.0.1:${port}`, "maxmemory", "1", async () => {
        while ((await store.state()).ready) await sleep(50);
      });
    }
    await store.close();
  });

  it("is not ready when any one of its masters is gone", async () => {
    const others = await startRedisCluster();
    try {
      const store = await openStore(redisOptions(others.connection), needs);
      expect((await store.state()).ready).equals(true);
      await others.killOne();
      while ((await store.state()).ready) await sleep(50);
      await store.close();
    } finally {
      await others.stop();
    }
  });
});

describe("the store behind Redis Sentinel", () => {
  let servers: SentinelGroup;
  before(async () => {
    servers = await startRedisSentinel();
  });
  after(() => servers?.stop());
  const options = () => redisOptions(servers.connection, { waitReplicas: 1 });

  it("the master dies: calls succeed or are unavailable, nothing acknowledged is lost, and it works again", async () => {
    const store = await openStore(options(), needs);
    const acknowledged: string[] = [];
    const errors: unknown[] = [];
    let number = 0;
    const claims = async (enough: () => boolean) => {
      while (!enough()) {
        const name = `claim-${number++}`;
        try {
          // Each name is claimed once: "already there" could only be about its own first try.
          expect(await store.putIfAbsent("failover", { name, value: name }), name).equals(true);
          acknowledged.push(name);
        } catch (error) {
          if (!isStoreUnavailable(error)) throw error;
          errors.push(error);
          await sleep(20);
        }
      }
    };
    const workers = (enough: () => boolean) => Promise.all(Array.from({ length: 8 }, () => claims(enough)));
    await workers(() => acknowledged.length >= 200);
    const killed = servers.killMaster();
    await workers(() => errors.length > 0 && acknowledged.length >= 200);
    await killed;
    const soFar = acknowledged.length;
    await workers(() => acknowledged.length >= soFar + 200);
    await servers.agreed();
    await expectAll(store, acknowledged);
    await store.close();
  });

  async function expectAll(store: Store, names: readonly string[]): Promise<void> {
    expect(await store.getMany("failover", names)).deep.equals(names);
  }

  storeContract(options);
  clientChangesContract(options);
});
