import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { keyIdentifier } from "./build-certificate.ts";
import type { Authority } from "./issue-certificate.ts";

/** The reasons of RFC 5280 5.3.1 with their numbers. */
const reasonCodes = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;
export type RevocationReason = keyof typeof reasonCodes;

export interface Revocation {
  /** Hexadecimal, as `X509Certificate.serialNumber` gives it. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason?: RevocationReason;
}

export interface CrlContent {
  readonly revoked: readonly Revocation[];
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Grows with every list of the authority. */
  readonly number: number;
}

/** DER integers are signed: a leading one bit needs a zero byte before it. */
function positiveInteger(hex: string): asn1js.Integer {
  const bytes = Buffer.from(hex, "hex");
  const signed = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
  return new asn1js.Integer({ valueHex: signed });
}

/** RFC 5280 5.1.2.4: UTCTime (0) through 2049, GeneralizedTime (1) from 2050 on. */
function time(value: Date): pkijs.Time {
  return new pkijs.Time({ value, type: value.getUTCFullYear() < 2050 ? 0 : 1 });
}

function revokedCertificate({ serialNumber, revokedAt, reason }: Revocation): pkijs.RevokedCertificate {
  const reasonExtension = reason && [
    new pkijs.Extension({
      extnID: "2.5.29.21",
      extnValue: new asn1js.Enumerated({ value: reasonCodes[reason] }).toBER(),
    }),
  ];
  return new pkijs.RevokedCertificate({
    userCertificate: positiveInteger(serialNumber),
    revocationDate: time(revokedAt),
    ...(reasonExtension && { crlEntryExtensions: new pkijs.Extensions({ extensions: reasonExtension }) }),
  });
}

function crlExtensions(authority: Authority, number: number): pkijs.Extensions {
  const authorityKey = new pkijs.AuthorityKeyIdentifier({
    keyIdentifier: new asn1js.OctetString({ valueHex: keyIdentifier(authority.certificate.publicKey) }),
  });
  return new pkijs.Extensions({
    extensions: [
      new pkijs.Extension({ extnID: "2.5.29.35", extnValue: authorityKey.toSchema().toBER() }),
      new pkijs.Extension({ extnID: "2.5.29.20", extnValue: new asn1js.Integer({ value: number }).toBER() }),
    ],
  });
}

/** Signs a certificate revocation list of the authority (RFC 5280 section 5, version 2, RSA with SHA-256); DER. */
export async function issueCrl(authority: Authority, content: CrlContent): Promise<Buffer> {
  const crl = new pkijs.CertificateRevocationList({
    version: 1,
    issuer: pkijs.Certificate.fromBER(authority.certificate.raw).subject,
    thisUpdate: time(content.thisUpdate),
    nextUpdate: time(content.nextUpdate),
    crlExtensions: crlExtensions(authority, content.number),
  });
  // RFC 5280 5.1.2.6: the list is absent, not empty, when nothing is revoked.
  if (content.revoked.length > 0) crl.revokedCertificates = content.revoked.map(revokedCertificate);
  const key = authority.privateKey.toCryptoKey({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
  await crl.sign(key, "SHA-256");
  return Buffer.from(crl.toSchema(true).toBER());
}
