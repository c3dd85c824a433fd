import { createHash, randomBytes, sign, X509Certificate, type KeyObject } from "node:crypto";
import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";
import type forge from "node-forge";
import asn1 from "node-forge/lib/asn1.js";
import util from "node-forge/lib/util.js";

type Asn1 = forge.asn1.Asn1;

/** One relative distinguished name with one attribute. */
export interface SubjectAttribute {
  /** Dotted object identifier, e.g. `2.5.4.97`. */
  readonly oid: string;
  readonly value: string;
  /** The ASN.1 string type the value is written in. */
  readonly encoding: "utf8" | "printable";
}

export type Digest = "sha1" | "sha256" | "sha512";

const keyUsageBits = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;
export type KeyUsage = keyof typeof keyUsageBits;

const extendedKeyUsageOids = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  emailProtection: "1.3.6.1.5.5.7.3.4",
  ocspSigning: "1.3.6.1.5.5.7.3.9",
} as const;
export type ExtendedKeyUsage = keyof typeof extendedKeyUsageOids;

export type AlternativeName =
  | { readonly dns: string }
  | { readonly ip: string }
  | { readonly uri: string }
  /** An otherName of the given object identifier whose value is a PrintableString. */
  | { readonly otherName: string; readonly value: string };

/** Everything that stands in a certificate apart from its signature. */
export interface CertificateContent {
  readonly subject: readonly SubjectAttribute[];
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Present for an authority; `pathLength` is the number of authorities allowed below it. */
  readonly authority?: { readonly pathLength?: number };
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly alternativeNames?: readonly AlternativeName[];
  readonly crlUrl?: string;
  readonly ocspUrl?: string;
  /** Certificate policy object identifiers. */
  readonly policies?: readonly string[];
  /** Upper-case hexadecimal; 16 random bytes when left out. */
  readonly serialNumber?: string;
  /** Instead of the identifier that follows from the public key: only a forger wants another. */
  readonly subjectKeyIdentifier?: Buffer;
}

export interface CertificateSigner {
  /** RSA. */
  readonly privateKey: KeyObject;
  /** The signer's own certificate; left out when the certificate is self-signed. */
  readonly certificate?: X509Certificate;
  /** Instead of the identifier that follows from the signer's public key. */
  readonly keyIdentifier?: Buffer;
  readonly digest: Digest;
}

const signatureOids: Record<Digest, string> = {
  sha1: "1.2.840.113549.1.1.5",
  sha256: "1.2.840.113549.1.1.11",
  sha512: "1.2.840.113549.1.1.13",
};

const universal = asn1.Class.UNIVERSAL;
const contextual = asn1.Class.CONTEXT_SPECIFIC;

function sequence(...parts: Asn1[]): Asn1 {
  return asn1.create(universal, asn1.Type.SEQUENCE, true, parts);
}

function primitive(type: forge.asn1.Type, bytes: string): Asn1 {
  return asn1.create(universal, type, false, bytes);
}

function tagged(tag: number, content: string | Asn1[]): Asn1 {
  return asn1.create(contextual, tag, typeof content !== "string", content);
}

function oid(dotted: string): Asn1 {
  return primitive(asn1.Type.OID, asn1.oidToDer(dotted).getBytes());
}

function toDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), "binary");
}

function fromDer(der: Buffer): Asn1 {
  return asn1.fromDer(util.createBuffer(der.toString("binary")));
}

function bitString(bytes: Buffer, unusedBits = 0): Asn1 {
  return primitive(asn1.Type.BITSTRING, String.fromCharCode(unusedBits) + bytes.toString("binary"));
}

function integer(bytes: Buffer): Asn1 {
  return primitive(asn1.Type.INTEGER, bytes.toString("binary"));
}

function name(attributes: readonly SubjectAttribute[]): Asn1 {
  return sequence(
    ...attributes.map(({ oid: type, value, encoding }) => {
      const text =
        encoding === "utf8"
          ? primitive(asn1.Type.UTF8, util.encodeUtf8(value))
          : primitive(asn1.Type.PRINTABLESTRING, value);
      return asn1.create(universal, asn1.Type.SET, true, [sequence(oid(type), text)]);
    }),
  );
}

/** The subject of a certificate byte for byte, for use as the issuer of the next one. */
function subjectOf(certificate: X509Certificate): Asn1 {
  const parsed = fromDer(certificate.raw);
  const tbs = asn1Children(parsed)[0];
  const subject = tbs && asn1Children(tbs)[5];
  if (!subject) throw new Error("Expected an X.509 v3 certificate with a subject");
  return subject;
}

function asn1Children(value: Asn1): Asn1[] {
  return Array.isArray(value.value) ? value.value : [];
}

function time(date: Date): Asn1 {
  // RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on.
  return date.getUTCFullYear() < 2050
    ? primitive(asn1.Type.UTCTIME, String(asn1.dateToUtcTime(date)))
    : primitive(asn1.Type.GENERALIZEDTIME, String(asn1.dateToGeneralizedTime(date)));
}

