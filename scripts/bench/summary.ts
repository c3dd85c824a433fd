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

/** What is read of one round. */
export type Figure = (round: LoadFigures) => number;

export const operationsPerSecond: Figure = (round) => round.operationsPerSecond;
export const cpuMicroseconds: Figure = (round) => round.serverCpuMicroseconds / round.operations;

export function summarise(rounds: readonly LoadFigures[]): Summary {
  const middle = (figure: Figure): number => median(rounds.map(figure));
  return {
    operationsPerSecond: middle(operationsPerSecond),
    p50Ms: middle((round) => round.p50Ms),
    p99Ms: middle((round) => round.p99Ms),
    cpuMicroseconds: middle(cpuMicroseconds),
    storeCpuMicroseconds: middle((round) => round.storeCpuMicroseconds / round.operations),
    loadBusy: middle((round) => round.loadBusy),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
    firstError: rounds.find((round) => round.firstError !== undefined)?.firstError,
  };
}

/**
 * How many times the other's a figure is: the median of the ratios round by round, for what else the machine does falls on
 * both of a round. The other may have been measured less often in each round. NaN when nothing was measured of one of them.
 */
export function ratioOf(rounds: readonly LoadFigures[], other: readonly LoadFigures[], figure: Figure): number {
  return median(
    rounds.flatMap((round, index) => {
      const beside = other[Math.floor((index * other.length) / rounds.length)];
      return beside && beside.operations > 0 && round.operations > 0 ? [figure(round) / figure(beside)] : [];
    }),
  );
}
