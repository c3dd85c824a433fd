import { contentOf, hexOf, membersOf, oidOf, readDer, smallIntegerOf, taggedMember, Type, isUniversal, type DerValue } from "./der.ts";

/** The extensions of a certificate that the house looks at (RFC 5280 4.2). */
export interface CertificateExtensions {
  /** Absent when the certificate does not restrict its key's use. */
  readonly keyUsage?: ReadonlySet<KeyUsageName>;
  /** Object identifiers; empty when the extension is absent. */
  readonly extendedKeyUsage: readonly string[];
  readonly isCa: boolean;
  /** Authorities allowed below this one; absent for no limit. */
  readonly pathLength?: number;
  readonly dnsNames: readonly string[];
  /** URLs of the certificate's CRL distribution points. */
  readonly crlUrls: readonly string[];
  readonly ocspUrls: readonly string[];
  readonly caIssuersUrls: readonly string[];
  /** Hexadecimal key identifiers. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** Critical extensions that nobody here understands: RFC 5280 4.2 forbids to accept such a certificate's use. */
  readonly unknownCritical: readonly string[];
}

const keyUsageNames = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;
export type KeyUsageName = (typeof keyUsageNames)[number];

export const clientAuth = "1.3.6.1.5.5.7.3.2";

const id = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  crlDistributionPoints: "2.5.29.31",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  authorityInfoAccess: "1.3.6.1.5.5.7.1.1",
} as const;
const certificatePolicies = "2.5.29.32";
const understood: ReadonlySet<string> = new Set([...Object.values(id), certificatePolicies]);

/** Reads the extensions field (explicit tag 3) of a certificate; undefined stands for none. Throws UnreadableDer. */
export function readExtensions(field: DerValue | undefined): CertificateExtensions {
  const values = new Map<string, DerValue>();
  const unknownCritical: string[] = [];
  for (const { oid, critical, octets } of field ? extensionsIn(membersOf(field)[0]) : []) {
    if (understood.has(oid)) values.set(oid, readDer(octets));
    else if (critical) unknownCritical.push(oid);
  }
  const usage = values.get(id.keyUsage);
  const keyId = values.get(id.subjectKeyIdentifier);
  const authorityKey = values.get(id.authorityKeyIdentifier);
  const authorityKeyId = authorityKey && taggedMember(membersOf(authorityKey), 0);
  return {
    ...(usage && { keyUsage: keyUsageOf(usage) }),
    extendedKeyUsage: listOf(values.get(id.extendedKeyUsage)).map(oidOf),
    ...basicConstraintsOf(values.get(id.basicConstraints)),
    dnsNames: generalNames(listOf(values.get(id.subjectAltName)), dnsName),
    crlUrls: listOf(values.get(id.crlDistributionPoints)).flatMap(distributionPointUrls),
    ocspUrls: accessUrls(values.get(id.authorityInfoAccess), "1.3.6.1.5.5.7.48.1"),
    caIssuersUrls: accessUrls(values.get(id.authorityInfoAccess), "1.3.6.1.5.5.7.48.2"),
    ...(keyId && { subjectKeyId: hexOf(keyId) }),
    ...(authorityKeyId && { authorityKeyId: hexOf(authorityKeyId) }),
    unknownCritical,
  };
}

/** The members of an Extensions sequence; critical is FALSE when left out. Throws UnreadableDer. */
export function extensionsIn(sequence: DerValue | undefined): { oid: string; critical: boolean; octets: string }[] {
  return membersOf(sequence).map((extension) => {
    const members = membersOf(extension);
    const flag = members.find((member) => isUniversal(member, Type.BOOLEAN));
    return {
      oid: oidOf(members[0]),
      critical: flag !== undefined && contentOf(flag) !== "\0",
      octets: contentOf(members.at(-1)),
    };
  });
}

function listOf(value: DerValue | undefined): readonly DerValue[] {
  return value ? membersOf(value) : [];
}

function keyUsageOf(value: DerValue): ReadonlySet<KeyUsageName> {
  const octets = Buffer.from(contentOf(value), "latin1");
  // The first octet counts the unused bits of the last one, which DER keeps at zero.
  return new Set(keyUsageNames.filter((_, bit) => ((octets[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

function basicConstraintsOf(value: DerValue | undefined): Pick<CertificateExtensions, "isCa" | "pathLength"> {
  const [flag, limit] = listOf(value);
  const isCa = isUniversal(flag, Type.BOOLEAN) && contentOf(flag) !== "\0";
  return { isCa, ...(isCa && limit && { pathLength: smallIntegerOf(limit) }) };
}

/** Tags of GeneralName (RFC 5280 4.2.1.6). */
const dnsName = 2;
const uri = 6;

export function generalNames(names: readonly DerValue[], tag: number): string[] {
  return names.flatMap((name) => (taggedMember([name], tag) ? [contentOf(name)] : []));
}

/** The URLs of a DistributionPointName's fullName (also that of an issuing distribution point). */
export function fullNameUrls(distributionPointName: DerValue | undefined): string[] {
  const fullName = distributionPointName && taggedMember(membersOf(distributionPointName), 0);
  return fullName ? generalNames(membersOf(fullName), uri) : [];
}

function distributionPointUrls(point: DerValue): string[] {
  const members = membersOf(point);
  // RFC 5280 4.2.1.13: a point with a cRLIssuer (2) names an indirect CRL, one with reasons (1) a partial one.
  if (taggedMember(members, 1) || taggedMember(members, 2)) return [];
  return fullNameUrls(taggedMember(members, 0));
}

function accessUrls(value: DerValue | undefined, method: string): string[] {
  return listOf(value).flatMap((description) => {
    const [accessMethod, location] = membersOf(description);
    return location && oidOf(accessMethod) === method ? generalNames([location], uri) : [];
  });
}
