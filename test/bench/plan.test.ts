import { expect } from "chai";
import { fullScale, inTurn, passesOf, planInstances, quickScale, takes, takesJourneys, visitsOf, workloads } from "../../scripts/bench/plan.ts";

describe("bench: the plan", () => {
  it("starts each server on its stores with few and with many clients, two processes with few only", () => {
    const subjects = [
      { name: "oidc-provider", stores: ["memory", "lmdb"] },
      { name: "porteiro", stores: ["lmdb"] },
      { name: "porteiro x2", stores: ["lmdb"] },
    ] as const;
    const names = planInstances(subjects, ["memory", "lmdb"], [10, 2_000]).map(
      ({ subject, store, clients }) => `${subject} ${store} ${clients}`,
    );
    expect(names).to.deep.equal([
      "oidc-provider memory 10",
      "oidc-provider memory 2000",
      "oidc-provider lmdb 10",
      "oidc-provider lmdb 2000",
      "porteiro lmdb 10",
      "porteiro lmdb 2000",
      "porteiro x2 lmdb 10",
    ]);
  });

  it("warms up once, then measures every number of connections in each round", () => {
    const passes = passesOf(fullScale);
    expect(passes.map(({ round, connections }) => [round, connections])).to.deep.equal([
      [undefined, 16],
      ...[0, 1, 2].flatMap((round) => [1, 16, 64].map((connections) => [round, connections])),
    ]);
  });

  it("measures tokens several times a round where targets hold, each visit beginning with another server", () => {
    const five = (from: number) => Array.from({ length: 5 }, (_, place) => from + place);
    const visits = passesOf(fullScale).map((pass) => visitsOf("client-credentials", pass, fullScale));
    expect(visits).to.deep.equal([[0], [0], five(0), five(0), [1], five(5), five(5), [2], five(10), five(10)]);
    expect(passesOf(fullScale).map((pass) => visitsOf("introspection", pass, fullScale).length)).to.deep.equal(Array(10).fill(1));
  });

  it("begins each visit with another server", () => {
    expect(inTurn(0, ["a", "b", "c"])).to.deep.equal(["a", "b", "c"]);
    expect(inTurn(4, ["a", "b", "c"])).to.deep.equal(["b", "c", "a"]);
    expect(inTurn(1, [])).to.deep.equal([]);
  });

  it("asks two processes for tokens only, and in the quick run nobody with many clients", () => {
    const instance = { subject: "porteiro", store: "lmdb", clients: 2_000 } as const;
    expect(takes({ ...instance, subject: "porteiro x2", clients: 10 }, "introspection", fullScale)).to.equal(false);
    expect(takes(instance, "introspection", fullScale)).to.equal(true);
    expect(takes(instance, "client-credentials", quickScale)).to.equal(false);
    expect(takes({ ...instance, clients: 10 }, "client-credentials", quickScale)).to.equal(true);
  });

  it("asks the verifier for tokens alone, with few and with many clients", () => {
    const instance = { subject: "verifier", store: "redis", clients: 10 } as const;
    expect(workloads.filter((workload) => takes(instance, workload, fullScale))).to.deep.equal(["client-credentials"]);
    expect(workloads.filter((workload) => takes({ ...instance, clients: 2_000 }, workload, fullScale))).to.deep.equal(["client-credentials"]);
    expect(takesJourneys(instance, fullScale)).to.equal(false);
  });

  it("asks customers' journeys of servers with few clients whose store can be written beside them", () => {
    const instance = { subject: "oidc-provider", store: "redis", clients: 10 } as const;
    expect(takes(instance, "code-exchange", fullScale)).to.equal(true);
    expect(takes({ ...instance, clients: 2_000 }, "code-exchange", fullScale)).to.equal(false);
    expect(takes({ ...instance, store: "memory" }, "code-exchange", fullScale)).to.equal(false);
    expect(takes({ ...instance, subject: "porteiro x2" }, "code-exchange", fullScale)).to.equal(false);
    expect(takes(instance, "accounts-read", fullScale)).to.equal(false);
    expect(takes({ ...instance, subject: "porteiro" }, "accounts-read", fullScale)).to.equal(true);
  });
});
