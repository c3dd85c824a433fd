import { constants, createHash, verify, type KeyObject } from "node:crypto";
import pem from "node-forge/lib/pem.js";
import { extensionsIn, fullNameUrls } from "./certificate-extensions.ts";
import type { Certificate } from "./certificate.ts";
import {
  contentOf,
  isUniversal,
  membersOf,
  oidOf,
  readDer,
  serialOf,
  taggedMember,
  timeOf,
  Type,
  UnreadableDer,
  writeDer,
  type DerValue,
} from "./der.ts";
import { distinguishedNameOf } from "./distinguished-name.ts";
import { distinguishedNameKey } from "./distinguished-name-match.ts";
import { rsaPss, signatureDigestOf, strongDigests } from "./signature-digest.ts";

/** A revocation list whose signature has been verified; times in milliseconds since the epoch (UTC). */
export interface RevocationList {
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** By serial number as `Certificate.serialNumber` writes it. */
  readonly revoked: ReadonlyMap<string, RevokedEntry>;
  readonly covers: Coverage;
  /** `crlFingerprint` of the bytes it was read from: tells a new list from the one at hand. */
  readonly fingerprint: string;
}

export interface RevokedEntry {
  readonly at: number;
  /** A reason of RFC 5280 5.3.1. */
  readonly reason: string;
}

/** Which certificates of its issuer the list speaks about (issuing distribution point, RFC 5280 5.2.5). */
interface Coverage {
  readonly authorities: boolean;
  readonly leaves: boolean;
  /** When not empty: only certificates that name one of these addresses. */
  readonly urls: readonly string[];
}

/** The bytes are no revocation list of this issuer, or one that must not be used; the message says why. */
export class UnacceptableCrl extends Error {
  override readonly name = "UnacceptableCrl";
}

/**
 * Reads a certificate revocation list (DER or PEM) and verifies that the issuer has signed it. Refused: other issuers,
 * signatures that do not verify or use a weak digest, critical extensions that are not understood, delta and indirect
 * lists, lists without nextUpdate. Throws UnacceptableCrl.
 */
export function readCrl(bytes: Uint8Array, issuer: Certificate): RevocationList {
  try {
    return { ...listOf(derOf(bytes), issuer), fingerprint: crlFingerprint(bytes) };
  } catch (error) {
    if (error instanceof UnreadableDer) throw new UnacceptableCrl(`expected a certificate revocation list: ${error.message}`);
    throw error;
  }
}

/** SHA-256 of the bytes of a list, base64url. */
export function crlFingerprint(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

function derOf(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, 11).equals(Buffer.from("-----BEGIN "))) return buffer;
  try {
    return Buffer.from(pem.decode(buffer.toString("latin1"))[0]?.body ?? "", "latin1");
  } catch {
    throw new UnacceptableCrl("expected a certificate revocation list, found broken PEM");
  }
}

function listOf(der: Buffer, issuer: Certificate): Omit<RevocationList, "fingerprint"> {
  const [tbs, algorithm, signature] = membersOf(readDer(der));
  const fields = [...membersOf(tbs)];
  // RFC 5280 5.1.2.1: the version is a bare INTEGER, left out in version 1.
  if (isUniversal(fields[0], Type.INTEGER)) fields.shift();
  const [innerAlgorithm, issuerName, thisUpdate, nextUpdate, ...rest] = fields;
  if (distinguishedNameKey(distinguishedNameOf(issuerName)) !== issuer.subjectKey) {
    throw new UnacceptableCrl("expected the list of this issuer, found that of another");
  }
  if (!algorithm || !innerAlgorithm || !writeDer(algorithm).equals(writeDer(innerAlgorithm))) {
    throw new UnacceptableCrl("expected the same signature algorithm inside and outside of the signed part");
  }
  verifySignature(signedPart(der, tbs), algorithm, signature, issuer);
  if (!isUniversal(nextUpdate, Type.UTCTIME) && !isUniversal(nextUpdate, Type.GENERALIZEDTIME)) {
    throw new UnacceptableCrl("expected a nextUpdate (RFC 5280 5.1.2.5)");
  }
  const entries = rest.find((field) => isUniversal(field, Type.SEQUENCE));
  return {
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    revoked: new Map(entries ? membersOf(entries).map(revokedEntry) : []),
    covers: coverageOf(taggedMember(rest, 0)),
  };
}

