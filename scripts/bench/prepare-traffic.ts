import type { Clock } from "../../src/kernel/clock.ts";
import type { AssertionBatches } from "./assertion-batches.ts";
import type { Journey } from "./journey.ts";
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
  const { path: bankPath = "", port: bankPort = 0 } = running.bank ?? {};
  switch (workload) {
    case "client-credentials":
      return {
        target: targetOf(running, [running.clientIdentity]),
        traffic: await tokenTraffic(running, amount.assertions, needs.batches),
      };
    case "pushed-request": {
      const forms = await journeyOf(up).pushForms();
      return clientCall(running, running.paths.pushedRequests, forms, amount.assertions, { status: 201, mark: '"request_uri"' }, needs);
    }
    case "code-exchange": {
      const forms = await journeyOf(up).exchangeForms(amount.assertions);
      return clientCall(running, running.paths.token, forms, forms.length, { status: 200, mark: '"refresh_token"' }, needs);
    }
    case "refresh": {
      const forms = journeyOf(up).refreshForms();
      return clientCall(running, running.paths.token, forms, amount.assertions, { status: 200, mark: '"id_token"' }, needs);
    }
    case "accounts-read":
      return {
        target: { ports: [bankPort], caPem: running.caPem, identities: [running.clientIdentity] },
        traffic: { kind: "resource", path: bankPath, tokens: await journeyOf(up).accessTokens(), mark: '"accountId"' },
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

function journeyOf({ running, instance }: Up): Journey {
  if (!running.journey) throw new Error(`${instance.subject} was started without customers' journeys`);
  return running.journey;
}

async function clientCall(
  running: RunningSubject,
  path: string,
  forms: readonly string[],
  count: number,
  expected: { readonly status: number; readonly mark: string },
  { batches }: PrepareNeeds,
): Promise<{ readonly target: Target; readonly traffic: Traffic }> {
  const assertionsFile = await batches.batchFor(running, count);
  const traffic = { kind: "authenticated", path, forms, count, assertionsFile, expected } as const;
  return { target: targetOf(running, [running.clientIdentity]), traffic };
}

async function tokenTraffic(running: RunningSubject, count: number, batches: AssertionBatches): Promise<Traffic> {
  const scope = running.scope === undefined ? "" : `&scope=${encodeURIComponent(running.scope)}`;
  const forms = [`grant_type=client_credentials${scope}`];
  const assertionsFile = await batches.batchFor(running, count);
  return { kind: "authenticated", path: running.paths.token, forms, count, assertionsFile, expected: { status: 200, mark: '"access_token"' } };
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
