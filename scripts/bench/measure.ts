import type { AssertionBatches } from "./assertion-batches.ts";
import { bringUp, processesOf, type BringUpNeeds } from "./bring-up.ts";
import type { LoadFigures } from "./load-run.ts";
import { inTurn, passesOf, takes, visitsOf, type Cell, type Instance, type Pass, type Workload } from "./plan.ts";
import { prepareTraffic, type PrepareNeeds, type Up } from "./prepare-traffic.ts";
import type { MeasuredCell, MeasuredProcess } from "./report.ts";
import type { RunningServer } from "./subject.ts";
import type { Identity } from "./traffic.ts";

export interface BenchNeeds extends BringUpNeeds, PrepareNeeds {
  readonly workloads: readonly Workload[];
  readonly instances: readonly Instance[];
  readonly startHttps: () => Promise<RunningServer>;
  readonly httpsIdentity: Identity;
  readonly batches: AssertionBatches;
  readonly progress: (line: string) => void;
}

export interface BenchResult {
  readonly lines: readonly MeasuredCell[];
  readonly processes: readonly MeasuredProcess[];
  /** Every answer that was not the right one, the warm-up's too: one line for each measurement that had some. */
  readonly failures: readonly string[];
}

/** How many requests a second to prepare for before anything has been measured. */
const firstGuess = { oneConnection: 1_500, more: 4_000 };
const firstGuessOfOthers = { oneConnection: 600, more: 1_500 };
const spare = 1.25;

/** Starts everything, measures every line in every round, and says what came of it. The caller stops what was started. */
export async function measureAll(needs: BenchNeeds): Promise<BenchResult> {
  const https = await needs.startHttps();
  needs.onStarted(https.stop);
  const servers: Up[] = [];
  for (const instance of needs.instances) {
    needs.progress(`starting ${instance.subject} on ${instance.store} with ${instance.clients} clients`);
    servers.push(await bringUp(instance, needs));
  }

  const ledger = createLedger(needs.progress);
  const passes = passesOf(needs.scale);
  for (const [index, pass] of passes.entries()) {
    needs.progress(`[${index + 1}/${passes.length}] ${pass.title}`);
    await measureHttps(https, pass, needs, ledger);
    for (const workload of needs.workloads) {
      for (const visit of visitsOf(workload, pass, needs.scale)) await measureWorkload(servers, workload, { ...pass, visit }, needs, ledger);
    }
  }
  return { lines: ledger.lines(), processes: servers.flatMap(processesOf), failures: ledger.failures };
}

async function measureHttps(https: RunningServer, pass: Pass, needs: BenchNeeds, ledger: Ledger): Promise<void> {
  const target = { ports: https.ports, caPem: https.caPem, identities: [needs.httpsIdentity] };
  const figures = await needs.load.measure(target, { kind: "static", path: "/" }, pass, { server: https.pids, store: [] });
  const cell = { workload: "static answer", subject: "https", store: undefined, clients: undefined } as const;
  ledger.record(pass, { ...cell, connections: pass.connections }, figures);
}

async function measureWorkload(
  servers: readonly Up[],
  workload: Workload,
  pass: Pass & { readonly visit: number },
  needs: BenchNeeds,
  ledger: Ledger,
): Promise<void> {
  needs.batches.nextStep();
  const { connections } = pass;
  const guesses = workload === "client-credentials" ? firstGuess : firstGuessOfOthers;
  const rate = ledger.fastest(workload, connections) ?? (connections === 1 ? guesses.oneConnection : guesses.more);
  const assertions = Math.ceil((pass.warmSeconds + pass.measureSeconds) * rate * spare);
  const taking = servers.filter(({ instance }) => takes(instance, workload, needs.scale));
  for (const up of inTurn(pass.visit, taking)) {
    // Each process is given as much to do: how much it is given at once decides what a request costs it.
    const processes = up.running.pids.length;
    // Each has its code compiled by its own requests: two warm up for twice as long.
    const times = pass.round === undefined ? processes : 1;
    const amount = { connections: connections * processes, assertions: assertions * processes * times };
    const { target, traffic } = await prepareTraffic(up, workload, amount, needs);
    const bank = workload === "accounts-read" && up.running.bank ? [up.running.bank.pid] : [];
    const watched = { server: [...up.running.pids, ...bank], store: up.redis ? [up.redis.pid] : [] };
    const figures = await needs.load.measure(target, traffic, { ...pass, ...amount, measureSeconds: pass.measureSeconds * times }, watched);
    ledger.record(pass, { workload, ...up.instance, connections }, figures);
  }
}

interface Ledger {
  readonly failures: string[];
  record(pass: Pass, cell: Cell, figures: LoadFigures): void;
  /** The most operations a second that any server has reached. */
  fastest(workload: Workload, connections: number): number | undefined;
  lines(): MeasuredCell[];
}

function createLedger(progress: (line: string) => void): Ledger {
  const lines = new Map<string, MeasuredCell>();
  const failures: string[] = [];
  return {
    failures,
    record(pass, cell, figures) {
      const { workload, store, clients, subject } = cell;
      const name = [workload, store, clients && `${clients} clients`, subject].filter(Boolean).join(", ");
      progress(`  ${name}: ${Math.round(figures.operationsPerSecond).toLocaleString("en-US")}/s`);
      if (figures.errors > 0) {
        failures.push(`${pass.title}, ${name}: ${figures.errors} errors, the first: ${figures.firstError ?? "unknown"}`);
        progress(`  ${figures.errors} ERRORS: ${figures.firstError ?? "unknown"}`);
      }
      if (pass.round === undefined) return;
      const key = JSON.stringify(cell);
      const line = lines.get(key) ?? { cell, rounds: [] };
      line.rounds.push(figures);
      lines.set(key, line);
    },
    fastest(workload, connections) {
      const rates = [...lines.values()]
        .filter(({ cell }) => cell.workload === workload && cell.connections === connections)
        .flatMap(({ rounds }) => rounds.map(({ operationsPerSecond }) => operationsPerSecond));
      return rates.length === 0 ? undefined : Math.max(...rates);
    },
    lines: () => [...lines.values()],
  };
}
