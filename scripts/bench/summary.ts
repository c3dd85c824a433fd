import type { LoadFigures } from "./load-run.ts";
import { median } from "./statistics.ts";

/** One line's figures over all rounds: medians, and sums where it is errors. */
export interface Summary {
  readonly operationsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the server processes for one operation. */
  readonly cpuMicroseconds: number;
  /** CPU time of Redis for one operation; 0 where there is none. */
  readonly storeCpuMicroseconds: number;
  readonly loadBusy: number;
  readonly errors: number;
  readonly firstError: string | undefined;
}

export function summarise(rounds: readonly LoadFigures[]): Summary {
  const middle = (figure: (round: LoadFigures) => number): number => median(rounds.map(figure));
  return {
    operationsPerSecond: middle((round) => round.operationsPerSecond),
    p50Ms: middle((round) => round.p50Ms),
    p99Ms: middle((round) => round.p99Ms),
    cpuMicroseconds: middle((round) => round.serverCpuMicroseconds / round.operations),
    storeCpuMicroseconds: middle((round) => round.storeCpuMicroseconds / round.operations),
    loadBusy: middle((round) => round.loadBusy),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
    firstError: rounds.find((round) => round.firstError !== undefined)?.firstError,
  };
}

/** How many times as many operations a second as the other: the median of the ratios round by round. */
export function ratioOf(rounds: readonly LoadFigures[], other: readonly LoadFigures[]): number {
  return median(
    rounds.flatMap((round, index) => {
      const beside = other[index];
      return beside && beside.operations > 0 ? [round.operationsPerSecond / beside.operationsPerSecond] : [];
    }),
  );
}
