import type { Batch, Condition, Put } from "../store/store.ts";

/**
 * What one request writes through the engine, collected while the engine works and committed in one batch after it has
 * answered: the assertion is used up, the code consumed and the tokens written all together, or nothing of it. So a
 * code or an assertion that is used many times at once gives exactly one answer with tokens (engine A5), and the
 * request waits for one commit instead of four.
 */
export interface EngineUnit {
  /** The one tag that the request may write to: the authenticated client's. */
  readonly tag: string;
  readonly when: Condition[];
  readonly put: Map<string, Put>;
  readonly remove: Set<string>;
}

export function createEngineUnit(tag: string, when: readonly Condition[], put: readonly Put[]): EngineUnit {
  return { tag, when: [...when], put: new Map(put.map((one) => [one.name, one])), remove: new Set() };
}

/** The collected writes as one batch. */
export function batchOf(unit: EngineUnit): Batch {
  return { tag: unit.tag, when: unit.when, put: [...unit.put.values()], remove: [...unit.remove] };
}
