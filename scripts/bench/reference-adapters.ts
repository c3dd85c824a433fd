import { Redis } from "ioredis";
import { open } from "lmdb";
import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";
import { systemClock } from "../../src/kernel/clock.ts";

/** Where the reference keeps its records. */
export type ReferenceStore =
  | { readonly kind: "memory" }
  | { readonly kind: "lmdb"; readonly path: string }
  | { readonly kind: "redis"; readonly port: number };

interface StoredRecord {
  readonly payload: AdapterPayload;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** The three things that differ between the stores. */
interface PlainStore {
  get(key: string): Promise<AdapterPayload | undefined>;
  set(key: string, payload: AdapterPayload, expiresIn: number | undefined): Promise<unknown>;
  remove(key: string): Promise<unknown>;
  close(): Promise<unknown>;
}

function record(payload: AdapterPayload, expiresIn: number | undefined): StoredRecord {
  return { payload, expiresAt: expiresIn === undefined ? undefined : systemClock() + expiresIn * 1000 };
}

function alive(found: StoredRecord | undefined): AdapterPayload | undefined {
  return found && (found.expiresAt === undefined || found.expiresAt > systemClock()) ? found.payload : undefined;
}

function memoryStore(): PlainStore {
  const records = new Map<string, StoredRecord>();
  return {
    get: async (key) => alive(records.get(key)),
    set: async (key, payload, expiresIn) => records.set(key, record(payload, expiresIn)),
    remove: async (key) => records.delete(key),
    close: async () => records.clear(),
  };
}

/** Each write is awaited until it is on disk, as the server's own store does it. */
function lmdbStore(path: string): PlainStore {
  const records = open<StoredRecord, string>({ path, overlappingSync: false });
  return {
    get: async (key) => alive(records.get(key)),
    set: (key, payload, expiresIn) => records.put(key, record(payload, expiresIn)),
    remove: (key) => records.remove(key),
    close: () => records.close(),
  };
}

function redisStore(port: number): PlainStore {
  const redis = new Redis({ host: "127.0.0.1", port });
  return {
    async get(key) {
      const found = await redis.get(key);
      return found === null ? undefined : JSON.parse(found);
    },
    set: (key, payload, expiresIn) =>
      expiresIn === undefined
        ? redis.set(key, JSON.stringify(payload))
        : redis.set(key, JSON.stringify(payload), "EX", expiresIn),
    remove: (key) => redis.del(key),
    close: () => redis.quit(),
  };
}

function openPlainStore(where: ReferenceStore): PlainStore {
  switch (where.kind) {
    case "memory":
      return memoryStore();
    case "lmdb":
      return lmdbStore(where.path);
    case "redis":
      return redisStore(where.port);
  }
}

/** No workload looks a session up or revokes by grant. */
const notMeasured = async (): Promise<never> => {
  throw new Error("No workload of the bench may come here");
};

/** The plainest adapter that oidc-provider runs on: one key a record, no index, no batch, no condition. */
export function createReferenceAdapter(where: ReferenceStore): { readonly adapter: AdapterFactory; close(): Promise<unknown> } {
  const store = openPlainStore(where);
  return { adapter: adapterOn(store), close: store.close };
}

function adapterOn(store: PlainStore): AdapterFactory {
  return (model): Adapter => ({
    find: (id) => store.get(`${model}:${id}`),
    async upsert(id, payload, expiresIn) {
      await store.set(`${model}:${id}`, payload, expiresIn);
    },
    async destroy(id) {
      await store.remove(`${model}:${id}`);
    },
    async consume(id) {
      const key = `${model}:${id}`;
      const found = await store.get(key);
      const now = Math.floor(systemClock() / 1000);
      await store.set(key, { ...found, consumed: now }, found?.exp === undefined ? undefined : found.exp - now);
    },
    findByUid: notMeasured,
    findByUserCode: notMeasured,
    revokeByGrantId: notMeasured,
  });
}
