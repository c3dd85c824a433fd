import type { Clock } from "../kernel/clock.ts";
import type { Randomness } from "../kernel/identifiers.ts";
import type { Log } from "../kernel/log.ts";
import type { Settings } from "../settings/settings-schema.ts";

/** What the surroundings give a program of the house. */
export interface Surroundings {
  /** The project's folder; relative paths of settings start there. */
  readonly root: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}
