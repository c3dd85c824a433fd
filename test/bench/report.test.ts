import { expect } from "chai";
import type { LoadFigures } from "../../scripts/bench/load-run.ts";
import type { Cell } from "../../scripts/bench/plan.ts";
import { reportLines } from "../../scripts/bench/report.ts";
import { textTable } from "../../scripts/bench/text-table.ts";

function round(operationsPerSecond: number, errors = 0): LoadFigures {
  return {
    operations: operationsPerSecond,
    seconds: 1,
    operationsPerSecond,
    p50Ms: 1.234,
    p99Ms: 5,
    serverCpuMicroseconds: operationsPerSecond * 300,
    storeCpuMicroseconds: 0,
    loadBusy: 0.1,
    errors,
    firstError: errors > 0 ? "500" : undefined,
  };
}

const own: Cell = { workload: "introspection", subject: "porteiro", store: "lmdb", clients: 10, connections: 16 };

describe("bench: the table", () => {
  it("is as wide as its widest cells", () => {
    const columns = [
      { title: "name", align: "left" },
      { title: "n", align: "right" },
    ] as const;
    expect(textTable(columns, [["a", "100"], ["longer", "5"]])).to.equal(
      ["name      n", "------  ---", "a       100", "longer    5"].join("\n"),
    );
  });

  it("shows medians, the ratios of each round's neighbours, and the target", () => {
    const bare = { cell: { ...own, subject: "oidc-provider" }, rounds: [round(1_000), round(2_000), round(4_000)] };
    const https = {
      cell: { ...own, workload: "static answer", subject: "https", store: undefined, clients: undefined } as const,
      rounds: [round(10_000), round(10_000), round(10_000)],
    };
    const table = reportLines([https, bare, { cell: own, rounds: [round(3_000), round(5_000), round(20_000)] }]);
    expect(table.split("\n").at(-1)).to.match(
      /^introspection +lmdb +10 +16 +porteiro +5,000 +1\.23 +5\.00 +300 +- +0\.50 +3\.00 +met: 3\.00 >= 2 x bare$/,
    );
  });

  it("shows errors where the target would stand", () => {
    const table = reportLines([{ cell: own, rounds: [round(10), round(10, 3), round(10, 4)] }]);
    expect(table.split("\n").at(-1)).to.match(/7 ERRORS$/);
  });
});
