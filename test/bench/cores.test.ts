import { expect } from "chai";
import { assignCores, coresInList, pinned } from "../../scripts/bench/cores.ts";

describe("bench: cores", () => {
  it("reads the kernel's lists", () => {
    expect(coresInList("0-3,8")).to.deep.equal([0, 1, 2, 3, 8]);
    expect(coresInList("5\n")).to.deep.equal([5]);
    expect(coresInList("")).to.deep.equal([]);
  });

  it("keeps one core for the load and gives the rest to the servers", () => {
    expect(assignCores([0, 1])).to.deep.equal({ server: [0], load: 1 });
    expect(assignCores([2, 3, 7])).to.deep.equal({ server: [2, 3], load: 7 });
  });

  it("pins nothing when there is one core only", () => {
    expect(assignCores([0])).to.equal(undefined);
    expect(pinned(undefined, ["node", "x.ts"])).to.deep.equal(["node", ["x.ts"]]);
    expect(pinned(1, ["node", "x.ts"])).to.deep.equal(["taskset", ["-c", "1", "node", "x.ts"]]);
  });
});
