import type { StoreKind } from "./subject.ts";

/** What a customer has part in; asked with few clients only. */
const journeyWorkloads = ["pushed-request", "code-exchange", "refresh", "accounts-read"] as const;
export const workloads = ["client-credentials", "introspection", "registration", ...journeyWorkloads] as const;
export type Workload = (typeof workloads)[number];

/** One line of the table: which server does what, on what, for how many at once (a process). */
export interface Cell {
  readonly workload: Workload | "static answer";
  readonly subject: string;
  /** Undefined for the bare https server, which keeps nothing. */
  readonly store: StoreKind | undefined;
  readonly clients: number | undefined;
  readonly connections: number;
}

export interface Scale {
  readonly rounds: number;
  readonly connections: readonly number[];
  /** Few and many. */
  readonly clients: readonly [number, number];
  /** The workloads that are measured with many clients too. */
  readonly withManyClients: readonly Workload[];
  /** How long each server works on each workload before the first round, so that its code is compiled by then. */
  readonly firstWarmSeconds: number;
  /** How long each measurement runs before it counts. */
  readonly warmSeconds: number;
  readonly measureSeconds: number;
  /**
   * How often each round measures a workload, once unless said, at as many connections as targets hold for: two of the
   * targets of tokens compare servers that differ by less than one measurement does from the next.
   */
  readonly visits: Partial<Record<Workload, number>>;
  /** Tokens that introspection asks about in turn; never fewer than there are clients. */
  readonly tokens: number;
}

export const fullScale: Scale = {
  rounds: 3,
  connections: [1, 16, 64],
  clients: [10, 2_000],
  withManyClients: workloads,
  firstWarmSeconds: 10,
  warmSeconds: 0.4,
  measureSeconds: 1.6,
  visits: { "client-credentials": 5 },
  tokens: 200,
};

/** Fits into a minute: a smoke test with figures, not a measurement. */
export const quickScale: Scale = {
  ...fullScale,
  rounds: 1,
  connections: [16],
  withManyClients: [],
  firstWarmSeconds: 0.4,
  warmSeconds: 0.15,
  measureSeconds: 0.5,
  visits: {},
};

/** One pass over all workloads and servers. */
export interface Pass {
  readonly title: string;
  /** Counts from 0; the warm-up is not a round. */
  readonly round: number | undefined;
  readonly connections: number;
  readonly warmSeconds: number;
  readonly measureSeconds: number;
}

/** The warm-up, and then every number of connections in every round. */
export function passesOf(scale: Scale): Pass[] {
  const most = Math.min(16, Math.max(...scale.connections));
  const warmUp = { title: "warm-up", round: undefined, connections: most, warmSeconds: 0, measureSeconds: scale.firstWarmSeconds };
  const rounds = Array.from({ length: scale.rounds }, (_, round) =>
    scale.connections.map((connections) => ({
      title: `round ${round + 1} of ${scale.rounds}, ${connections} connections`,
      round,
      connections,
      warmSeconds: scale.warmSeconds,
      measureSeconds: scale.measureSeconds,
    })),
  );
  return [warmUp, ...rounds.flat()];
}

/** What targets hold for: with one connection the server waits more than it works, which says nothing about a core. */
export const fewestConnections = 16;

/** The numbers of a pass's visits to the servers with a workload, counted over all rounds. */
export function visitsOf(workload: Workload, { round, connections }: Pass, { visits }: Scale): number[] {
  const count = round === undefined || connections < fewestConnections ? 1 : (visits[workload] ?? 1);
  return Array.from({ length: count }, (_, visit) => (round ?? 0) * count + visit);
}

/** The server itself. */
export const measuredServer = "porteiro";

/** The server with two processes, each with as many connections: there is one question only, what a request costs. */
export const twoProcesses = "porteiro x2";

/** The reference that does what no server can leave out of a token, and nothing else. */
export const verifier = "verifier";

/** A server that stays up through all rounds. */
export interface Instance {
  readonly subject: string;
  readonly store: StoreKind;
  readonly clients: number;
}

/** Every server to start: each subject on each of its stores that were chosen, with each number of clients. */
export function planInstances(
  subjects: readonly { readonly name: string; readonly stores: readonly StoreKind[] }[],
  stores: readonly StoreKind[],
  clients: readonly number[],
): Instance[] {
  return stores.flatMap((store) =>
    subjects
      .filter((subject) => subject.stores.includes(store))
      .flatMap(({ name }) =>
        (name === twoProcesses ? clients.slice(0, 1) : clients).map((count) => ({ subject: name, store, clients: count })),
      ),
  );
}

/** Whether a server is measured with customers' journeys: not in memory, which nobody but itself can put codes into. */
export function takesJourneys({ subject, store, clients }: Instance, scale: Scale): boolean {
  return subject !== twoProcesses && subject !== verifier && store !== "memory" && clients === scale.clients[0];
}

function isJourney(workload: Workload): boolean {
  return journeyWorkloads.some((name) => name === workload);
}

/** Whether a server is measured with a workload. */
export function takes(instance: Instance, workload: Workload, scale: Scale): boolean {
  if (isJourney(workload)) {
    // Reading accounts takes a bank, and only our own server has one.
    return takesJourneys(instance, scale) && (workload !== "accounts-read" || instance.subject === measuredServer);
  }
  if ([twoProcesses, verifier].includes(instance.subject) && workload !== "client-credentials") return false;
  if (instance.subject === twoProcesses) return true;
  return instance.clients === scale.clients[0] || scale.withManyClients.includes(workload);
}

/** The servers in the order of a visit, each visit beginning with another, so that no one always comes first. */
export function inTurn<T>(visit: number, servers: readonly T[]): readonly T[] {
  const first = servers.length === 0 ? 0 : visit % servers.length;
  return [...servers.slice(first), ...servers.slice(0, first)];
}
