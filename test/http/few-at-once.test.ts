import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createFewAtOnce } from "../../src/http/few-at-once.ts";

/** Pieces of work that last until they are told to end, with a clock that goes on by so much whenever it is read. */
function started(atOnce: number, millisecondsPerLook: number) {
  const clock = { time: 0, step: millisecondsPerLook };
  const fewAtOnce = createFewAtOnce({ atOnce, now: () => (clock.time += clock.step) });
  const begun: number[] = [];
  const ends = new Map<number, { resolve: (value: number) => void; reject: (error: Error) => void }>();
  const come = (...pieces: number[]): Promise<number>[] =>
    pieces.map((piece) =>
      fewAtOnce(() => {
        begun.push(piece);
        return new Promise<number>((resolve, reject) => ends.set(piece, { resolve, reject }));
      }),
    );
  return { clock, begun, come, end: (piece: number) => ends.get(piece)?.resolve(piece * 10), fail: (piece: number) => ends.get(piece)?.reject(new Error("broken")) };
}

const busyTurn = 1;
const idleTurn = 0;

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await turn();
}

describe("few pieces of work are under way at once", () => {
  it("while the processor is busy the next one begins when one ends, in the order in which they came", async () => {
    const { begun, come, end } = started(2, busyTurn);
    const [first, , third] = come(1, 2, 3, 4);
    await turns(10);
    expect(begun).to.deep.equal([1, 2]);
    end(1);
    expect(await first).to.equal(10);
    await turn();
    expect(begun).to.deep.equal([1, 2, 3]);
    come(5);
    end(3);
    expect(await third).to.equal(30);
    await turn();
    expect(begun, "nobody overtakes those who wait").to.deep.equal([1, 2, 3, 4]);
  });

  it("when those under way only wait for somebody, the others begin all the same", async () => {
    const { begun, come } = started(2, idleTurn);
    come(1, 2, 3, 4);
    expect(begun).to.deep.equal([1, 2]);
    await turns(4);
    expect(begun).to.deep.equal([1, 2, 3, 4]);
  });

  it("where no turn is idle nobody waits for longer than a tenth of a second", async () => {
    const { clock, begun, come } = started(1, busyTurn);
    come(1, 2);
    await turns(10);
    expect(begun).to.deep.equal([1]);
    clock.time += 100;
    await turns(2);
    expect(begun).to.deep.equal([1, 2]);
  });

  it("one that fails tells its caller so, and makes room", async () => {
    const { begun, come, fail, end } = started(1, busyTurn);
    const [first, second] = come(1, 2);
    const failure = first?.catch((error: unknown) => error);
    fail(1);
    expect(await failure).to.have.property("message", "broken");
    await turn();
    expect(begun).to.deep.equal([1, 2]);
    end(2);
    expect(await second).to.equal(20);
    come(3);
    expect(begun, "with nobody before it").to.deep.equal([1, 2, 3]);
  });
});
