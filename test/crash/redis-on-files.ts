import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePorts } from "../support/server.ts";

/** A Redis that writes everything to its files before it answers, and can be killed and started on them again. */
export interface RedisOnFiles {
  readonly url: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts on the files that are there, and waits until they are loaded. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

/** Starts one on a free port, in a folder of its own. */
export async function startRedisOnFiles(): Promise<RedisOnFiles> {
  const folder = await mkdtemp(join(tmpdir(), "porteiro-crash-redis-"));
  const [port = 0] = await freePorts(1);
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--loglevel", "warning", ...durable];
  let running: ChildProcess | undefined;

  const kill = async (): Promise<void> => {
    const child = running;
    running = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  };
  const dieWithUs = () => running?.kill("SIGKILL");
  process.once("exit", dieWithUs);

  const start = async (): Promise<void> => {
    const child = spawn("redis-server", args, { stdio: "ignore" });
    running = child;
    const failed = Promise.race([
      once(child, "exit").then(([code]) => new Error(`redis-server ended with ${String(code)} on the files in ${folder}`)),
      once(child, "error").then(([error]) => error as Error, (error: Error) => error),
    ]);
    const trouble = await Promise.race([failed, answers(port)]);
    if (trouble) {
      throw trouble;
    }
  };

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    async remove() {
      await kill();
      process.off("exit", dieWithUs);
      await rm(folder, { recursive: true });
    },
  };
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const redis = new Redis({ host: "127.0.0.1", port, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
    redis.on("error", () => {});
    try {
      await redis.connect();
      await redis.ping();
      return;
    } catch {
      await rest(25);
    } finally {
      redis.disconnect();
    }
  }
  throw new Error(`redis-server on port ${port} did not answer within 15 s`);
}
