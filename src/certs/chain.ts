import type { Certificate } from "./certificate.ts";
import { issuerFaults, type IssuerFault } from "./issuer-faults.ts";
import type { TrustAnchors } from "./trust-anchors.ts";

/** Why no accepted path leads from a certificate to an anchor. */
export type ChainBreak =
  /** Nobody known, and nobody the peer sent, has the name of this certificate's issuer. */
  | { readonly reason: "issuer-unknown"; readonly certificate: Certificate }
  /** An authority of that name is known, but none of them has signed this certificate. */
  | { readonly reason: "forged"; readonly certificate: Certificate }
  /** The path leads to an anchor, but an authority on it must not issue, or not now. */
  | { readonly reason: "issuer-invalid"; readonly certificate: Certificate; readonly faults: readonly IssuerFault[] }
  /** More authorities stand between the certificate and an anchor than are looked at, or too many have one name. */
  | { readonly reason: "too-long"; readonly certificate: Certificate };

export type ChainResult =
  | { readonly ok: true; /** From the leaf to the anchor, both included. */ readonly path: readonly Certificate[] }
  | { readonly ok: false; readonly broken: ChainBreak };

/** ICP-Brasil needs four: root, two authorities, leaf. */
const longestPath = 8;
/** Signatures verified for one leaf: far more than honest chains need, few enough for a hostile one (about 5 ms). */
const verificationBudget = 40;
/** Of these, with keys that the peer itself sent: of their kind and number it is the master. */
const sentBudget = 12;

export interface ChainRequest {
  readonly leaf: Certificate;
  /** The other certificates the peer sent, in any order; not believed, only tried. */
  readonly sent: readonly Certificate[];
  readonly anchors: TrustAnchors;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Builds a path from the leaf to an anchor and verifies every signature on it (DCR 7.1-1, 9.3.1-1). Issuers are found
 * by name and proven by key: of several with one name each is tried. A path without faults wins over any other.
 */
export function buildChain(request: ChainRequest): ChainResult {
  const search: Search = { ...request, verifications: 0, sentVerifications: 0, exhausted: false, faulty: undefined, deadEnds: [] };
  const path = extend(search, [request.leaf]);
  return path ? { ok: true, path } : { ok: false, broken: worstBreak(search) };
}

interface Search extends ChainRequest {
  verifications: number;
  sentVerifications: number;
  exhausted: boolean;
  faulty: { readonly certificate: Certificate; readonly faults: readonly IssuerFault[] } | undefined;
  deadEnds: ChainBreak[];
}

function extend(search: Search, path: readonly Certificate[]): readonly Certificate[] | undefined {
  const last = path.at(-1) ?? search.leaf;
  if (path.length >= longestPath) {
    search.deadEnds.push({ reason: "too-long", certificate: last });
    return undefined;
  }
  const candidates = candidatesFor(search, path, last);
  let proven = false;
  for (const candidate of candidates) {
    const isSent = search.sent.includes(candidate);
    if (search.verifications >= verificationBudget || (isSent && search.sentVerifications >= sentBudget)) {
      search.exhausted = true;
      break;
    }
    search.verifications += 1;
    if (isSent) search.sentVerifications += 1;
    if (!isSignedBy(last, candidate)) continue;
    proven = true;
    const found = accept(search, [...path, candidate]);
    if (found) return found;
  }
  if (!proven) search.deadEnds.push({ reason: candidates.length > 0 ? "forged" : "issuer-unknown", certificate: last });
  return undefined;
}

function accept(search: Search, path: readonly Certificate[]): readonly Certificate[] | undefined {
  const end = path.at(-1) ?? search.leaf;
  if (!search.anchors.isAnchor(end)) return extend(search, path);
  const faulty = firstFault(path, search.now);
  if (!faulty) return path;
  search.faulty ??= faulty;
  return undefined;
}

function firstFault(path: readonly Certificate[], now: number): Search["faulty"] {
  for (const [index, certificate] of path.entries()) {
    if (index === 0) continue;
    const faults = issuerFaults(certificate, { now, authoritiesBelow: authoritiesBelow(path, index), anchor: index === path.length - 1 });
    if (faults.length > 0) return { certificate, faults };
  }
  return undefined;
}

/** RFC 5280 4.2.1.9: self-issued authorities do not count for the path length. */
function authoritiesBelow(path: readonly Certificate[], index: number): number {
  return path.slice(1, index).filter((certificate) => certificate.subjectKey !== certificate.issuerKey).length;
}

/**
 * Whoever has the issuer's name and is not on the path already: known authorities first, then those sent. A sent copy
 * of a known key is left out, so that what the house knows about that authority counts.
 */
function candidatesFor(search: Search, path: readonly Certificate[], child: Certificate): readonly Certificate[] {
  const known = search.anchors.named(child.issuerKey);
  const sent = search.sent.filter(
    (certificate) => certificate.subjectKey === child.issuerKey && isQuickToVerify(certificate) && !search.anchors.isAnchor(certificate),
  );
  const seen = new Set(path.map((certificate) => certificate.thumbprint));
  return [...known, ...sent].filter(({ thumbprint }) => {
    if (seen.has(thumbprint)) return false;
    seen.add(thumbprint);
    return true;
  });
}

const quickCurves = ["prime256v1", "secp384r1", "secp521r1"];

/**
 * Whether verifying with this key costs no more than a known authority's. An RSA key of 16,384 bits, or with an exponent
 * as long as its modulus, costs a hundred times as much, and a DSA key of its sender's choosing more still.
 */
function isQuickToVerify({ publicKey, keySize }: Certificate): boolean {
  const { publicExponent = 0n, namedCurve = "" } = publicKey?.asymmetricKeyDetails ?? {};
  switch (publicKey?.asymmetricKeyType) {
    case "rsa":
      return keySize <= 8192 && publicExponent < 2n ** 33n;
    case "ec":
      return quickCurves.includes(namedCurve);
    case "ed25519":
    case "ed448":
      return true;
    default:
      return false;
  }
}

/** Whether the issuer's key made the certificate's signature. */
function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!issuer.publicKey) return false;
  try {
    return certificate.x509.verify(issuer.publicKey);
  } catch {
    // A key that cannot make signatures of this kind has not made this one.
    return false;
  }
}

/**
 * Which dead end to report: a path whose signatures are all genuine says most; then a certificate that claims a known
 * authority's name without its signature; then whatever came furthest.
 */
function worstBreak(search: Search): ChainBreak {
  if (search.faulty) return { reason: "issuer-invalid", ...search.faulty };
  if (search.exhausted) return { reason: "too-long", certificate: search.leaf };
  const forged = search.deadEnds.filter(({ reason }) => reason === "forged");
  const claimsKnownName = forged.find(({ certificate }) => search.anchors.named(certificate.issuerKey).length > 0);
  return claimsKnownName ?? forged.at(-1) ?? search.deadEnds.at(-1) ?? { reason: "issuer-unknown", certificate: search.leaf };
}
