/** `npm run bench`: how fast the server is, next to three references measured in the same run. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import { systemClock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createAssertionBatches } from "./assertion-batches.ts";
import { findCores } from "./cores.ts";
import { createEcosystem } from "./ecosystem.ts";
import { startLoadGenerator } from "./load-client.ts";
import { measureAll, type BenchResult } from "./measure.ts";
import { fullScale, planInstances, quickScale, takes, workloads, type Workload } from "./plan.ts";
import { redisIsInstalled } from "./redis-server.ts";
import { legend, reportLines, reportProcesses } from "./report.ts";
import { startBenchSandbox } from "./sandbox.ts";
import { startHttpsReference } from "./subject-references.ts";
import type { StoreKind } from "./subject.ts";
import { createSubjects } from "./subjects.ts";
import { summarise } from "./summary.ts";

interface Options {
  readonly quick: boolean;
  readonly only?: Workload;
  readonly store: "lmdb" | "redis" | "both";
  readonly rounds?: number;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Expected a whole number from 1 on.");
  return value;
}

function readOptions(): Options {
  return new Command("bench")
    .description("Measures the server next to a bare https server, a bare oidc-provider and a bare verifier of assertions, over mutual TLS.")
    .option("--quick", "one short round with 16 connections, within a minute: a smoke test with figures", false)
    .addOption(new Option("--only <workload>", "one workload instead of all").choices(workloads))
    .addOption(new Option("--store <store>", "the stores to measure on").choices(["lmdb", "redis", "both"]).default("both"))
    .option("--rounds <n>", "rounds to take the medians of (3; with --quick 1)", positive)
    .parse()
    .opts<Options>();
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function storesOf({ store, quick }: Options): StoreKind[] {
  const chosen: StoreKind[] = store === "both" ? ["lmdb", "redis"] : [store];
  if (chosen.includes("redis") && !redisIsInstalled()) {
    throw new Error("redis-server is missing: install Debian's package redis-server, or say --store lmdb");
  }
  // Memory is the references' own upper bound, worth its time only in a real measurement.
  return quick ? chosen : ["memory", ...chosen];
}

/** What stops everything again, whichever way the run ends. */
function createStops(): { add: (stop: () => Promise<void>) => void; all: () => Promise<void> } {
  const stops: (() => Promise<void>)[] = [];
  return {
    add: (stop) => void stops.push(stop),
    /** What was started last ends first: a server before its Redis, all of them before the directory. */
    async all() {
      for (const stop of stops.splice(0).toReversed()) await stop().catch(() => {});
    },
  };
}

async function writeResults(folder: string, options: Options, result: BenchResult): Promise<string> {
  const at = new Date(systemClock()).toISOString();
  const file = join(folder, `results-${at.replaceAll(/[:.]/g, "-")}.json`);
  const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  const lines = result.lines.map(({ cell, rounds }) => ({ ...cell, ...summarise(rounds), rounds }));
  await writeFile(file, `${JSON.stringify({ at, machine, options, lines, processes: result.processes, failures: result.failures }, null, 2)}\n`);
  return file;
}

async function main(): Promise<void> {
  const options = readOptions();
  const stores = storesOf(options);
  const scale = { ...(options.quick ? quickScale : fullScale), ...(options.rounds && { rounds: options.rounds }) };
  const cores = findCores();
  const pinnedTo = "unpinned" in cores ? undefined : cores;
  progress(
    "unpinned" in cores
      ? `nothing is pinned to a core: ${cores.unpinned}`
      : `servers and Redis on core ${cores.server.join(", ")}, load on core ${cores.load}`,
  );

  const results = fileURLToPath(new URL("../../var/bench/", import.meta.url));
  await mkdir(results, { recursive: true });
  const folder = await mkdtemp(join(results, "run-"));
  const stops = createStops();
  const cleanUp = async (): Promise<void> => {
    await stops.all();
    await rm(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void cleanUp().then(() => process.exit(130)));
  }

  try {
    const ecosystem = await createEcosystem(systemClock, Math.max(...scale.clients));
    progress("starting the sandbox directory");
    const clients = ecosystem.clients(Math.max(...scale.clients));
    const sandbox = await startBenchSandbox({ folder: join(folder, "sandbox"), clock: systemClock, randomness: systemRandomness, clients });
    stops.add(sandbox.stop);
    const needs = { ecosystem, sandbox, core: pinnedTo?.server[0], secondCore: pinnedTo?.server[1] ?? pinnedTo?.load, clock: systemClock };
    const subjects = createSubjects(needs);
    const chosen = options.only ? [options.only] : workloads;
    const load = startLoadGenerator(pinnedTo?.load);
    stops.add(load.stop);
    const result = await measureAll({
      scale,
      workloads: chosen,
      instances: planInstances(subjects, stores, scale.clients).filter((instance) =>
        chosen.some((workload) => takes(instance, workload, scale)),
      ),
      subjects,
      startHttps: () => startHttpsReference(needs, folder),
      httpsIdentity: ecosystem.tpp,
      load,
      batches: createAssertionBatches(folder, systemClock),
      tokens: scale.tokens,
      redisCore: pinnedTo?.server[0],
      folder,
      clock: systemClock,
      progress,
      onStarted: stops.add,
    });
    const file = await writeResults(results, options, result);
    console.log(`\n${reportLines(result.lines)}\n\n${reportProcesses(result.processes)}\n\n${legend}\n\nresults: ${file}`);
    if (result.failures.length > 0) {
      console.log(`\nERRORS\n${result.failures.join("\n")}`);
      process.exitCode = 1;
    }
  } finally {
    await cleanUp();
  }
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
