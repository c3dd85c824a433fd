import { resolve } from "node:path";
import type { Settings } from "../settings/settings-schema.ts";
import { openStore, type StoreOptions } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import type { Surroundings } from "./surroundings.ts";

/** Opens the store that the settings name. */
export async function openSettingsStore({ root, settings, clock, log }: Surroundings): Promise<Store> {
  return openStore(storeOptions(root, settings.store), { clock, log });
}

function storeOptions(root: string, { kind, lmdb, redis }: Settings["store"]): StoreOptions {
  if (kind === "lmdb") {
    return { kind, path: resolve(root, lmdb.path), mapSizeBytes: lmdb.mapSizeMegabytes * 1024 * 1024 };
  }
  const { keyPrefix, waitReplicas, waitMilliseconds, requirePersistence } = redis;
  return { kind, connection: redisConnection(redis), keyPrefix, waitReplicas, waitMilliseconds, requirePersistence };
}

function redisConnection(redis: Settings["store"]["redis"]): Extract<StoreOptions, { kind: "redis" }>["connection"] {
  const secrets = { ...(redis.password === undefined ? {} : { password: redis.password }), tls: redis.tls };
  switch (redis.mode) {
    case "standalone":
      return { kind: "standalone", url: redis.url };
    case "sentinel": {
      const sentinelPassword = redis.sentinelPassword === undefined ? {} : { sentinelPassword: redis.sentinelPassword };
      return { kind: "sentinel", sentinels: redis.nodes, name: redis.sentinelName, ...secrets, ...sentinelPassword };
    }
    case "cluster":
      return { kind: "cluster", nodes: redis.nodes, ...secrets };
  }
}
