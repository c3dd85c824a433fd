import { Cluster, type Redis } from "ioredis";
import type { Log } from "../kernel/log.ts";
import type { RedisClient } from "./redis-connection.ts";

const waiver = "set store.redis.requirePersistence to false if you accept the loss, which the profile production does not";

/**
 * Refuses servers that forget: the store holds registrations and consents, it is no cache. In a Cluster every master
 * is looked at.
 * @throws Error naming the server, its version or setting, what was found and how to mend it; what is lost only logged
 *   when not required.
 */
export async function checkRedisServers(client: RedisClient, required: Required, log: Log): Promise<void> {
  const masters = client instanceof Cluster ? client.nodes("master") : [client];
  const outdated = (await Promise.all(masters.map(versionProblem))).flat();
  if (outdated.length > 0) throw new Error(outdated.join("\n"));
  const found = await Promise.all(masters.map(findingsOf));
  const forgetting = found.flatMap(({ forgets }) => forgets);
  const late = found.flatMap(({ writesLate }) => writesLate);
  const refused = [...(required.requirePersistence ? forgetting : []), ...(required.requireAppendOnlyFile ? late : [])];
  if (refused.length > 0) throw new Error(`Redis would lose data.\n${refused.map((problem) => `- ${problem}`).join("\n")}`);
  const problems = [...forgetting, ...late];
  if (problems.length > 0) log.warn({ problems }, "Redis may lose data; the settings accept it");
}

interface Required {
  readonly requirePersistence: boolean;
  readonly requireAppendOnlyFile: boolean;
}

/** What is wrong with a server. */
interface Findings {
  /** It loses what it holds, or hides whether it does. */
  readonly forgets: readonly string[];
  /** It keeps what it holds, and loses the latest of it. */
  readonly writesLate: readonly string[];
}

async function findingsOf(server: Redis): Promise<Findings> {
  const where = placeOf(server);
  let settings: Record<string, string>;
  try {
    settings = await readSettings(server);
  } catch (error) {
    const hidden =
      `${where} does not let us read its settings (CONFIG GET: ${error instanceof Error ? error.message : error}), as managed ` +
        `services do. Make sure of maxmemory-policy noeviction and of persistence yourself, then ${waiver}.`;
    return { forgets: [hidden], writesLate: [] };
  }
  return { forgets: [...evictionProblem(where, settings), ...persistenceProblem(where, settings)], writesLate: lateProblem(where, settings) };
}

function placeOf({ options }: Redis): string {
  return options.sentinels ? `the master ${options.name}` : `${options.host}:${options.port}`;
}

async function versionProblem(server: Redis): Promise<string[]> {
  // Who may not ask, as behind some access lists, finds out with the first write.
  return olderThanNeeded(placeOf(server), await server.info("server").catch(() => ""));
}

/** Redis 6.2 is the first whose SET answers with what was there before (GET), which the scripts ask for. */
export function olderThanNeeded(where: string, info: string): string[] {
  const [, version = "", major, minor] = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(info) ?? [];
  // The forks name the Redis that they are like.
  return version === "" || Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 2)
    ? []
    : [`${where} is Redis ${version}. Expected 6.2 or later; install one, the data can stay.`];
}

async function readSettings(server: Redis): Promise<Record<string, string>> {
  const names = ["maxmemory-policy", "appendonly", "appendfsync", "save"];
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

/** Redis answers before it writes: what a crash takes away is what came in since the last snapshot, or the last fsync. */
function lateProblem(where: string, settings: Record<string, string>): string[] {
  const { appendonly, appendfsync, save } = settings;
  const mend = `Set "appendonly yes" with "appendfsync always" (or "everysec", which loses a second)`;
  if (appendonly !== "yes") {
    return save === "" ? [] : [`${where} has appendonly ${appendonly} and save "${save}": a crash loses what was acknowledged since the last snapshot. ${mend}.`];
  }
  return appendfsync === "no" ? [`${where} has appendfsync no: a crash of its machine loses what the system had not written. ${mend}.`] : [];
}
