import type { Certificate } from "./certificate.ts";
import { strongDigests } from "./signature-digest.ts";

/** Why an authority whose signature is genuine must not issue, or not now; words for the refusal. */
export type IssuerFault =
  | "expired"
  | "not-yet-valid"
  | "not-an-authority"
  | "may-not-sign-certificates"
  | "path-too-long"
  | "weak-key"
  | "weak-digest"
  | "unknown-critical-extension";

interface IssuerPlace {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Authorities between this one and the leaf, self-issued ones not counted. */
  readonly authoritiesBelow: number;
  /** An anchor's own signature proves nothing, so its digest does not matter. */
  readonly anchor: boolean;
}

/** Everything that is wrong with an authority on a path whose signatures are genuine (RFC 5280 6.1.4). */
export function issuerFaults(issuer: Certificate, place: IssuerPlace): IssuerFault[] {
  const { keyUsage, pathLength = Number.POSITIVE_INFINITY } = issuer;
  const faults: [IssuerFault, boolean][] = [
    ["expired", place.now > issuer.notAfter],
    ["not-yet-valid", place.now < issuer.notBefore],
    ["not-an-authority", !issuer.isCa],
    ["may-not-sign-certificates", keyUsage !== undefined && !keyUsage.has("keyCertSign")],
    ["path-too-long", place.authoritiesBelow > pathLength],
    ["weak-key", issuer.keyType === "rsa" && issuer.keySize < 2048],
    ["weak-digest", !place.anchor && !strongDigests.has(issuer.signatureDigest)],
    ["unknown-critical-extension", issuer.unknownCritical.length > 0],
  ];
  return faults.flatMap(([fault, holds]) => (holds ? [fault] : []));
}
