import type { Clock } from "../../kernel/clock.ts";
import type { Store } from "../../store/store.ts";

export interface AttemptLimitRule {
  /** Names the limit in keys. */
  readonly kind: string;
  /** Failed attempts that are let through within the window. */
  readonly attempts: number;
  readonly windowSeconds: number;
}

/** Marks, beside the slots, that a lock has been written down. */
export const lockNote = "locked";

/** Where one attempt is counted, until it is given back. */
export interface AttemptSlot {
  readonly name: string;
  /** The entry that all attempts of the same subject are counted under. */
  readonly tag: string;
}

export interface AttemptLimit {
  /**
   * Counts an attempt before it is made, so that many at once cannot be more than the limit.
   * @param subject a hash: what is limited does not stand in a key in clear
   * @returns the slot, or the seconds (at least 1) until the next attempt is let through
   */
  claim(subject: string): Promise<AttemptSlot | { readonly waitSeconds: number }>;
  /** Gives one attempt back: it did not fail. */
  release(slot: AttemptSlot): Promise<void>;
  /** Forgets every attempt of the subject: the right one came. */
  clear(subject: string): Promise<void>;
  /** Whether all attempts of the subject are used up. */
  isFull(subject: string): Promise<boolean>;
}

/**
 * Limits attempts in a sliding window, in the store, so that every process and node counts together and a restart
 * forgets nothing. An attempt is an entry with a time-to-live in one of so many slots; a slot is taken only once.
 */
export function createAttemptLimit(needs: { store: Store; clock: Clock; rule: AttemptLimitRule }): AttemptLimit {
  const { store, clock, rule } = needs;
  const names = Array.from({ length: rule.attempts }, (_, at) => `slot/${at}`);
  const tagOf = (subject: string) => `attempts:${rule.kind}:${subject}`;
  return {
    async claim(subject) {
      const tag = tagOf(subject);
      for (;;) {
        const ends = await store.getMany(tag, names);
        const free = names.filter((_, at) => ends[at] === undefined);
        if (free.length === 0) {
          const soonest = Math.min(...ends.map(Number));
          return { waitSeconds: Math.max(1, Math.ceil((soonest - clock()) / 1000)) };
        }
        for (const name of free) {
          const value = String(clock() + rule.windowSeconds * 1000);
          if (await store.putIfAbsent(tag, { name, value, ttlSeconds: rule.windowSeconds })) return { tag, name };
        }
      }
    },
    release({ tag, name }) {
      return store.remove({ tag, name });
    },
    async clear(subject) {
      await store.batch({ tag: tagOf(subject), remove: [...names, lockNote] });
    },
    async isFull(subject) {
      return (await store.getMany(tagOf(subject), names)).every((end) => end !== undefined);
    },
  };
}
