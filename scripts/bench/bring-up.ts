import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { takesJourneys, type Instance, type Scale } from "./plan.ts";
import type { Up } from "./prepare-traffic.ts";
import { anonymousBytes } from "./process-figures.ts";
import { startRedis } from "./redis-server.ts";
import type { MeasuredProcess } from "./report.ts";
import type { Subject } from "./subject.ts";

export interface BringUpNeeds {
  readonly subjects: readonly Subject[];
  readonly redisCore: number | undefined;
  readonly scale: Scale;
  readonly folder: string;
  /** Is told of everything that must be stopped, as soon as it runs. */
  readonly onStarted: (stop: () => Promise<void>) => void;
}

/** Starts a server of the plan, with a folder and, where it needs one, a Redis of its own. */
export async function bringUp(instance: Instance, needs: BringUpNeeds): Promise<Up> {
  const subject = needs.subjects.find(({ name }) => name === instance.subject);
  if (!subject) throw new Error(`There is no server named ${instance.subject}`);
  const name = `${instance.subject}-${instance.store}-${instance.clients}`.replaceAll(" ", "-");
  const folder = join(needs.folder, name);
  await mkdir(folder);
  const redis = instance.store === "redis" ? await startRedis(folder, needs.redisCore) : undefined;
  if (redis) needs.onStarted(redis.stop);
  const { store, clients } = instance;
  const running = await subject.start({ store, clients, folder, redisPort: redis?.port, withJourney: takesJourneys(instance, needs.scale) });
  needs.onStarted(running.stop);
  return { instance, running, redis, idleAnonymousBytes: running.pids.map(anonymousBytes) };
}

/** What each process of a server has needed by now. */
export function processesOf({ instance, running, idleAnonymousBytes }: Up): MeasuredProcess[] {
  return running.pids.map((pid, index) => ({
    ...instance,
    startMs: running.startMs,
    idleAnonymousBytes: idleAnonymousBytes[index] ?? Number.NaN,
    anonymousBytes: anonymousBytes(pid),
  }));
}
