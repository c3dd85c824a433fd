import { expect } from "chai";
import { createTimeOrderedIds, systemRandomness } from "../../src/kernel/identifiers.ts";

const count = 10_000;
const shape = /^[0-9a-f]{12}-[0-9a-f]{16}$/;

/** Ids for these times, one after the other. */
function idsAt(times: readonly number[], randomness = systemRandomness): string[] {
  const nextId = createTimeOrderedIds(randomness);
  return times.map((time) => nextId(time));
}

function expectOrder(ids: readonly string[]): void {
  expect(ids.filter((id) => !shape.test(id))).to.deep.equal([]);
  expect([...ids].sort()).to.deep.equal(ids);
  expect(new Set(ids).size).to.equal(ids.length);
}

describe("time-ordered ids", () => {
  it("sort in the order in which they were made, all within one millisecond", () => {
    expectOrder(idsAt(Array.from({ length: count }, () => 1_800_000_000_000)));
  });

  it("sort in the order in which they were made while the clock is set back", () => {
    expectOrder(idsAt(Array.from({ length: count }, (_, index) => 1_800_000_000_000 - index)));
  });

  it("keep their length when the random tail begins at its greatest", () => {
    expectOrder(idsAt([5, 5, 5, 6], (length) => Buffer.alloc(length, 0xff)));
  });

  it("begin with their milliseconds", () => {
    expect(idsAt([1_800_000_000_000, 1_800_000_000_001]).map((id) => Number.parseInt(id, 16))).to.deep.equal([1_800_000_000_000, 1_800_000_000_001]);
  });

  it("of two processes differ", () => {
    const times = Array.from({ length: count }, () => 7);
    expect(new Set([...idsAt(times), ...idsAt(times)]).size).to.equal(2 * count);
  });
});
