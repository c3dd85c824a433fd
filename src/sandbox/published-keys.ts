import { createHash, X509Certificate, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, exportJWK } from "jose";
import type { CertifiedKey } from "../certs/issue-certificate.ts";
import type { DirectoryMemory } from "./directory-memory.ts";
import type { PublishedKey } from "./directory-records.ts";

interface Owner {
  readonly organisationId: string;
  readonly softwareId: string;
}

/** SHA-256 of a certificate's DER, lower-case hexadecimal. */
export function fingerprintOf(certificate: X509Certificate): string {
  return createHash("sha256").update(certificate.raw).digest("hex");
}

/** The key of a BRSEAL, for signatures, with its certificates. */
export function signingKey(owner: Owner, issued: CertifiedKey): Promise<PublishedKey> {
  return certifiedKey(owner, issued, { use: "sig", alg: "PS256" });
}

/** The key of a BRCAC as transport.jwks shows it. */
export function transportKey(owner: Owner, issued: CertifiedKey): Promise<PublishedKey> {
  const x5dn = issued.x509.subject.split("\n").toReversed().join(",");
  return certifiedKey(owner, issued, { use: "tls", x5dn });
}

/** A bare key that answers are encrypted to. */
export async function encryptionKey(owner: Owner, publicKey: KeyObject): Promise<PublishedKey> {
  const bare = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(bare);
  return { ...owner, kid, use: "enc", active: true, jwk: { ...bare, kid, use: "enc", alg: "RSA-OAEP" } };
}

async function certifiedKey(
  owner: Owner,
  { x509, chainPem }: CertifiedKey,
  members: { readonly use: "sig" | "tls"; readonly [member: string]: string },
): Promise<PublishedKey> {
  const bare = await exportJWK(x509.publicKey);
  const kid = await calculateJwkThumbprint(bare);
  const fingerprint = fingerprintOf(x509);
  return {
    ...owner,
    kid,
    use: members.use,
    active: true,
    fingerprint,
    jwk: {
      ...bare,
      kid,
      ...members,
      x5c: [x509, ...certificatesIn(chainPem)].map((certificate) => certificate.raw.toString("base64")),
      "x5t#S256": Buffer.from(fingerprint, "hex").toString("base64url"),
    },
  };
}

function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );
}

export interface KeysWanted {
  readonly organisationId: string;
  /** Left out: the keys of the whole organisation. */
  readonly softwareId?: string;
  readonly purpose: "application" | "transport";
  readonly active: boolean;
}

/**
 * The keys that a `.jwks` of the keystore shows. Encryption keys belong to one software statement and are left out
 * of an organisation's own `application.jwks`. Undefined when the organisation or the software is unknown.
 */
export async function keysShown(memory: DirectoryMemory, wanted: KeysWanted): Promise<PublishedKey["jwk"][] | undefined> {
  const { organisationId, softwareId, purpose, active } = wanted;
  const known = softwareId
    ? (await memory.get("software", softwareId))?.organisationId === organisationId
    : (await memory.get("organisation", organisationId)) !== undefined;
  if (!known) return undefined;
  const uses = purpose === "transport" ? ["tls"] : softwareId ? ["sig", "enc"] : ["sig"];
  const keys = await memory.list("key", softwareId ? `${organisationId}/${softwareId}/` : `${organisationId}/`);
  return keys.filter((key) => key.active === active && uses.includes(key.use)).map(({ jwk }) => jwk);
}
