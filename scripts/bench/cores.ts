import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Which processor cores the measured processes and the load keep to. */
export interface Cores {
  /** Cores of the server processes and of Redis, used in turn. */
  readonly server: readonly number[];
  readonly load: number;
}

/** The numbers in a kernel list such as `0-3,8`. */
export function coresInList(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last]) => {
    const from = Number(first);
    return Array.from({ length: Number(last ?? first) - from + 1 }, (_, offset) => from + offset);
  });
}

/** Gives the load the last core and the servers the others; undefined when there are fewer than two. */
export function assignCores(allowed: readonly number[]): Cores | undefined {
  const load = allowed.at(-1);
  return load === undefined || allowed.length < 2 ? undefined : { server: allowed.slice(0, -1), load };
}

/** The cores to pin to on this machine, or why nothing can be pinned. */
export function findCores(): Cores | { readonly unpinned: string } {
  if (availableParallelism() < 2) return { unpinned: "only one core is available" };
  if (spawnSync("taskset", ["--version"]).status !== 0) return { unpinned: "taskset (Debian: util-linux) is missing" };
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "";
  return assignCores(coresInList(list)) ?? { unpinned: `the allowed cores are "${list}"` };
}

/** Puts `taskset` before a command, so that it keeps to one core from its first instruction on. */
export function pinned(core: number | undefined, command: readonly string[]): [string, string[]] {
  const [program = "", ...rest] = core === undefined ? command : ["taskset", "-c", String(core), ...command];
  return [program, rest];
}
