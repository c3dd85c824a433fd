import { LRUCache } from "lru-cache";
import type { Clock } from "../kernel/clock.ts";

export interface RateLimit {
  /** Counts one call of this caller: 0 when it may go on, else the seconds to wait. */
  take(caller: string): number;
}

const minute = 60_000;

/**
 * Counts calls by caller in windows of a minute, in this process. A limit against accidents and floods, not a quota:
 * several processes each count for themselves.
 * @param callsPerMinute 0 switches the limit off
 */
export function createRateLimit(needs: { callsPerMinute: number; clock: Clock }): RateLimit {
  const { callsPerMinute, clock } = needs;
  // The cache sets the place for all of them aside at once. The ecosystem has some thousand callers.
  const windows = new LRUCache<string, { began: number; calls: number }>({ max: 10_000 });
  return {
    take(caller) {
      if (callsPerMinute === 0) {
        return 0;
      }
      const now = clock();
      const known = windows.get(caller);
      const window = known && now - known.began < minute ? known : { began: now, calls: 0 };
      window.calls += 1;
      windows.set(caller, window);
      return window.calls <= callsPerMinute ? 0 : Math.max(1, Math.ceil((window.began + minute - now) / 1000));
    },
  };
}
