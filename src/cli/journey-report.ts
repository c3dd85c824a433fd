/** Tells the steps of a journey while they happen. */
export interface JourneyReport {
  /** How many steps have begun. */
  readonly count: number;
  /** Runs one step: its title, what it says, how long it took in milliseconds. */
  step<T>(title: string, work: (say: (line: string) => void) => Promise<T>): Promise<T>;
}

/**
 * @param write takes text for the terminal
 * @param now milliseconds from any beginning
 */
export function createJourneyReport(write: (text: string) => void, now: () => number): JourneyReport {
  let count = 0;
  return {
    get count() {
      return count;
    },
    async step(title, work) {
      count += 1;
      write(`\n${count}. ${title}\n`);
      const began = now();
      const result = await work((line) => write(`   ${line}\n`));
      write(`   (${Math.round(now() - began)} ms)\n`);
      return result;
    },
  };
}

/** A token as it may be shown: how it begins, and how long it is. */
export function shortened(token: string): string {
  return token.length <= 16 ? token : `${token.slice(0, 12)}... (${token.length} characters)`;
}

/** @throws Error that says what was expected, when it does not hold */
export function must(holds: boolean, expectation: string): asserts holds {
  if (!holds) {
    throw new Error(`expected ${expectation}`);
  }
}
