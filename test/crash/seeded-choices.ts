/** Choices that a seed decides: the same seed gives the same ones, in the order in which they are asked for. */
export interface SeededChoices {
  /** At least `low`, below `high`. */
  between(low: number, high: number): number;
  /** One of them, the more often the greater its weight. */
  oneOf<T>(options: readonly (readonly [weight: number, option: T])[]): T;
  /** Choices of their own for a part that runs beside others. */
  branch(): SeededChoices;
}

/** Mulberry32: enough to spread the blows of a test. */
export function seededChoices(seed: number): SeededChoices {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (low, high) => low + next() * (high - low),
    oneOf(options) {
      let left = next() * options.reduce((sum, [weight]) => sum + weight, 0);
      const chosen = options.find(([weight]) => (left -= weight) < 0) ?? options.at(-1);
      if (chosen === undefined) {
        throw new Error("expected at least one option to choose from, received none");
      }
      return chosen[1];
    },
    branch: () => seededChoices(Math.floor(next() * 2 ** 32)),
  };
}
