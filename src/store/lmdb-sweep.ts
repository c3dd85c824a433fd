import type { Clock } from "../kernel/clock.ts";
import type { LmdbFolder } from "./lmdb-folder.ts";

interface SweepNeeds extends Pick<LmdbFolder, "entries" | "expiries"> {
  readonly clock: Clock;
  readonly committed: <T>(commit: Promise<T>) => Promise<T>;
  readonly intervalMs: number;
}

const endLength = 15;

/** Entries removed in one go: well under a millisecond of the event loop. */
const sliceSize = 200;
const restBetweenSlicesMs = 5;

/**
 * Removes expired entries in the background, a slice at a time. Several processes may sweep one folder: an entry
 * goes only if its end is still the one noted, so that a newer entry of the same name stays.
 */
export function startExpirySweep(needs: SweepNeeds): { stop(): void } {
  let stopped = false;
  let timer = setTimeout(sweep, needs.intervalMs);
  timer.unref();

  async function sweep(): Promise<void> {
    let rest = needs.intervalMs;
    try {
      if ((await sweepSlice(needs)) === sliceSize) rest = restBetweenSlicesMs;
    } catch {
      // The store's own calls report what is wrong with it; the sweep tries again after its rest.
    }
    if (stopped) return;
    timer = setTimeout(sweep, rest);
    timer.unref();
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function sweepSlice({ entries, expiries, clock, committed }: SweepNeeds): Promise<number> {
  const end = (clock() + 1).toString().padStart(endLength, "0");
  const due = [...expiries.getKeys({ end, limit: sliceSize })];
  if (due.length === 0) return 0;
  const removals: Promise<unknown>[] = [];
  const commit = entries.batch(() => {
    for (const key of due) {
      removals.push(entries.remove(key.slice(endLength), Number(key.slice(0, endLength))), expiries.remove(key));
    }
  });
  await Promise.all([committed(commit), ...removals]);
  return due.length;
}
