import { fewestConnections, measuredServer, twoProcesses, type Cell, type Workload } from "./plan.ts";
import type { LoadFigures } from "./load-run.ts";
import { cpuMicroseconds, operationsPerSecond, ratioOf, type Figure } from "./summary.ts";

/** What a target says about one measured line. */
export interface Verdict {
  readonly text: string;
  readonly met: boolean;
}

/** Finds the rounds of the line that a line is compared with. */
export type FindRounds = (cell: Cell) => readonly LoadFigures[] | undefined;

interface RatioTarget {
  readonly subject: string;
  readonly workload: Workload;
  /** The numbers of clients it holds for; all when left out. */
  readonly clients?: number;
  /** The line to compare with. */
  readonly against: (cell: Cell) => Cell;
  readonly againstName: string;
  readonly measure: Figure;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const bare = (cell: Cell): Cell => ({ ...cell, subject: "oidc-provider" });

/** Per core and on the same store. */
const ratioTargets: readonly RatioTarget[] = [
  {
    subject: measuredServer,
    workload: "client-credentials",
    clients: 10,
    against: bare,
    againstName: "bare",
    measure: operationsPerSecond,
    atLeast: 1,
  },
  {
    subject: measuredServer,
    workload: "client-credentials",
    clients: 2_000,
    against: (cell) => ({ ...cell, clients: 10 }),
    againstName: "with 10",
    measure: operationsPerSecond,
    atLeast: 0.95,
  },
  {
    subject: measuredServer,
    workload: "introspection",
    against: bare,
    againstName: "bare",
    measure: operationsPerSecond,
    atLeast: 2,
  },
  {
    subject: measuredServer,
    workload: "registration",
    against: bare,
    againstName: "bare",
    measure: operationsPerSecond,
    atLeast: 0.5,
  },
  ...(["pushed-request", "code-exchange"] as const).map((workload) => ({
    subject: measuredServer,
    workload,
    against: bare,
    againstName: "bare",
    measure: operationsPerSecond,
    atLeast: 1,
  })),
  {
    subject: twoProcesses,
    workload: "client-credentials",
    against: (cell) => ({ ...cell, subject: "porteiro" }),
    againstName: "CPU of one",
    measure: cpuMicroseconds,
    atMost: 1.15,
  },
];

const mostAnonymousMegabytes = 150;
const longestStartMs = 2_000;

function ratioVerdict(target: RatioTarget, ratio: number): Verdict {
  const met = ratio >= (target.atLeast ?? Number.NEGATIVE_INFINITY) && ratio <= (target.atMost ?? Number.POSITIVE_INFINITY);
  const limit = target.atLeast === undefined ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  return { text: `${met ? "met" : "MISSED"}: ${ratio.toFixed(2)} ${limit} x ${target.againstName}`, met };
}

/** Judges one line by the targets; nothing where none applies or what to compare with was not measured. */
export function judge(cell: Cell, rounds: readonly LoadFigures[], find: FindRounds): Verdict | undefined {
  const target = ratioTargets.find(
    ({ subject, workload, clients }) =>
      cell.subject === subject && cell.workload === workload && (clients === undefined || clients === cell.clients),
  );
  const other = target && cell.connections >= fewestConnections ? find(target.against(cell)) : undefined;
  return target && other && ratioVerdict(target, ratioOf(rounds, other, target.measure));
}

/** Judges what one server process needed. */
export function judgeProcess(figures: { readonly anonymousBytes: number; readonly startMs: number }): Verdict {
  const megabytes = figures.anonymousBytes / 1e6;
  const memory = megabytes < mostAnonymousMegabytes;
  const start = figures.startMs < longestStartMs;
  const text = [
    `memory ${memory ? "met" : "MISSED"} (< ${mostAnonymousMegabytes} MB)`,
    `start ${start ? "met" : "MISSED"} (< ${longestStartMs / 1000} s)`,
  ].join(", ");
  return { text, met: memory && start };
}
