import { resolve } from "node:path";
import type { Settings } from "../settings/settings-schema.ts";
import { openStore, type StoreOptions } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import type { Surroundings } from "./surroundings.ts";

/** Opens the store that the settings name. */
export async function openSettingsStore({ root, settings, clock, log }: Surroundings): Promise<Store> {
  const { kind, redis } = settings.store;
  if (kind === "redis" && redis.mode !== "standalone" && redis.waitReplicas === 0) {
    log.warn({ setting: "store.redis.waitReplicas" }, "a failover of Redis may lose acknowledged writes: no replica is waited for");
  }
  return openStore(storeOptions(root, settings), { clock, log });
}

function storeOptions(root: string, { profile, store: { kind, lmdb, redis } }: Settings): StoreOptions {
  if (kind === "lmdb") {
    return { kind, path: resolve(root, lmdb.path), mapSizeBytes: lmdb.mapSizeMegabytes * 1024 * 1024 };
  }
  const { keyPrefix, waitReplicas, waitMilliseconds, requirePersistence } = redis;
  const requireAppendOnlyFile = profile === "production";
  return { kind, connection: redisConnection(redis), keyPrefix, waitReplicas, waitMilliseconds, requirePersistence, requireAppendOnlyFile };
}

function redisConnection(redis: Settings["store"]["redis"]): Extract<StoreOptions, { kind: "redis" }>["connection"] {
  const secrets = { ...(redis.password === undefined ? {} : { password: redis.password }), tls: redis.tls };
  switch (redis.mode) {
    case "standalone":
      return { kind: "standalone", url: redis.url, ...secrets };
    case "sentinel": {
      const sentinelPassword = redis.sentinelPassword === undefined ? {} : { sentinelPassword: redis.sentinelPassword };
      return { kind: "sentinel", sentinels: redis.nodes, name: redis.sentinelName, ...secrets, ...sentinelPassword };
    }
    case "cluster":
      return { kind: "cluster", nodes: redis.nodes, ...secrets };
  }
}
