import { printable, type Refusal } from "../../kernel/refusal.ts";

export interface AssertionRules {
  /** Every `aud` that means this server: issuer, token and pushed authorization endpoints, root and alias. */
  readonly audiences: ReadonlySet<string>;
  readonly maxSeconds: number;
  readonly clockSkewSeconds: number;
}

/** The claims of a client assertion, of whatever type they came. */
export interface AssertionClaims {
  readonly iss?: unknown;
  readonly sub?: unknown;
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly iat?: unknown;
  readonly jti?: unknown;
}

const longestJti = 256;

/**
 * Judges the claims of a client assertion whose signature stands (RFC 7523 section 3, with a cap on its life).
 * Called for every endpoint at which a client authenticates, whoever serves it.
 * @param now seconds since the epoch
 */
export function judgeAssertion(claims: AssertionClaims, clientId: string, now: number, rules: AssertionRules): Refusal | undefined {
  const { iss, sub, exp, jti } = claims;
  if (iss !== clientId || sub !== clientId) {
    return { code: "assertion.client", expected: `iss and sub ${printable(clientId)}`, received: printable(`iss ${String(iss)}, sub ${String(sub)}`) };
  }
  if (typeof exp !== "number" || !isOptionalNumber(claims.nbf) || !isOptionalNumber(claims.iat)) {
    return { code: "assertion.malformed", expected: "exp, and nbf and iat if present, as numbers of seconds", received: "another type, or no exp" };
  }
  if (typeof jti !== "string" || jti.length === 0 || jti.length > longestJti) {
    return { code: "assertion.malformed", expected: `jti, a text of at most ${longestJti} characters`, received: "another type or length, or none" };
  }
  return judgeTimes({ ...claims, exp }, now, rules) ?? judgeAudience(claims.aud, rules);
}

function judgeTimes(claims: AssertionClaims & { exp: number }, now: number, rules: AssertionRules): Refusal | undefined {
  const skew = rules.clockSkewSeconds;
  // Both are numbers or absent: judgeAssertion has looked.
  const [nbf, iat] = [claims.nbf, claims.iat] as (number | undefined)[];
  if (claims.exp + skew <= now) {
    return { code: "assertion.expired", expected: "exp in the future", received: `exp ${Math.floor(now - claims.exp)} s ago` };
  }
  const begins = Math.max(nbf ?? -Infinity, iat ?? -Infinity);
  if (begins - skew > now) {
    return { code: "assertion.not-yet-valid", expected: "nbf and iat in the past", received: `${Math.ceil(begins - now)} s ahead` };
  }
  // From now too, not only from iat: a client may not stretch the life by dating the assertion ahead or leaving iat out.
  const life = Math.max(claims.exp - now - skew, claims.exp - (iat ?? nbf ?? Infinity));
  return life > rules.maxSeconds
    ? { code: "assertion.too-long-lived", expected: `at most ${rules.maxSeconds} s`, received: `${Math.ceil(life)} s` }
    : undefined;
}

function judgeAudience(aud: unknown, rules: AssertionRules): Refusal | undefined {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.some((value) => typeof value === "string" && rules.audiences.has(value))
    ? undefined
    : { code: "assertion.audience", expected: printable(`one of ${[...rules.audiences].join(", ")}`), received: printable(aud ?? "no aud") };
}

function isOptionalNumber(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && Number.isFinite(value));
}