/** The signed octets as they came: written anew they are the same, or the list is not DER. */
function signedPart(der: Buffer, tbs: DerValue | undefined): Buffer {
  const written = tbs ? writeDer(tbs) : Buffer.alloc(0);
  const start = der.indexOf(written);
  // An outer SEQUENCE has a header of at most six octets for any length below four gigabytes.
  if (start < 0 || start > 6) throw new UnacceptableCrl("expected a list in DER");
  return der.subarray(start, start + written.length);
}

function verifySignature(signed: Buffer, algorithm: DerValue, signature: DerValue | undefined, issuer: Certificate): void {
  const digest = signatureDigestOf(algorithm);
  if (!strongDigests.has(digest)) throw new UnacceptableCrl(`expected a signature with SHA-256 or better, found ${digest}`);
  if (issuer.keyUsage && !issuer.keyUsage.has("cRLSign")) {
    throw new UnacceptableCrl("expected an issuer with keyUsage cRLSign");
  }
  const bits = Buffer.from(contentOf(signature), "latin1");
  // The first octet of a BIT STRING counts its unused bits; a signature is whole octets.
  if (bits[0] !== 0) throw new UnacceptableCrl("expected a signature of whole octets");
  const pss = oidOf(membersOf(algorithm)[0]) === rsaPss;
  if (!issuer.publicKey || !verifies(digest, signed, issuer.publicKey, pss, bits.subarray(1))) {
    throw new UnacceptableCrl("expected a signature made by the issuer's key");
  }
}

function verifies(digest: string, signed: Buffer, key: KeyObject, pss: boolean, signature: Buffer): boolean {
  const padding = pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO } : {};
  try {
    return verify(digest, signed, { key, ...padding }, signature);
  } catch {
    // A key that cannot make signatures of this kind has not made this one.
    return false;
  }
}

const reasons: Readonly<Record<number, string>> = {
  0: "unspecified",
  1: "keyCompromise",
  2: "cACompromise",
  3: "affiliationChanged",
  4: "superseded",
  5: "cessationOfOperation",
  6: "certificateHold",
  9: "privilegeWithdrawn",
  10: "aACompromise",
};

const reasonCode = "2.5.29.21";
const entryExtensions: ReadonlySet<string> = new Set([reasonCode, "2.5.29.24"]);

function revokedEntry(entry: DerValue): [string, RevokedEntry] {
  const [serial, at, extensions] = membersOf(entry);
  let reason = "unspecified";
  for (const { oid, critical, octets } of extensions ? extensionsIn(extensions) : []) {
    // A critical certificateIssuer (2.5.29.29) makes the list an indirect one.
    if (critical && !entryExtensions.has(oid)) throw new UnacceptableCrl(`critical extension ${oid} of an entry is not understood`);
    if (oid === reasonCode) reason = reasons[contentOf(readDer(octets)).charCodeAt(0)] ?? reason;
  }
  return [serialOf(serial), { at: timeOf(at), reason }];
}

const issuingDistributionPoint = "2.5.29.28";
const listExtensions: ReadonlySet<string> = new Set([issuingDistributionPoint, "2.5.29.20", "2.5.29.35"]);

function coverageOf(field: DerValue | undefined): Coverage {
  let coverage: Coverage = { authorities: true, leaves: true, urls: [] };
  for (const { oid, critical, octets } of field ? extensionsIn(membersOf(field)[0]) : []) {
    if (critical && !listExtensions.has(oid)) throw new UnacceptableCrl(`critical extension ${oid} is not understood`);
    if (oid === issuingDistributionPoint) coverage = distributionPointCoverage(membersOf(readDer(octets)));
  }
  return coverage;
}

function distributionPointCoverage(members: readonly DerValue[]): Coverage {
  const flag = (tag: number) => {
    const member = taggedMember(members, tag);
    return member !== undefined && contentOf(member) !== "\0";
  };
  if (taggedMember(members, 3) || flag(4) || flag(5)) {
    throw new UnacceptableCrl("expected a complete list, found an indirect one, or one for some reasons or attributes only");
  }
  return { authorities: !flag(1), leaves: !flag(2), urls: fullNameUrls(taggedMember(members, 0)) };
}

/** Whether the list speaks about this certificate, given that its issuer is the list's. */
export function crlCovers({ covers }: RevocationList, certificate: Certificate): boolean {
  const kind = certificate.isCa ? covers.authorities : covers.leaves;
  const part = covers.urls.length === 0 || certificate.crlUrls.length === 0;
  return kind && (part || covers.urls.some((url) => certificate.crlUrls.includes(url)));
}
