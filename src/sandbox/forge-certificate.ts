import { randomUUID, type KeyObject } from "node:crypto";
import {
  certifyBrcac,
  createAuthority,
  makeKey,
  type Authority,
  type BrcacRequest,
  type CertifiedKey,
} from "../certs/issue-certificate.ts";
import { keyIdentifier } from "../certs/build-certificate.ts";
import type { ForgeryKind } from "./directory-requests.ts";

const day = 86_400_000;

/** Makes a transport certificate that is wrong in exactly one way; `now` is in milliseconds. */
export async function forgeBrcac(
  authority: Authority,
  genuine: BrcacRequest & { readonly publicKey: KeyObject },
  kind: ForgeryKind,
  now: number,
): Promise<CertifiedKey> {
  switch (kind) {
    case "expired":
      return certifyBrcac(authority, { ...genuine, notBefore: new Date(now - 366 * day), notAfter: new Date(now - day) });
    case "not-yet-valid":
      return certifyBrcac(authority, { ...genuine, notBefore: new Date(now + day), notAfter: new Date(now + 366 * day) });
    case "wrong-usage":
      return certifyBrcac(authority, { ...genuine, extendedKeyUsage: ["serverAuth"] });
    case "sha1":
      return certifyBrcac(authority, { ...genuine, digest: "sha1" });
    case "other-software":
      return certifyBrcac(authority, { ...genuine, softwareId: randomUUID() });
    case "other-organisation":
      return certifyBrcac(authority, { ...genuine, organisationId: randomUUID() });
    case "forged-issuer":
      return certifyBrcac(await imitation(authority), genuine);
    case "foreign-root":
      return certifyBrcac(await foreignAuthority(authority), genuine);
    // Wrong in their key, which the caller chose, or only once the list says so.
    case "rsa-1024":
    case "ec":
    case "revoked":
      return certifyBrcac(authority, genuine);
  }
}

/** The same chain over again, every field copied but the keys. */
async function imitation(original: Authority): Promise<Authority> {
  const { certificate, crlUrl, ocspUrl } = original;
  const names = nameParts(certificate.subject);
  return createAuthority({
    subject: {
      commonName: names.CN?.[0] ?? "",
      organisation: names.O?.[0] ?? "",
      organisationalUnits: names.OU ?? [],
    },
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    serialNumber: certificate.serialNumber,
    keyIdentifier: keyIdentifier(certificate.publicKey),
    privateKey: await makeKey(),
    digest: "sha512",
    ...(crlUrl && { crlUrl }),
    ...(ocspUrl && { ocspUrl }),
    ...(original.issuer && { issuer: await imitation(original.issuer), pathLength: 0 }),
  });
}

/** A chain of the same depth under a root that nobody here knows. */
async function foreignAuthority(original: Authority): Promise<Authority> {
  const { validFromDate: notBefore, validToDate: notAfter } = original.certificate;
  const root = await createAuthority({
    subject: { commonName: "Autoridade Certificadora Raiz Estrangeira", organisation: "Estrangeira" },
    notBefore,
    notAfter,
  });
  return createAuthority({
    subject: { commonName: "AC Estrangeira SSL", organisation: "Estrangeira" },
    notBefore,
    notAfter,
    issuer: root,
    pathLength: 0,
  });
}

/** The attributes of our own authorities' names, which hold nothing that would need unescaping. */
function nameParts(subject: string): Partial<Record<string, string[]>> {
  const parts: Partial<Record<string, string[]>> = {};
  for (const line of subject.split("\n")) {
    const [type = "", value = ""] = line.split("=");
    (parts[type] ??= []).push(value);
  }
  return parts;
}
