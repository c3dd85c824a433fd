import cluster, { type Worker } from "node:cluster";
import type { Log } from "../kernel/log.ts";
import { onceAskedToStop } from "./stop-signal.ts";

export interface WorkersNeeds {
  readonly count: number;
  readonly log: Log;
  /** Called once, when all of them serve. */
  readonly allReady: () => void;
}

const restBeforeReplacement = 1_000;

/**
 * Keeps the wanted number of workers running until the process is asked to stop; one that dies is replaced, all of
 * them stop together. Resolves when the last one has ended.
 * @throws Error when a worker ends before it serves and no other one does: the next one would fare no better
 */
export async function superviseWorkers({ count, log, allReady }: WorkersNeeds): Promise<void> {
  const ready = new Set<number>();
  const replacements = new Set<NodeJS.Timeout>();
  let stopping = false;
  let told = false;

  cluster.on("message", ({ id }) => {
    ready.add(id);
    if (ready.size === count && !told) {
      told = true;
      allReady();
    }
  });
  const hopeless = new Promise<never>((_, giveUp) => {
    cluster.on("exit", ({ id, process: { pid } }, exitCode, signal) => {
      const served = ready.delete(id);
      if (stopping) {
        return;
      }
      if (!served && ready.size === 0) {
        giveUp(new Error(`a worker ended before it was ready (${signal ?? `exit code ${exitCode}`}), and no other one serves; the reason stands above`));
        return;
      }
      log.error({ worker: pid, exitCode, signal }, "a worker ended; starting another");
      const timer = setTimeout(() => {
        replacements.delete(timer);
        cluster.fork();
      }, restBeforeReplacement);
      replacements.add(timer);
    });
  });

  for (let started = 0; started < count; started += 1) {
    cluster.fork();
  }
  try {
    await Promise.race([onceAskedToStop(), hopeless]);
  } finally {
    stopping = true;
    replacements.forEach(clearTimeout);
    await Promise.all(workersAlive().map(ended));
  }
}

function workersAlive(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined && !worker.isDead()) as Worker[];
}

async function ended(worker: Worker): Promise<void> {
  const gone = new Promise((resolve) => worker.once("exit", resolve));
  worker.process.kill("SIGTERM");
  await gone;
}
