import type { AssertingClient } from "./assertions.ts";
import type { Journey } from "./journey.ts";
import type { Identity } from "./traffic.ts";

export type StoreKind = "memory" | "lmdb" | "redis";

export interface SubjectNeeds {
  readonly store: StoreKind;
  /** How many clients are registered before the first request. */
  readonly clients: number;
  /** An empty folder of its own. */
  readonly folder: string;
  /** A Redis of its own, when the store is Redis. */
  readonly redisPort: number | undefined;
  /** Whether customers' journeys will be asked of it. */
  readonly withJourney: boolean;
}

/** A server that answers, and what a load generator must know to talk to it. */
export interface RunningServer {
  readonly pids: readonly number[];
  /** Milliseconds until it was ready; of several processes the slowest. */
  readonly startMs: number;
  /** The mutual TLS port of each process. */
  readonly ports: readonly number[];
  readonly caPem: string;
  stop(): Promise<void>;
}

/** A bank that asks the server about every token that it is shown. */
export interface RunningBank {
  readonly pid: number;
  readonly port: number;
  /** Where a customer's accounts are read. */
  readonly path: string;
}

export interface RunningSubject extends RunningServer {
  readonly paths: {
    readonly token: string;
    readonly introspection: string;
    readonly registration: string;
    readonly pushedRequests: string;
  };
  /** The `aud` of client assertions. */
  readonly audience: string;
  /** The `scope` of token requests. */
  readonly scope: string | undefined;
  /** The registered clients that ask for tokens; all show the same certificate. */
  readonly clients: readonly AssertingClient[];
  readonly clientIdentity: Identity;
  readonly resourceServer: { readonly identity: Identity; readonly clientId: string | undefined };
  /** Where it was asked for. */
  readonly journey: Journey | undefined;
  readonly bank: RunningBank | undefined;
  /** What each of so many connections registers, and the certificate it shows: freshly signed, good for one run. */
  registrations(connections: number): Promise<{ readonly bodies: string[]; readonly identities: Identity[] }>;
}

/** A server to measure: every start is one of its own, with a store of its own. */
export interface Subject {
  readonly name: string;
  readonly stores: readonly StoreKind[];
  start(needs: SubjectNeeds): Promise<RunningSubject>;
}
