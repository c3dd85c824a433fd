import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import type { RedisConnection } from "../../src/store/redis-connection.ts";

interface Server {
  readonly port: number;
  readonly folder: string;
  readonly process: ChildProcess;
}

export interface RedisServers<Kind extends RedisConnection["kind"]> {
  readonly connection: Extract<RedisConnection, { kind: Kind }>;
  /** Kills every process and removes its folder. */
  stop(): Promise<void>;
}

const host = "127.0.0.1";
const running = new Set<Server>();

process.once("exit", () => {
  for (const server of running) discard(server);
});

function discard({ process, folder }: Server): void {
  process.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** One server on a port of its own, by default as durable as Redis gets (every write on disk before its answer). */
export async function startRedis(settings: readonly string[] = durable("always")): Promise<RedisServers<"standalone">> {
  const server = await startServer(settings);
  return { connection: { kind: "standalone", url: `redis://${host}:${server.port}` }, stop: () => stopServers([server]) };
}

export interface RedisCluster extends RedisServers<"cluster"> {
  /** Kills (-9) the last of its masters. */
  killOne(): Promise<void>;
}

/** A Cluster of three masters, made with redis-cli. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const settings = [...durable("everysec"), "--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  const servers = await Promise.all([startServer(settings), startServer(settings), startServer(settings)]);
  const nodes = servers.map(({ port }) => ({ host, port }));
  const create = ["--cluster", "create", ...nodes.map(({ port }) => `${host}:${port}`), "--cluster-yes"];
  await promisify(execFile)("redis-cli", create).catch(explainMissing);
  await Promise.all(servers.map(({ port }) => until(port, "the cluster is complete", clusterIsComplete)));
  return { connection: { kind: "cluster", nodes }, killOne: () => stopServers(servers.slice(-1)), stop: () => stopServers(servers) };
}

export interface SentinelGroup extends RedisServers<"sentinel"> {
  /** Kills (-9) whatever is the master now; the sentinels promote a replica within a few seconds. */
  killMaster(): Promise<void>;
  /** Waits until every sentinel names the same living master: until then clients may be told of the change once more. */
  agreed(): Promise<void>;
}

/** A master, two replicas, and three sentinels that watch them. */
export async function startRedisSentinel(): Promise<SentinelGroup> {
  const settings = [...durable("everysec"), "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"];
  const master = await startServer(settings);
  const follow = [...settings, "--replicaof", host, String(master.port)];
  const replicas = await Promise.all([startServer(follow), startServer(follow)]);
  // Sentinels ask a healthy master for its replicas every ten seconds only, so the replicas have to be there first.
  await until(master.port, "both replicas follow", bothReplicasFollow);
  const name = "porteiro-test";
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(name, master.port)));
  await Promise.all(sentinels.map(({ port }) => until(port, "the sentinels know all", (redis) => sentinelKnowsAll(redis, name))));
  const masterNamedBy = ({ port }: Server) => asking(port, async (redis) => String(((await redis.call("SENTINEL", "get-master-addr-by-name", name)) as unknown[])[1]));
  return {
    async agreed() {
      const alive = [master, ...replicas].filter(({ process: child }) => child.exitCode === null && child.signalCode === null).map(({ port }) => String(port));
      for (let attempt = 0; attempt < 300; attempt++) {
        const named = new Set(await Promise.all(sentinels.map((sentinel) => masterNamedBy(sentinel).catch(() => ""))));
        const [one] = named;
        if (named.size === 1 && one !== undefined && alive.includes(one)) {
          // What the last of them publishes to its clients is still on its way.
          await sleep(1_000);
          return;
        }
        await sleep(50);
      }
      throw new Error("waited in vain until the sentinels agree on a living master.");
    },
    connection: { kind: "sentinel", name, sentinels: sentinels.map(({ port }) => ({ host, port })) },
    stop: () => stopServers([...sentinels, ...replicas, master]),
    async killMaster() {
      const port = sentinels[0] && (await masterNamedBy(sentinels[0]));
      const current = [master, ...replicas].find((server) => String(server.port) === port);
      if (!current) throw new Error(`The sentinels name no master of this group: ${port}.`);
      current.process.kill("SIGKILL");
    },
  };
}

function durable(appendfsync: "always" | "everysec"): string[] {
  return ["--appendonly", "yes", "--appendfsync", appendfsync, "--save", ""];
}

async function startSentinel(name: string, masterPort: number): Promise<Server> {
  const watch = [
    `sentinel monitor ${name} ${host} ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} 4000`,
    `sentinel failover-timeout ${name} 3000`,
  ];
  return startServer([], watch);
}

/** With sentinel lines it is a sentinel, which keeps what it learns in its configuration file. */
async function startServer(settings: readonly string[], sentinelLines: readonly string[] = []): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "porteiro-redis-"));
  const port = await freePort();
  const file = join(folder, "redis.conf");
  await writeFile(file, [`bind ${host}`, `port ${port}`, `dir ${folder}`, "loglevel warning", ...sentinelLines, ""].join("\n"));
  const args = [file, ...settings, ...(sentinelLines.length > 0 ? ["--sentinel"] : [])];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const server = { port, folder, process: child };
  running.add(server);
  // Either event alone would leave the other unhandled for ever.
  const failed = Promise.race([
    once(child, "exit").then(([code]) => new Error(`redis-server ended with ${code}: ${output}`)),
    once(child, "error").then(([error]) => error, (error: unknown) => error),
  ]);
  const trouble = await Promise.race([failed, until(port, "it answers", (redis) => redis.ping())]);
  if (trouble instanceof Error) explainMissing(trouble);
  return server;
}

function explainMissing(error: NodeJS.ErrnoException): never {
  if (error.code !== "ENOENT") throw error;
  throw new Error("redis-server and redis-cli are missing. Install Debian's package redis-server: apt-get install redis-server");
}

async function stopServers(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    running.delete(server);
    const { process: child } = server;
    const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    child.kill("SIGKILL");
    await gone;
    discard(server);
  }
}

/** A free port whose cluster bus port, 10,000 higher, is free too. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(0);
    if (port <= 55_000 && (await listenOnce(port + 10_000).catch(() => 0)) > 0) return port;
  }
}

async function listenOnce(wanted: number): Promise<number> {
  const server = createServer().listen(wanted, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function asking<T>(port: number, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host, port, lazyConnect: true, retryStrategy: null });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

async function until(port: number, what: string, holds: (redis: Redis) => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await asking(port, holds).catch(() => false)) return;
    await sleep(50);
  }
  throw new Error(`redis-server on port ${port}: waited in vain until ${what}.`);
}

async function clusterIsComplete(redis: Redis): Promise<boolean> {
  const info = String(await redis.cluster("INFO"));
  return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
}

async function bothReplicasFollow(redis: Redis): Promise<boolean> {
  return ((await redis.info("replication")).match(/state=online/g) ?? []).length === 2;
}

async function sentinelKnowsAll(redis: Redis, name: string): Promise<boolean> {
  const flat = ((await redis.call("SENTINEL", "MASTER", name)) as unknown[]).map(String);
  const field = (key: string) => flat[flat.indexOf(key) + 1];
  return field("num-slaves") === "2" && field("num-other-sentinels") === "2";
}
