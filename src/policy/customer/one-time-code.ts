import { Secret, TOTP } from "otpauth";
import type { Randomness } from "../../kernel/identifiers.ts";

const period = 30;
/** Steps before and after the current one whose code is taken: clocks differ, and typing takes time. */
const window = 1;

/** A used step is remembered for longer than any code of it is accepted. */
export const usedStepSeconds = period * (2 * window + 2);

/**
 * The step (30-second interval since the epoch) of which this is the code, or undefined (RFC 6238: SHA-1, 6 digits, as
 * all authenticator apps have it).
 * @param seed base32
 * @param now milliseconds since the epoch
 */
export function stepOfCode(seed: string, code: string, now: number): number | undefined {
  const digits = code.replaceAll(/[\s-]/g, "");
  if (!/^\d{6}$/.test(digits)) return undefined;
  const delta = TOTP.validate({ token: digits, secret: Secret.fromBase32(seed), period, window, timestamp: now });
  return delta === null ? undefined : Math.floor(now / (period * 1000)) + delta;
}

/** A new seed in base32: 160 bits, as RFC 4226 section 4 recommends. */
export function newSeed(randomness: Randomness): string {
  return new Secret({ buffer: new Uint8Array(randomness(20)).buffer }).base32;
}

/** What an authenticator app reads, from a QR code as a rule. @param label whose code it is @param issuer for what */
export function otpauthUri(seed: string, { label, issuer }: { label: string; issuer: string }): string {
  return new TOTP({ secret: Secret.fromBase32(seed), label, issuer, period }).toString();
}

/** The code that an authenticator app shows at this moment. */
export function codeAt(seed: string, now: number): string {
  return TOTP.generate({ secret: Secret.fromBase32(seed), period, timestamp: now });
}
