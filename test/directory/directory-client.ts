import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCachedKeys, type CachedKeys } from "../../src/directory/cached-keys.ts";
import { createGuardedHttp, type GuardedHttp } from "../../src/directory/guarded-http.ts";
import { createLog } from "../../src/kernel/log.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import type { Store } from "../../src/store/store.ts";
import { startHttpsServer, type TestServer } from "./badly-behaved-server.ts";

export const times = { freshness: 300, maxStale: 86_400, coolDown: 30 };

/** Everything around the directory's client: a keystore server, a store on disk, a clock that tests move. */
export interface DirectoryClient {
  readonly server: TestServer;
  readonly http: GuardedHttp;
  readonly log: ReturnType<typeof createLog>;
  readonly clock: () => number;
  readonly store: Store;
  readonly keys: CachedKeys;
  moveClock(seconds: number): void;
  /** How long a call may take from now on: short where a server is silent, else long enough for a busy machine. */
  setTimeout(milliseconds: number): void;
  /** A new client over the same store and server, as another process or a restart would have. */
  anotherCache(capacity?: number): CachedKeys;
  close(): Promise<void>;
}

/** Starts all of it; `close` ends it and removes its files. */
export async function startDirectoryClient(): Promise<DirectoryClient> {
  const folder = await mkdtemp(join(tmpdir(), "porteiro-directory-"));
  const server = await startHttpsServer();
  const log = createLog("silent");
  let now = Date.now();
  let timeoutMs = 10_000;
  const clock = () => now;
  const store = openLmdbStore({ path: join(folder, "store"), clock });
  const http = createGuardedHttp({
    allowedHosts: [server.host],
    allowPrivateAddresses: true,
    get timeoutMs() {
      return timeoutMs;
    },
    maxBytes: 200_000,
    caPem: server.caPem,
    log,
  });
  const anotherCache = (capacity?: number) => createCachedKeys({ http, store, clock, log, times, ...(capacity !== undefined && { capacity }) });
  const keys = anotherCache();
  return {
    server,
    http,
    log,
    clock,
    store,
    keys,
    moveClock(seconds) {
      now += seconds * 1000;
    },
    setTimeout(milliseconds) {
      timeoutMs = milliseconds;
    },
    anotherCache,
    async close() {
      http.close();
      await keys.settled();
      await server.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}
