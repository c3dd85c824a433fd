import type { Parameters } from "fast-check";

/** How often a property is tried: PORTEIRO_FC_RUNS times, 300 when it is not set; failures print their seed. */
export function runs(): Parameters<unknown> {
  return { numRuns: Number(process.env.PORTEIRO_FC_RUNS ?? 300), verbose: true };
}
