import type { Clock } from "../../src/kernel/clock.ts";
import type { AssertionBatches } from "./assertion-batches.ts";
import type { LoadGenerator } from "./load-client.ts";
import type { Target } from "./load-run.ts";
import type { Instance, Workload } from "./plan.ts";
import type { RedisServer } from "./redis-server.ts";
import type { RunningSubject } from "./subject.ts";
import type { Identity, Traffic } from "./traffic.ts";

/** A server of the plan that is running. */
export interface Up {
  readonly instance: Instance;
  readonly running: RunningSubject;
  readonly redis: RedisServer | undefined;
  readonly idleAnonymousBytes: readonly number[];
  tokens?: { readonly values: readonly string[]; readonly obtainedAt: number };
}

export interface PrepareNeeds {
  readonly load: LoadGenerator;
  readonly batches: AssertionBatches;
  readonly clock: Clock;
  /** How many tokens introspection asks about, where there are fewer clients. */
  readonly tokens: number;
}

/** Tokens live for five minutes at least; they are asked about for two. */
const tokenUseMs = 120_000;
const tokenConnections = 16;

/** Makes ready what a measurement sends; nothing of this is measured. `assertions` is how many tokens may be asked for. */
export async function prepareTraffic(
  up: Up,
  workload: Workload,
  amount: { readonly connections: number; readonly assertions: number },
  needs: PrepareNeeds,
): Promise<{ readonly target: Target; readonly traffic: Traffic }> {
  const { running } = up;
  switch (workload) {
    case "client-credentials":
      return {
        target: targetOf(running, [running.clientIdentity]),
        traffic: await tokenTraffic(running, amount.assertions, needs.batches),
      };
    case "introspection": {
      const { identity, clientId } = running.resourceServer;
      const tokens = await tokensOf(up, needs);
      return {
        target: targetOf(running, [identity]),
        traffic: { kind: "introspection", path: running.paths.introspection, clientId, tokens },
      };
    }
    case "registration": {
      const { bodies, identities } = await running.registrations(amount.connections);
      return {
        target: targetOf(running, identities),
        traffic: { kind: "registration", path: running.paths.registration, bodies },
      };
    }
  }
}

function targetOf({ ports, caPem }: RunningSubject, identities: readonly Identity[]): Target {
  return { ports, caPem, identities };
}

async function tokenTraffic(running: RunningSubject, count: number, batches: AssertionBatches): Promise<Traffic> {
  const assertionsFile = await batches.batchFor(running, count);
  return { kind: "client-credentials", path: running.paths.token, scope: running.scope, assertionsFile };
}

/** Tokens of all the clients in turn, obtained from the server itself. */
async function tokensOf(up: Up, needs: PrepareNeeds): Promise<readonly string[]> {
  const now = needs.clock();
  if (up.tokens && now - up.tokens.obtainedAt < tokenUseMs) return up.tokens.values;
  const { running, instance } = up;
  const traffic = await tokenTraffic(running, Math.max(needs.tokens, instance.clients), needs.batches);
  const bodies = await needs.load.collect(targetOf(running, [running.clientIdentity]), traffic, tokenConnections);
  const values = bodies.map((body) => {
    const { access_token: token }: { access_token?: unknown } = JSON.parse(body);
    if (typeof token !== "string") throw new Error(`${instance.subject} answered without an access_token`);
    return token;
  });
  up.tokens = { values, obtainedAt: now };
  return values;
}
