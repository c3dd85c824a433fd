import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { openLmdbStore } from "./lmdb-store.ts";
import type { Store } from "./store.ts";

export type StoreOptions =
  | { readonly kind: "lmdb"; readonly path: string; readonly mapSizeBytes?: number }
  | { readonly kind: "redis"; readonly connection: { kind: "standalone"; url: string } | { kind: "sentinel"; sentinels: readonly { host: string; port: number }[]; name: string; password?: string; sentinelPassword?: string; tls?: boolean } | { kind: "cluster"; nodes: readonly { host: string; port: number }[]; password?: string; tls?: boolean }; readonly keyPrefix: string; readonly waitReplicas: number; readonly waitMilliseconds: number; readonly requirePersistence: boolean };

export async function openStore(options: StoreOptions, needs: { clock: Clock; log: Log }): Promise<Store> {
  if (options.kind !== "lmdb") throw new Error("not yet");
  return openLmdbStore({ ...options, clock: needs.clock });
}
export function isStoreUnavailable(_error: unknown): boolean { return false; }
