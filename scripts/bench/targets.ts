import { fewestConnections, measuredServer, twoProcesses, verifier, type Cell, type Workload } from "./plan.ts";
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
  /** Whose own ratio of the same two lines is what nobody can avoid: so much less is enough. Not asked where it was not measured. */
  readonly allowing?: string;
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
    // Of 2,000 keys none is in a cache of the processor when it is asked for, whoever verifies with them.
    allowing: verifier,
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

function ratioVerdict({ atLeast, atMost, againstName, allowing }: RatioTarget, ratio: number, allowance: number | undefined): Verdict {
  const least = (atLeast ?? Number.NEGATIVE_INFINITY) * (allowance ?? 1);
  const met = ratio >= least && ratio <= (atMost ?? Number.POSITIVE_INFINITY);
  const limit = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
  const allowed = allowance === undefined ? "" : ` x ${allowance.toFixed(2)}, the ${allowing}'s`;
  return { text: `${met ? "met" : "MISSED"}: ${ratio.toFixed(2)} ${limit} x ${againstName}${allowed}`, met };
}

/** What the server that a target allows for reaches itself, at most 1; undefined where that was not measured. */
function allowanceOf({ allowing: subject, against, measure }: RatioTarget, cell: Cell, find: FindRounds): number | undefined {
  const own = subject && find({ ...cell, subject });
  const other = subject && find({ ...against(cell), subject });
  return own && other ? Math.min(1, ratioOf(own, other, measure)) : undefined;
}

/** Judges one line by the targets; nothing where none applies or what to compare with was not measured. */
export function judge(cell: Cell, rounds: readonly LoadFigures[], find: FindRounds): Verdict | undefined {
  const target = ratioTargets.find(
    ({ subject, workload, clients }) =>
      cell.subject === subject && cell.workload === workload && (clients === undefined || clients === cell.clients),
  );
  const other = target && cell.connections >= fewestConnections ? find(target.against(cell)) : undefined;
  return target && other && ratioVerdict(target, ratioOf(rounds, other, target.measure), allowanceOf(target, cell, find));
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
