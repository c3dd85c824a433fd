import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { startProcess, type StartedProcess } from "./child-process.ts";

export interface RedisServer extends StartedProcess {
  readonly port: number;
}

/** Whether Debian's redis-server is there. */
export function redisIsInstalled(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("Expected a TCP address");
  return address.port;
}

/** Starts a Redis of its own for one server: it never evicts, and writes its log to disk every second. */
export async function startRedis(folder: string, core: number | undefined): Promise<RedisServer> {
  const port = await freePort();
  const started = await startProcess({
    name: "redis-server",
    core,
    readyMark: "Ready to accept connections",
    command: `redis-server --port ${port} --bind 127.0.0.1 --appendonly yes --appendfsync everysec`
      .split(" ")
      .concat("--maxmemory-policy", "noeviction", "--save", "", "--dir", folder),
  });
  return { ...started, port };
}
