import { resolve } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { openSettingsStore } from "../../src/composition/open-settings-store.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createLog } from "../../src/kernel/log.ts";
import { createSecretBox, derivedKey } from "../../src/kernel/secret-box.ts";
import { createTrailBeginning } from "../../src/oidc/signing-keys.ts";
import type { Walk } from "../../src/policy/audit/read-trail.ts";
import { readEncryptionKey } from "../../src/settings/encryption-key.ts";
import { loadSettings } from "../../src/settings/load-settings.ts";
import type { Store } from "../../src/store/store.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startServerProcess, type ServerProcess } from "../support/server-process.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { startRedisOnFiles, type RedisOnFiles } from "./redis-on-files.ts";

const root = resolve(import.meta.dirname, "../..");

export type StoreKind = "lmdb" | "redis";
/** What is killed with -9. */
export type Blow = "server" | "redis" | "server and redis";

/** A bank whose server, and whose Redis, is killed and started again on what is left. */
export interface BatteredBank {
  readonly directory: SandboxDirectory;
  /** How to call the server that runs at the moment, or none. */
  readonly server: TestServer;
  /** Whether a blow has fallen: from then on nothing is promised of an answer until `recover` is through. */
  readonly down: boolean;
  /** Starts the server; or after a blow whatever that has ended, and waits until it serves again. */
  recover(): Promise<void>;
  strike(blow: Blow): Promise<void>;
  /** Asks the server to stop, as an operator would; its exit code. */
  stopServer(): Promise<number | null | undefined>;
  /** Work on the store beside the server, as a second process would. */
  withStore<T>(work: (store: Store, trail: Pick<Walk, "beginning" | "sealKey">) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** Prepares it; the server does not run yet. */
export async function createBatteredBank(kind: StoreKind): Promise<BatteredBank> {
  const directory = await startSandboxDirectory();
  const redis = kind === "redis" ? await startRedisOnFiles() : undefined;
  const store = redis === undefined ? {} : { store: { kind, redis: { url: redis.url } } };
  const noLimits = { consents: { requestsPerMinuteAndClient: 0, requestsPerMinute: 0 } };
  // Started once in this process to get settings and ports; from then on the same runs as a process of its own.
  const server = await startTestServer({ directory, settings: { ...store, ...noLimits, logLevel: "error" } });
  await server.stop();
  return batteredBank(directory, server, redis);
}

function batteredBank(directory: SandboxDirectory, server: TestServer, redis: RedisOnFiles | undefined): BatteredBank {
  let running: ServerProcess | undefined;
  let redisKilled = false;
  let down = true;
  const settings = loadSettings({ root, environment: {}, overrides: server.settings });
  const surroundings = { root, settings, clock: systemClock, randomness: systemRandomness, log: createLog("fatal") };
  const encryptionKey = readEncryptionKey(root, settings.secrets, systemRandomness);
  const box = createSecretBox(encryptionKey, "signing-keys", systemRandomness);
  const dieWithUs = () => running?.child.kill("SIGKILL");
  process.once("exit", dieWithUs);

  return {
    directory,
    server,
    get down() {
      return down;
    },
    async recover() {
      if (redisKilled) {
        await redis?.start();
        redisKilled = false;
      }
      running ??= await startOnFreedPorts(server.settings);
      await ready(settings.listeners.ops.port);
      down = false;
    },
    async strike(blow) {
      down = true;
      const ended: Promise<unknown>[] = [];
      if (blow !== "redis") {
        ended.push(running?.stop("SIGKILL") ?? Promise.resolve());
        running = undefined;
      }
      if (blow !== "server") {
        redisKilled = true;
        ended.push(redis?.kill() ?? Promise.resolve());
      }
      await Promise.all(ended);
    },
    async stopServer() {
      down = true;
      const stopping = running;
      running = undefined;
      return stopping?.stop();
    },
    async withStore(work) {
      const store = await openSettingsStore(surroundings);
      try {
        return await work(store, { beginning: createTrailBeginning({ store, box, realm: "openbanking_brasil" }), sealKey: derivedKey(encryptionKey, "audit") });
      } finally {
        await store.close();
      }
    },
    async stop() {
      await running?.stop("SIGKILL");
      process.off("exit", dieWithUs);
      await redis?.remove();
      await directory.stop();
    },
  };
}

/** While the server was dead, a connection of somebody else may have been given one of its ports for a moment. */
async function startOnFreedPorts(settings: TestServer["settings"]): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startServerProcess(settings);
    } catch (error) {
      if (attempt === 5 || !String(error).includes("EADDRINUSE")) {
        throw error;
      }
      await rest(500);
    }
  }
}

async function ready(opsPort: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${opsPort}/ready`).catch(() => undefined);
    await answer?.text();
    if (answer?.ok) {
      return;
    }
    await rest(25);
  }
  throw new Error("the server was not ready again within 15 s");
}
