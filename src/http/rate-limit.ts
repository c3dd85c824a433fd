import { LRUCache } from "lru-cache";
import { networkOf } from "../kernel/caller-network.ts";
import type { Clock } from "../kernel/clock.ts";

export interface RateLimit {
  /** Counts one call of this caller (a certificate's thumbprint, an address): 0 when it may go on, else the seconds to wait. */
  take(caller: string): number;
  /** The same for the next call, without counting it. */
  wait(caller: string): number;
}

interface Window {
  readonly began: number;
  calls: number;
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
  const windows = new LRUCache<string, Window>({ max: 10_000 });
  const current = (network: string, now: number): Window => {
    const known = windows.get(network);
    return known && now - known.began < minute ? known : { began: now, calls: 0 };
  };
  const secondsLeft = ({ began, calls }: Window, now: number): number =>
    calls < callsPerMinute ? 0 : Math.max(1, Math.ceil((began + minute - now) / 1000));
  return {
    take(caller) {
      if (callsPerMinute === 0) {
        return 0;
      }
      const now = clock();
      const network = networkOf(caller);
      const window = current(network, now);
      const seconds = secondsLeft(window, now);
      window.calls += 1;
      windows.set(network, window);
      return seconds;
    },
    wait(caller) {
      const now = clock();
      return callsPerMinute === 0 ? 0 : secondsLeft(current(networkOf(caller), now), now);
    },
  };
}
