import { Cluster, Redis, type CommonRedisOptions } from "ioredis";
import type { Log } from "../kernel/log.ts";
import { sendTogether } from "./redis-writes.ts";
import { StoreUnavailableError } from "./store-unavailable.ts";

interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export type RedisConnection =
  | { readonly kind: "standalone"; readonly url: string; readonly password?: string; readonly tls?: boolean }
  | {
      readonly kind: "sentinel";
      readonly sentinels: readonly HostAndPort[];
      readonly name: string;
      readonly password?: string;
      readonly sentinelPassword?: string;
      readonly tls?: boolean;
    }
  | {
      readonly kind: "cluster";
      readonly nodes: readonly HostAndPort[];
      readonly password?: string;
      readonly tls?: boolean;
    };

export type RedisClient = Redis | Cluster;

const openWithinMs = 10_000;

/**
 * Nothing is ever sent twice by the client itself: a write whose answer was lost may have happened, and its repetition
 * would report "already there" about its own first try. Whatever is under way when a connection breaks is rejected.
 */
const common: CommonRedisOptions = {
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: 3000,
  // After a failover the old master says so in its answers; the sentinels know the new one.
  reconnectOnError: (error) => error.message.includes("READONLY"),
};

const retryDelay = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 5), 1000);

/**
 * Connects and waits until commands can be sent. Afterwards the client reconnects by itself, for ever.
 * @throws StoreUnavailableError when that does not come about within ten seconds.
 */
export async function connectRedis(connection: RedisConnection, log: Log): Promise<RedisClient> {
  const client = createClient(connection);
  sendTogether(client);
  let lastTrouble = "no answer";
  client.on("error", (error: Error) => {
    if (error.message !== lastTrouble) log.warn({ trouble: error.message }, "Redis connection");
    lastTrouble = error.message;
  });
  client.on("ready", () => {
    lastTrouble = "no answer";
    log.info({ redis: connectionName(connection) }, "Redis is ready");
  });
  const ready = new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    setTimeout(reject, openWithinMs).unref();
  });
  try {
    client.connect().catch(() => {});
    await ready;
    return client;
  } catch {
    client.disconnect();
    throw new StoreUnavailableError(
      `Redis (${connectionName(connection)}) was not ready within ${openWithinMs / 1000} s: ${lastTrouble}. ` +
        "Check that it runs, and that address, password and TLS are what the settings say.",
    );
  }
}

function createClient(connection: RedisConnection): RedisClient {
  switch (connection.kind) {
    case "standalone": {
      const { url, password, tls } = connection;
      const given = { ...(password === undefined ? {} : { password }), ...(tls ? { tls: {} } : {}) };
      return new Redis(url, { ...common, retryStrategy: retryDelay, ...given });
    }
    case "sentinel": {
      const { sentinels, name, password, sentinelPassword, tls } = connection;
      return new Redis({
        ...common,
        retryStrategy: retryDelay,
        sentinels: [...sentinels],
        name,
        sentinelRetryStrategy: retryDelay,
        // A master that was demoted without closing its connections would be found out too late otherwise.
        failoverDetector: true,
        ...(password === undefined ? {} : { password }),
        ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
        ...(tls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
      });
    }
    case "cluster": {
      const { nodes, password, tls } = connection;
      return new Cluster([...nodes], {
        lazyConnect: true,
        clusterRetryStrategy: retryDelay,
        // Zero switches off the repetition of what was under way when a node's connection broke.
        retryDelayOnFailover: 0,
        slotsRefreshInterval: 2000,
        // Certificates carry host names; without this the addresses of CLUSTER SLOTS are resolved first.
        ...(tls ? { dnsLookup: (address, callback) => callback(null, address) } : {}),
        redisOptions: { ...common, ...(password === undefined ? {} : { password }), ...(tls ? { tls: {} } : {}) },
      });
    }
  }
}

/** What it is connected to, without anything secret. */
export function connectionName(connection: RedisConnection): string {
  const list = (hosts: readonly HostAndPort[]) => hosts.map(({ host, port }) => `${host}:${port}`).join(", ");
  switch (connection.kind) {
    case "standalone":
      return new URL(connection.url).host;
    case "sentinel":
      return `master ${connection.name} of the sentinels ${list(connection.sentinels)}`;
    case "cluster":
      return `cluster at ${list(connection.nodes)}`;
  }
}
