/** Runs a piece of work at once or as soon as it may begin, and answers what it answers. */
export type FewAtOnce = <Result>(work: () => Promise<Result>) => Promise<Result>;

export interface FewAtOnceNeeds {
  /** How many are under way before the next one waits. */
  readonly atOnce: number;
  /** Milliseconds, of a clock that is never put back. */
  readonly now: () => number;
}

/** A turn of the event loop in which nothing was done takes 2 us; one with the smallest piece of work more than this. */
const idleTurnMilliseconds = 0.012;

/** Where no turn ever seems idle, on a slow machine say, nobody waits for longer than this on account of the others. */
const patienceMilliseconds = 100;

/**
 * Keeps few pieces of work under way at once while the processor is busy, the others waiting in the order in which they
 * came: what each keeps in memory until it is done is copied by every collection in between. When the processor has
 * nothing to do because those under way wait for a store or a directory, the next one begins all the same: a slow
 * neighbour holds nobody up. So many stay under way then, each that ends letting another begin, until nobody waits: to
 * fall back at once makes the processor look for idle turns all the time, a fifth more CPU where the waits are LMDB's.
 */
export function createFewAtOnce({ atOnce, now }: FewAtOnceNeeds): FewAtOnce {
  const waiting: { readonly begin: () => void; readonly since: number }[] = [];
  let underWay = 0;
  let watching = false;
  let turnBegan = 0;

  const beginNext = (): void => {
    const next = waiting.shift();
    if (next) {
      underWay += 1;
      next.begin();
    }
  };

  const watchTurn = (): void => {
    const [next] = waiting;
    watching = next !== undefined;
    if (!next) return;
    const time = now();
    if (time - turnBegan < idleTurnMilliseconds || time - next.since > patienceMilliseconds) {
      beginNext();
    }
    turnBegan = time;
    setImmediate(watchTurn);
  };

  const wait = async (): Promise<void> => {
    if (!watching) {
      watching = true;
      turnBegan = -Infinity;
      setImmediate(watchTurn);
    }
    await new Promise<void>((begin) => waiting.push({ begin, since: now() }));
  };

  return async (work) => {
    if (underWay < atOnce) {
      underWay += 1;
    } else {
      await wait();
    }
    try {
      return await work();
    } finally {
      underWay -= 1;
      beginNext();
    }
  };
}
