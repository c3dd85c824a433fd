import { expect } from "chai";
import type { LoadFigures } from "../../scripts/bench/load-run.ts";
import type { Cell } from "../../scripts/bench/plan.ts";
import { operationsPerSecond, ratioOf } from "../../scripts/bench/summary.ts";
import { judge, judgeProcess } from "../../scripts/bench/targets.ts";

const cell: Cell = { workload: "introspection", subject: "porteiro", store: "lmdb", clients: 10, connections: 16 };

/** One round with a number of operations a second, and of microseconds of CPU for each. */
function round(operationsPerSecond: number, cpuMicroseconds = 100): LoadFigures {
  return {
    operations: operationsPerSecond,
    seconds: 1,
    operationsPerSecond,
    p50Ms: 1,
    p99Ms: 2,
    serverCpuMicroseconds: operationsPerSecond * cpuMicroseconds,
    storeCpuMicroseconds: 0,
    loadBusy: 0.2,
    errors: 0,
    firstError: undefined,
  };
}

/** The verdict on the cell with a round's figures, next to others by subject and clients. */
function verdict(own: Cell, figures: LoadFigures, others: Record<string, LoadFigures>): boolean | undefined {
  return judge(own, [figures], ({ subject, clients }) => {
    const other = others[`${subject} ${clients}`];
    return other && [other];
  })?.met;
}

describe("bench: targets", () => {
  it("wants introspection twice as fast as bare oidc-provider", () => {
    const others = { "oidc-provider 10": round(1_000) };
    expect(verdict(cell, round(2_000), others)).to.equal(true);
    expect(verdict(cell, round(1_999), others)).to.equal(false);
  });

  it("wants registration half as fast", () => {
    const others = { "oidc-provider 10": round(1_000) };
    const registration = { ...cell, workload: "registration" } as const;
    expect(verdict(registration, round(500), others)).to.equal(true);
    expect(verdict(registration, round(499), others)).to.equal(false);
  });

  it("wants tokens as fast as bare with 10 clients, and with 2,000 as with 10 of its own", () => {
    const tokens = { ...cell, workload: "client-credentials" } as const;
    const others = { "oidc-provider 10": round(1_000), "oidc-provider 2000": round(10), "porteiro 10": round(2_000) };
    expect(verdict(tokens, round(1_000), others)).to.equal(true);
    expect(verdict(tokens, round(990), others)).to.equal(false);
    expect(verdict({ ...tokens, clients: 2_000 }, round(1_900), others)).to.equal(true);
    expect(verdict({ ...tokens, clients: 2_000 }, round(1_890), others)).to.equal(false);
  });

  it("wants pushed requests and code exchange no slower than bare, and judges no refresh", () => {
    const others = { "oidc-provider 10": round(1_000) };
    for (const workload of ["pushed-request", "code-exchange"] as const) {
      expect(verdict({ ...cell, workload }, round(1_000), others)).to.equal(true);
      expect(verdict({ ...cell, workload }, round(999), others)).to.equal(false);
    }
    expect(verdict({ ...cell, workload: "refresh" }, round(1), others)).to.equal(undefined);
  });

  it("wants two processes to cost at most 15 % more CPU a request than one", () => {
    const two = { ...cell, workload: "client-credentials", subject: "porteiro x2" } as const;
    const others = { "porteiro 10": round(1, 200) };
    expect(verdict(two, round(1, 230), others)).to.equal(true);
    expect(verdict(two, round(1, 231), others)).to.equal(false);
  });

  it("judges by the median of each round's ratio, whatever the rounds have in common", () => {
    const slowing = [2_000, 1_000, 500].map((rate) => round(rate));
    const beside = [1_900, 1_000, 400].map((rate) => round(rate));
    const own = judge({ ...cell, workload: "code-exchange" }, beside, () => slowing);
    expect(own?.text).to.equal("MISSED: 0.95 >= 1 x bare");
  });

  it("compares with the same round where the other was measured less often", () => {
    const often = [10, 10, 10, 1, 1, 1].map((rate) => round(rate));
    expect(ratioOf(often, [round(10), round(1)], operationsPerSecond)).to.equal(1);
    expect(ratioOf(often, [], operationsPerSecond)).to.be.NaN;
  });

  it("judges nothing on one connection, nor a reference, nor what has nothing beside it", () => {
    const others = { "oidc-provider 10": round(1_000) };
    expect(verdict({ ...cell, connections: 1 }, round(1), others)).to.equal(undefined);
    expect(verdict({ ...cell, subject: "oidc-provider" }, round(1), others)).to.equal(undefined);
    expect(verdict(cell, round(1), {})).to.equal(undefined);
  });

  it("judges memory and start of each process", () => {
    expect(judgeProcess({ anonymousBytes: 149e6, startMs: 1_999 }).met).to.equal(true);
    expect(judgeProcess({ anonymousBytes: 150e6, startMs: 1_999 }).text).to.match(/memory MISSED .*start met/);
    expect(judgeProcess({ anonymousBytes: 149e6, startMs: 2_000 }).text).to.match(/memory met .*start MISSED/);
  });
});
