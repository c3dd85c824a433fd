import cluster from "node:cluster";
import type { Command } from "commander";
import type { Surroundings } from "../composition/surroundings.ts";
import { systemClock } from "../kernel/clock.ts";
import { systemRandomness } from "../kernel/identifiers.ts";
import { createLog } from "../kernel/log.ts";
import { loadSettings } from "../settings/load-settings.ts";
import { onceAskedToStop } from "./stop-signal.ts";

/** Settings, clock, randomness and log of this process: read here and handed on. */
export function surroundingsOf(root: string, overrides: Readonly<Record<string, unknown>> = {}): Surroundings {
  const settings = loadSettings({ root, environment: process.env, overrides });
  return { root, settings, clock: systemClock, randomness: systemRandomness, log: createLog(settings.logLevel) };
}

/** `porteiro serve`: the authorization server from `config/`, in as many processes as `workers` says. */
export function registerServeCommand(program: Command, root: string): void {
  program
    .command("serve")
    .description("run the authorization server from config/ and the environment")
    .addHelpText("after", "\nSettings: config/README.md. Example: PORTEIRO_STORE_KIND=redis porteiro serve")
    .action(async () => {
      const surroundings = surroundingsOf(root);
      if (surroundings.settings.workers > 1 && cluster.isPrimary) {
        await supervise(surroundings);
        return;
      }
      // Loaded here, so that only who serves waits for the engine: every other command starts in half the time.
      const { startServer } = await import("../compose.ts");
      const server = await startServer(surroundings);
      tellReady(surroundings);
      await onceAskedToStop();
      await server.stop();
    });
}

/** Keeps the wanted number of workers running; one that dies is replaced, all of them stop together. */
async function supervise({ settings, log }: Surroundings): Promise<void> {
  let stopping = false;
  let ready = 0;
  cluster.on("message", () => {
    ready += 1;
    if (ready === settings.workers) {
      console.log(readyLine(settings));
    }
  });
  cluster.on("exit", (worker, code, signal) => {
    if (!stopping) {
      log.error({ worker: worker.process.pid, code, signal }, "a worker ended; starting another");
      setTimeout(() => cluster.fork(), 1_000);
    }
  });
  for (let count = 0; count < settings.workers; count += 1) {
    cluster.fork();
  }
  await onceAskedToStop();
  stopping = true;
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  const ended = workers.map((worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve())));
  workers.forEach((worker) => worker.process.kill("SIGTERM"));
  await Promise.all(ended);
}

function tellReady({ settings }: Surroundings): void {
  if (cluster.isWorker) {
    process.send?.("ready");
    return;
  }
  console.log(readyLine(settings));
}

function readyLine({ publicUrl, mtlsUrl, listeners }: Surroundings["settings"]): string {
  return `ready server ${publicUrl}/default/openbanking_brasil mtls ${mtlsUrl} ops http://${listeners.ops.host}:${listeners.ops.port}/ready`;
}
