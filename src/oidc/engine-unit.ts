import { tagOfClient } from "../kernel/identifiers.ts";
import type { KnownClient } from "../policy/token/known-clients.ts";
import { whileUnchanged } from "../store/client-records.ts";
import type { Batch, Condition, Put } from "../store/store.ts";

/**
 * What one request writes through the engine, collected while the engine works and committed in one batch after it has
 * answered: the assertion is used up, the code consumed and the tokens written all together, or nothing of it. So a
 * code or an assertion that is used many times at once gives exactly one answer with tokens (engine A5), and the
 * request waits for one commit instead of four.
 */
export interface EngineUnit {
  /** The authenticated client. It may be outdated, which the commit finds out. */
  readonly client: KnownClient;
  /** The one tag that the request may write to: the authenticated client's. */
  readonly tag: string;
  /** What the engine has read, by name: what it then consumes must still be that at the moment of the commit. */
  readonly read: Map<string, string>;
  /** What is read of the client must be in force when the commit is asked for. */
  readonly given: readonly Condition[];
  readonly when: Condition[];
  readonly put: Map<string, Put>;
  readonly remove: Set<string>;
}

/** @param use the assertion that authenticated the client: not used yet at the moment of the commit, and used by it */
export function createEngineUnit(client: KnownClient, use: { readonly unused: Condition; readonly mark: Put }): EngineUnit {
  return {
    client,
    tag: tagOfClient(client.record.clientId),
    read: new Map(),
    given: [whileUnchanged(client)],
    when: [use.unused],
    put: new Map([[use.mark.name, use.mark]]),
    remove: new Set(),
  };
}

/** The collected writes as one batch. */
export function batchOf(unit: EngineUnit): Batch {
  return { tag: unit.tag, given: unit.given, when: unit.when, put: [...unit.put.values()], remove: [...unit.remove] };
}
