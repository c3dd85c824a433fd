import { Cluster, type Redis } from "ioredis";
import type { Log } from "../kernel/log.ts";
import type { RedisClient } from "./redis-connection.ts";

const waiver = "set requirePersistence to false if you accept the loss";

/**
 * Refuses servers that forget: the store holds registrations and consents, it is no cache. In a Cluster every master
 * is looked at.
 * @throws Error naming the server, its setting, what was found and how to mend it; only logged when not required.
 */
export async function checkRedisServers(client: RedisClient, required: boolean, log: Log): Promise<void> {
  const masters = client instanceof Cluster ? client.nodes("master") : [client];
  const problems = (await Promise.all(masters.map(problemsOf))).flat();
  if (problems.length === 0) return;
  if (required) throw new Error(`Redis would lose data.\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  log.warn({ problems }, "Redis may lose data; the settings accept it");
}

async function problemsOf(server: Redis): Promise<string[]> {
  const { host, port } = server.options;
  const where = server.options.sentinels ? `the master ${server.options.name}` : `${host}:${port}`;
  let settings: Record<string, string>;
  try {
    settings = await readSettings(server);
  } catch (error) {
    return [
      `${where} does not let us read its settings (CONFIG GET: ${error instanceof Error ? error.message : error}), as managed ` +
        `services do. Make sure of maxmemory-policy noeviction and of persistence yourself, then ${waiver}.`,
    ];
  }
  return [...evictionProblem(where, settings), ...persistenceProblem(where, settings)];
}

async function readSettings(server: Redis): Promise<Record<string, string>> {
  const names = ["maxmemory-policy", "appendonly", "save"];
  const flat = (await Promise.all(names.map((name) => server.config("GET", name)))).flat().map(String);
  return Object.fromEntries(names.map((name) => [name, flat[flat.indexOf(name) + 1] ?? ""]));
}

function evictionProblem(where: string, settings: Record<string, string>): string[] {
  const policy = settings["maxmemory-policy"];
  if (policy === "noeviction") return [];
  return [
    `${where} has maxmemory-policy ${policy}: it throws entries away when memory runs short. ` +
      `Set "maxmemory-policy noeviction", or ${waiver}.`,
  ];
}

function persistenceProblem(where: string, settings: Record<string, string>): string[] {
  const { appendonly, save } = settings;
  if (appendonly === "yes" || save !== "") return [];
  return [
    `${where} has appendonly ${appendonly} and save "": a restart loses everything. ` +
      `Set "appendonly yes" (best with "appendfsync always") or a save rule, or ${waiver}.`,
  ];
}
