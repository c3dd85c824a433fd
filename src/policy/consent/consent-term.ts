/** The latest moment to which a consent may run when it is given or extended now: 12 months, in seconds (UTC). */
export function latestExpiry(now: number): number {
  const date = new Date(now * 1000);
  return Math.floor(date.setUTCFullYear(date.getUTCFullYear() + 1) / 1000);
}

/**
 * Whether a consent may be given or extended to this moment: in the future, within 12 months, and later than the term
 * that it has. No moment means no term, which is always allowed.
 */
export function isAllowedExpiry(expiresAt: number | undefined, now: number, current?: number): boolean {
  return expiresAt === undefined || (expiresAt > now && expiresAt <= latestExpiry(now) && (current === undefined || expiresAt > current));
}

/** A moment as the API writes it: RFC 3339, UTC, whole seconds. */
export function wireTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** The reverse of `wireTime`, for a text that the schema has accepted. */
export function secondsOf(text: string): number {
  return Date.parse(text) / 1000;
}
