import { systemClock, type Clock } from "../../src/kernel/clock.ts";

export interface MovableClock {
  readonly clock: Clock;
  forward(seconds: number): void;
}

/** The real time, set forward by hand: for what ages. */
export function createMovableClock(): MovableClock {
  let ahead = 0;
  return {
    clock: () => systemClock() + ahead,
    forward(seconds) {
      ahead += seconds * 1000;
    },
  };
}