/** The key identifier of RFC 5280 4.2.1.2 (1): SHA-1 over the public key's bits. */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  
  return createHash("sha1").update(publicKeyBits(publicKey)).digest();
}

function publicKeyBits(publicKey: KeyObject): Buffer {
  if (publicKey.asymmetricKeyType === "rsa") return publicKey.export({ type: "pkcs1", format: "der" });
  const { x, y } = publicKey.export({ format: "jwk" });
  return Buffer.concat([Buffer.from([4]), Buffer.from(x ?? "", "base64url"), Buffer.from(y ?? "", "base64url")]);
}

function extension(id: string, value: Asn1, critical = false): Asn1 {
  const octets = primitive(asn1.Type.OCTETSTRING, toDer(value).toString("binary"));
  return critical
    ? sequence(oid(id), primitive(asn1.Type.BOOLEAN, "\xff"), octets)
    : sequence(oid(id), octets);
}

function basicConstraints(authority: CertificateContent["authority"]): Asn1 {
  if (!authority) return extension("2.5.29.19", sequence());
  const isAuthority = primitive(asn1.Type.BOOLEAN, "\xff");
  const parts =
    authority.pathLength === undefined ? [isAuthority] : [isAuthority, integer(Buffer.from([authority.pathLength]))];
  return extension("2.5.29.19", sequence(...parts), true);
}

function keyUsageExtension(usages: readonly KeyUsage[]): Asn1 {
  const bits = usages.map((usage): number => keyUsageBits[usage]);
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return extension("2.5.29.15", bitString(Buffer.from([byte]), 7 - Math.max(...bits)), true);
}

function generalName(entry: AlternativeName): Asn1 {
  if ("dns" in entry) return tagged(2, entry.dns);
  if ("uri" in entry) return tagged(6, entry.uri);
  if ("ip" in entry) return tagged(7, Buffer.from(ipaddr.parse(entry.ip).toByteArray()).toString("binary"));
  return tagged(0, [oid(entry.otherName), tagged(0, [primitive(asn1.Type.PRINTABLESTRING, entry.value)])]);
}

function extensions(content: CertificateContent, signer: CertificateSigner): Asn1 {
  const own = content.subjectKeyIdentifier ?? keyIdentifier(content.publicKey);
  const issuers = signer.keyIdentifier ?? (signer.certificate ? keyIdentifier(signer.certificate.publicKey) : own);
  const list = [
    basicConstraints(content.authority),
    extension("2.5.29.14", primitive(asn1.Type.OCTETSTRING, own.toString("binary"))),
    extension("2.5.29.35", sequence(tagged(0, issuers.toString("binary")))),
  ];
  if (content.keyUsage.length > 0) list.push(keyUsageExtension(content.keyUsage));
  if (content.extendedKeyUsage?.length) {
    list.push(extension("2.5.29.37", sequence(...content.extendedKeyUsage.map((use) => oid(extendedKeyUsageOids[use])))));
  }
  if (content.alternativeNames?.length) {
    list.push(extension("2.5.29.17", sequence(...content.alternativeNames.map(generalName))));
  }
  if (content.policies?.length) {
    list.push(extension("2.5.29.32", sequence(...content.policies.map((policy) => sequence(oid(policy))))));
  }
  if (content.crlUrl) {
    const point = sequence(tagged(0, [tagged(0, [tagged(6, content.crlUrl)])]));
    list.push(extension("2.5.29.31", sequence(point)));
  }
  if (content.ocspUrl) {
    const description = sequence(oid("1.3.6.1.5.5.7.48.1"), tagged(6, content.ocspUrl));
    list.push(extension("1.3.6.1.5.5.7.1.1", sequence(description)));
  }
  return tagged(3, [sequence(...list)]);
}

function newSerialNumber(): Buffer {
  const bytes = randomBytes(16);
  // Positive and never with a leading zero byte: DER allows one spelling of an integer only.
  bytes.writeUInt8(((bytes[0] ?? 0) & 0x3f) | 0x40, 0);
  return bytes;
}

/** Builds and signs an X.509 v3 certificate (RFC 5280) and returns it parsed. The signer's key is RSA. */
export function buildCertificate(content: CertificateContent, signer: CertificateSigner): X509Certificate {
  const algorithm = sequence(oid(signatureOids[signer.digest]), primitive(asn1.Type.NULL, ""));
  const subject = name(content.subject);
  const tbs = sequence(
    tagged(0, [integer(Buffer.from([2]))]),
    integer(content.serialNumber ? Buffer.from(content.serialNumber, "hex") : newSerialNumber()),
    algorithm,
    signer.certificate ? subjectOf(signer.certificate) : subject,
    sequence(time(content.notBefore), time(content.notAfter)),
    subject,
    fromDer(content.publicKey.export({ type: "spki", format: "der" })),
    extensions(content, signer),
  );
  const signature = sign(signer.digest, toDer(tbs), signer.privateKey);
  return new X509Certificate(toDer(sequence(tbs, algorithm, bitString(signature))));
}

/** The alternative name of a host: an address or a DNS name. */
export function hostName(host: string): AlternativeName {
  return isIPv4(host) || host.includes(":") ? { ip: host } : { dns: host };
}
