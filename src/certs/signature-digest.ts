import { membersOf, oidOf, taggedMember, UnreadableDer, type DerValue } from "./der.ts";

const digests: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.2": "md2",
  "1.2.840.113549.1.1.4": "md5",
  "1.2.840.113549.1.1.5": "sha1",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.113549.1.1.14": "sha224",
  "1.2.840.10045.4.1": "sha1",
  "1.2.840.10045.4.3.1": "sha224",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.3.14.3.2.26": "sha1",
  "1.3.14.3.2.29": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

export const rsaPss = "1.2.840.113549.1.1.10";

/** The digests that certificates and revocation lists may be signed with (conformance: SHA-256 or better). */
export const strongDigests: ReadonlySet<string> = new Set(["sha256", "sha384", "sha512"]);

/** The digest of an AlgorithmIdentifier of a signature; `unknown` when it is none of the usual ones. */
export function signatureDigestOf(algorithm: DerValue | undefined): string {
  const [type, parameters] = membersOf(algorithm);
  const oid = oidOf(type);
  return oid === rsaPss ? pssDigest(parameters) : (digests[oid] ?? "unknown");
}

/** RFC 4055 3.1: the digest is the parameter tagged 0, SHA-1 when left out. */
function pssDigest(parameters: DerValue | undefined): string {
  try {
    const hash = taggedMember(membersOf(parameters), 0);
    if (!hash) return "sha1";
    return digests[oidOf(membersOf(membersOf(hash)[0])[0])] ?? "unknown";
  } catch (error) {
    if (error instanceof UnreadableDer) return "unknown";
    throw error;
  }
}
