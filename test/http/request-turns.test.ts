import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createRequestTurns } from "../../src/http/request-turns.ts";

describe("requests are begun a few a turn of the event loop", () => {
  const started = (perTurn: number) => {
    const begun: number[] = [];
    const beginInTurn = createRequestTurns(perTurn);
    return { begun, come: (...requests: number[]) => requests.forEach((request) => beginInTurn(() => begun.push(request))) };
  };

  it("the first ones at once, the others in the next turns, in the order in which they came", async () => {
    const { begun, come } = started(2);
    come(1, 2, 3, 4, 5);
    expect(begun).to.deep.equal([1, 2]);
    await turn();
    expect(begun).to.deep.equal([1, 2, 3, 4]);
    come(6, 7);
    expect(begun, "nobody overtakes those who wait").to.deep.equal([1, 2, 3, 4]);
    await turn();
    expect(begun).to.deep.equal([1, 2, 3, 4, 5, 6]);
    await turn();
    expect(begun).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
  });

  it("a quiet turn later everybody begins at once again", async () => {
    const { begun, come } = started(2);
    come(1, 2, 3);
    await turn();
    await turn();
    come(4, 5);
    expect(begun).to.deep.equal([1, 2, 3, 4, 5]);
  });
});
