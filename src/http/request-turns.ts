/** Begins a request now, or in one of the next turns of the event loop. */
export type BeginInTurn = (begin: () => void) => void;

/**
 * Lets one turn of the event loop begin only so many requests, in the order in which they came.
 *
 * By itself a turn begins every request that lies ready on a socket. LMDB commits what they write when the turn is over,
 * all of it at once; then all are answered at once, and their callers ask anew at once: the processor waits for each
 * commit, and the disk for each turn. In shorter turns one commit goes on while the next requests are worked on.
 */
export function createRequestTurns(requestsPerTurn: number): BeginInTurn {
  const waiting: (() => void)[] = [];
  let begunInTurn = 0;

  const nextTurn = (): void => {
    const due = waiting.splice(0, requestsPerTurn);
    begunInTurn = due.length;
    if (begunInTurn > 0) {
      setImmediate(nextTurn);
    }
    due.forEach((begin) => begin());
  };

  return (begin) => {
    if (begunInTurn === 0) {
      setImmediate(nextTurn);
    }
    if (begunInTurn < requestsPerTurn) {
      begunInTurn += 1;
      begin();
    } else {
      waiting.push(begin);
    }
  };
}
