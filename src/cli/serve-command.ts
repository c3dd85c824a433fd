import cluster from "node:cluster";
import type { Command } from "commander";
import type { Surroundings } from "../composition/surroundings.ts";
import { systemClock } from "../kernel/clock.ts";
import { systemRandomness } from "../kernel/identifiers.ts";
import { createLog } from "../kernel/log.ts";
import { loadSettings } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings-schema.ts";
import { onceAskedToStop } from "./stop-signal.ts";
import { superviseWorkers } from "./supervise-workers.ts";

/** Settings, clock, randomness and log of this process: read here and handed on. */
export function surroundingsOf(root: string, overrides: Readonly<Record<string, unknown>> = {}): Surroundings {
  return surroundingsWith(root, loadSettings({ root, environment: process.env, overrides }));
}

function surroundingsWith(root: string, settings: Settings): Surroundings {
  return { root, settings, clock: systemClock, randomness: systemRandomness, log: createLog(settings.logLevel) };
}

/** `porteiro serve`: the authorization server from `config/`, in as many processes as `workers` says. */
export function registerServeCommand(program: Command, root: string): void {
  program
    .command("serve")
    .description("run the authorization server from config/ and the environment")
    .addHelpText("after", "\nSettings: config/README.md. Example: PORTEIRO_STORE_KIND=redis porteiro serve")
    .action(async () => {
      // Loaded here, so that only who serves waits for it: every other command starts in half the time.
      const { checkedSettings } = await import("../composition/check-settings.ts");
      const surroundings = surroundingsWith(root, await checkedSettings({ root, environment: process.env }));
      const { settings, log } = surroundings;
      if (settings.workers > 1 && cluster.isPrimary) {
        await superviseWorkers({ count: settings.workers, log, allReady: () => console.log(readyLine(settings)) });
        return;
      }
      const { startServer } = await import("../compose.ts");
      const server = await startServer(surroundings);
      tellReady(surroundings);
      await onceAskedToStop();
      await server.stop();
      // The channel to the primary would keep a worker alive.
      cluster.worker?.disconnect();
    });
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
