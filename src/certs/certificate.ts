import { createHash, X509Certificate, type KeyObject } from "node:crypto";
import { readExtensions, type CertificateExtensions } from "./certificate-extensions.ts";
import { membersOf, readDer, serialOf, taggedMember, timeOf } from "./der.ts";
import { distinguishedNameOf, type DistinguishedName } from "./distinguished-name.ts";
import { distinguishedNameKey } from "./distinguished-name-match.ts";
import { printDistinguishedName } from "./distinguished-name-text.ts";
import { signatureDigestOf } from "./signature-digest.ts";

/** What a certificate says, read once; times in milliseconds since the epoch (UTC). Nothing here is judged. */
export interface Certificate extends CertificateExtensions {
  readonly x509: X509Certificate;
  /** SHA-256 of the DER, base64url: `x5t#S256` of RFC 8705. */
  readonly thumbprint: string;
  /** SHA-256 of the SubjectPublicKeyInfo, base64url: what anchors are pinned by. */
  readonly publicKeyHash: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Equal for names that match (RFC 4517), so that issuers are found by it. */
  readonly subjectKey: string;
  readonly issuerKey: string;
  /** RFC 4514, for people and logs. */
  readonly subjectText: string;
  readonly issuerText: string;
  /** Upper-case hexadecimal without leading zeros. */
  readonly serialNumber: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** `rsa`, `ec`, `ed25519`...; `unknown` when Node cannot read the key. */
  readonly keyType: string;
  /** Modulus length of an RSA key in bits; 0 for other keys. */
  readonly keySize: number;
  /** Absent when Node cannot read the key. */
  readonly publicKey?: KeyObject;
  /** `sha256`, `sha1`, `md5`...; `unknown` when the algorithm is not a known one. */
  readonly signatureDigest: string;
}

/** The input is no X.509 certificate; the message says what is wrong with it. */
export class UnreadableCertificate extends Error {
  override readonly name = "UnreadableCertificate";
}

/**
 * Reads one certificate: PEM text (the first certificate in it), DER, or one that Node has parsed already.
 * Throws UnreadableCertificate, and nothing else, whatever the input is.
 */
export function readCertificate(input: string | Uint8Array | X509Certificate): Certificate {
  try {
    return contentsOf(input instanceof X509Certificate ? input : parsed(input));
  } catch (error) {
    if (error instanceof UnreadableCertificate) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnreadableCertificate(`expected an X.509 certificate as PEM or DER: ${reason}`);
  }
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Reads every certificate of a PEM bundle, in its order. Throws UnreadableCertificate when there is none. */
export function readCertificateChain(pem: string): Certificate[] {
  const blocks = pem.match(pemCertificate);
  if (!blocks) throw new UnreadableCertificate("expected at least one PEM block that begins with BEGIN CERTIFICATE");
  return blocks.map((block) => readCertificate(block));
}

function parsed(input: string | Uint8Array): X509Certificate {
  if (typeof input !== "string") {
    const text = Buffer.from(input.subarray(0, 64)).toString("latin1");
    return text.includes("-----BEGIN") ? parsed(Buffer.from(input).toString("latin1")) : new X509Certificate(input);
  }
  const block = input.match(pemCertificate)?.[0];
  if (!block) throw new UnreadableCertificate("expected a PEM block that begins with BEGIN CERTIFICATE");
  return new X509Certificate(block);
}

function contentsOf(x509: X509Certificate): Certificate {
  const [tbs, signatureAlgorithm] = membersOf(readDer(x509.raw));
  const fields = membersOf(tbs);
  // RFC 5280 4.1: the version is explicit in v3 and left out in v1; the fields after it have fixed places.
  const first = taggedMember(fields, 0) ? 1 : 0;
  const [serial, , issuerField, validity, subjectField] = fields.slice(first);
  const [notBefore, notAfter] = membersOf(validity);
  const subject = distinguishedNameOf(subjectField);
  const issuer = distinguishedNameOf(issuerField);
  return {
    x509,
    thumbprint: sha256(x509.raw),
    ...keyOf(x509),
    subject,
    issuer,
    subjectKey: distinguishedNameKey(subject),
    issuerKey: distinguishedNameKey(issuer),
    subjectText: printDistinguishedName(subject),
    issuerText: printDistinguishedName(issuer),
    serialNumber: serialOf(serial),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    signatureDigest: signatureDigestOf(signatureAlgorithm),
    ...readExtensions(taggedMember(fields.slice(first + 6), 3)),
  };
}

function keyOf(x509: X509Certificate): Pick<Certificate, "keyType" | "keySize" | "publicKey" | "publicKeyHash"> {
  try {
    const { publicKey } = x509;
    return {
      publicKey,
      publicKeyHash: sha256(publicKey.export({ type: "spki", format: "der" })),
      keyType: publicKey.asymmetricKeyType ?? "unknown",
      keySize: publicKey.asymmetricKeyDetails?.modulusLength ?? 0,
    };
  } catch {
    // A key OpenSSL cannot read is a fact to be judged, not a reason to give up on the certificate.
    return { publicKeyHash: "", keyType: "unknown", keySize: 0 };
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

/** How many certificates beside the leaf are looked at, whatever the peer sends. */
const longestSentChain = 10;

/** The further certificates the peer sent, in its order: Node strings them behind the leaf. */
export function sentWith(leaf: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = leaf.issuerCertificate;
  while (next && chain.length < longestSentChain) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}
