import type { RefusalCode } from "./refusal-catalogue.ts";

/** One failed check, as data: pure checks return it, and only the HTTP edge turns it into an answer. */
export interface Refusal {
  /** A stable code of the catalogue; the catalogue adds error, status, clause and the way to mend it. */
  readonly code: RefusalCode;
  /** What would have been accepted, in a short English phrase of printable ASCII. */
  readonly expected: string;
  /** What came instead; never a secret, never personal data, cut to a readable length. */
  readonly received: string;
}

/** Carries refusals to the HTTP edge where a value cannot be returned. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusals: readonly [Refusal, ...Refusal[]];

  constructor(refusals: readonly [Refusal, ...Refusal[]]) {
    super(refusals.map((refusal) => refusal.code).join(", "));
    this.refusals = refusals;
  }
}

const receivedLimit = 200;

/**
 * A received value made fit for an answer: control characters, quotes, backslashes and everything outside
 * printable ASCII become `?` (RFC 6749 section 5.2 allows no more), and long values are cut.
 */
export function printable(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  const clean = text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "?");
  return clean.length > receivedLimit ? `${clean.slice(0, receivedLimit)}... (${clean.length} characters)` : clean;
}
