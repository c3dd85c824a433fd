import type { Certificate } from "./certificate.ts";

/** What is known about the revocation of one certificate; times in milliseconds since the epoch (UTC). */
export type Revocation = RevocationFinding & {
  /** When to ask again: until then, and while the source's generation stays, the answer does not change. */
  readonly recheckAt: number;
};

export type RevocationFinding =
  /** Not on the list that its issuer signed at `asOf`; `stale` when that list should have been replaced by now. */
  | { readonly state: "good"; readonly asOf: number; readonly stale: boolean }
  | { readonly state: "revoked"; readonly asOf: number; readonly at: number; readonly reason: string }
  /** Nobody can say; `why` is for people and names no secret. */
  | { readonly state: "unknown"; readonly why: string };

/** Where the house learns about revocation. */
export interface RevocationSource {
  /** Grows whenever something learnt may change an answer given before. */
  generation(): number;
  /** Never rejects; waits at most as long as one fetch may take, and not at all when a usable list is at hand. */
  revocationOf(certificate: Certificate, issuer: Certificate): Promise<Revocation>;
}
