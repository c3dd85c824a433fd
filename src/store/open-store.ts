import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { StoreUnavailableError } from "./store-unavailable.ts";
import type { Store } from "./store.ts";

export type StoreOptions =
  | { readonly kind: "lmdb"; readonly path: string; readonly mapSizeBytes?: number }
  | {
      readonly kind: "redis";
      readonly connection: RedisConnection;
      readonly keyPrefix: string;
      readonly waitReplicas: number;
      readonly waitMilliseconds: number;
      readonly requirePersistence: boolean;
      readonly requireAppendOnlyFile: boolean;
    };

/**
 * Opens the store that the settings name.
 * @throws when it cannot be opened or reached, or would lose data (see requirePersistence).
 */
export async function openStore(options: StoreOptions, needs: { clock: Clock; log: Log }): Promise<Store> {
  // The other store's library would only lie in memory.
  if (options.kind === "redis") {
    const { openRedisStore } = await import("./redis-store.ts");
    return openRedisStore({ ...options, log: needs.log });
  }
  const { openLmdbStore } = await import("./lmdb-store.ts");
  return openLmdbStore({ ...options, clock: needs.clock });
}

/** Whether a call failed because the store did not confirm it: answer 503, and let the client try again. */
export function isStoreUnavailable(error: unknown): boolean {
  return error instanceof StoreUnavailableError;
}
