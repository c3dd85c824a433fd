import { spawnSync } from "node:child_process";
import { startProcess, type StartedProcess } from "./child-process.ts";
import { freePorts } from "./free-ports.ts";

export interface RedisServer extends StartedProcess {
  readonly port: number;
}

/** Whether Debian's redis-server is there. */
export function redisIsInstalled(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

/**
 * Starts a Redis of its own for one server: it never evicts, and writes its log to disk every second. It never rewrites
 * that log: the process that does so takes the core, uncounted, from whoever is measured at that moment.
 */
export async function startRedis(folder: string, core: number | undefined): Promise<RedisServer> {
  const [port = 0] = await freePorts(1);
  const started = await startProcess({
    name: "redis-server",
    core,
    readyMark: "Ready to accept connections",
    command: `redis-server --port ${port} --bind 127.0.0.1 --appendonly yes --appendfsync everysec`
      .split(" ")
      .concat("--maxmemory-policy", "noeviction", "--auto-aof-rewrite-percentage", "0", "--save", "", "--dir", folder),
  });
  return { ...started, port };
}
