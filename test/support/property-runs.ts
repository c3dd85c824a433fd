import type { Parameters } from "fast-check";

/**
 * How often a property is tried: PROPERTY_TEST_RUNS times, or the default given when it is not set. A failure prints
 * its seed and path; PROPERTY_TEST_SEED tries that seed again.
 */
export function runs(byDefault = 300): Parameters<unknown> {
  const seed = process.env["PROPERTY_TEST_SEED"];
  return {
    numRuns: Number(process.env["PROPERTY_TEST_RUNS"] ?? byDefault),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    verbose: true,
  };
}
