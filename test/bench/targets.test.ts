import { expect } from "chai";
import type { Cell } from "../../scripts/bench/plan.ts";
import type { Summary } from "../../scripts/bench/summary.ts";
import { judge, judgeProcess } from "../../scripts/bench/targets.ts";

const cell: Cell = { workload: "introspection", subject: "porteiro", store: "lmdb", clients: 10, connections: 16 };

function summary(operationsPerSecond: number, cpuMicroseconds = 100): Summary {
  return {
    operationsPerSecond,
    cpuMicroseconds,
    p50Ms: 1,
    p99Ms: 2,
    storeCpuMicroseconds: 0,
    loadBusy: 0.2,
    errors: 0,
    firstError: undefined,
  };
}

/** The verdict on the cell at a number of operations a second, next to others by subject and clients. */
function verdict(own: Cell, figures: Summary, others: Record<string, Summary>): boolean | undefined {
  return judge(own, figures, ({ subject, clients }) => others[`${subject} ${clients}`])?.met;
}

describe("bench: targets", () => {
  it("wants introspection twice as fast as bare oidc-provider", () => {
    const others = { "oidc-provider 10": summary(1_000) };
    expect(verdict(cell, summary(2_000), others)).to.equal(true);
    expect(verdict(cell, summary(1_999), others)).to.equal(false);
  });

  it("wants registration half as fast", () => {
    const others = { "oidc-provider 10": summary(1_000) };
    const registration = { ...cell, workload: "registration" } as const;
    expect(verdict(registration, summary(500), others)).to.equal(true);
    expect(verdict(registration, summary(499), others)).to.equal(false);
  });

  it("wants tokens as fast as bare with 10 clients, and with 2,000 as with 10 of its own", () => {
    const tokens = { ...cell, workload: "client-credentials" } as const;
    const others = { "oidc-provider 10": summary(1_000), "oidc-provider 2000": summary(10), "porteiro 10": summary(2_000) };
    expect(verdict(tokens, summary(1_000), others)).to.equal(true);
    expect(verdict(tokens, summary(990), others)).to.equal(false);
    expect(verdict({ ...tokens, clients: 2_000 }, summary(1_900), others)).to.equal(true);
    expect(verdict({ ...tokens, clients: 2_000 }, summary(1_890), others)).to.equal(false);
  });

  it("wants pushed requests and code exchange no slower than bare, and judges no refresh", () => {
    const others = { "oidc-provider 10": summary(1_000) };
    for (const workload of ["pushed-request", "code-exchange"] as const) {
      expect(verdict({ ...cell, workload }, summary(1_000), others)).to.equal(true);
      expect(verdict({ ...cell, workload }, summary(999), others)).to.equal(false);
    }
    expect(verdict({ ...cell, workload: "refresh" }, summary(1), others)).to.equal(undefined);
  });

  it("wants two processes to cost at most 15 % more CPU a request than one", () => {
    const two = { ...cell, workload: "client-credentials", subject: "porteiro x2" } as const;
    const others = { "porteiro 10": summary(1, 200) };
    expect(verdict(two, summary(1, 230), others)).to.equal(true);
    expect(verdict(two, summary(1, 231), others)).to.equal(false);
  });

  it("judges nothing on one connection, nor a reference, nor what has nothing beside it", () => {
    const others = { "oidc-provider 10": summary(1_000) };
    expect(verdict({ ...cell, connections: 1 }, summary(1), others)).to.equal(undefined);
    expect(verdict({ ...cell, subject: "oidc-provider" }, summary(1), others)).to.equal(undefined);
    expect(verdict(cell, summary(1), {})).to.equal(undefined);
  });

  it("judges memory and start of each process", () => {
    expect(judgeProcess({ anonymousBytes: 149e6, startMs: 1_999 }).met).to.equal(true);
    expect(judgeProcess({ anonymousBytes: 150e6, startMs: 1_999 }).text).to.match(/memory MISSED .*start met/);
    expect(judgeProcess({ anonymousBytes: 149e6, startMs: 2_000 }).text).to.match(/memory met .*start MISSED/);
  });
});
