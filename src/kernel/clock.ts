/** The current time in milliseconds since the epoch (UTC). Everything that asks for the time takes one of these. */
export type Clock = () => number;

/** The machine's own clock: the one place outside tests that reads the time. */
export const systemClock: Clock = () => Date.now();

/** The clock's time in whole seconds since the epoch, the unit of JWT NumericDate (RFC 7519 section 2). */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock() / 1000);
}
