import { createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { z } from "zod";

/** A public RSA key of the directory, ready for use: imported once, when its JWKS was read. */
export interface DirectoryKey {
  readonly kid: string;
  /** For jose and node:crypto alike. */
  readonly publicKey: KeyObject;
  /** `sig` or `enc`; undefined when the JWKS does not say (RFC 7517 section 4.2). */
  readonly use: string | undefined;
  readonly alg: string | undefined;
  readonly bits: number;
  /** The certificates of `x5c`, base64 DER, the key's own one first; empty when there are none. */
  readonly x5c: readonly string[];
}

/** Why a key of a valid JWKS is not used. */
export type KeyRejection =
  | "private-member"
  | "no-kid"
  | "kid-repeated"
  | "not-rsa"
  | "malformed"
  | "too-short"
  | "too-long"
  | "exponent"
  | "certificate-mismatch";

export interface RejectedKey {
  readonly kid: string | undefined;
  readonly reason: KeyRejection;
}

export interface KeySet {
  readonly byKid: ReadonlyMap<string, DirectoryKey>;
  /** Keys that were published and are left out, in the order of the JWKS. */
  readonly rejected: readonly RejectedKey[];
}

/** Whether a key may verify signatures: it says `sig`, or names no use (RFC 7517 section 4.2). */
export function isSigningKey(key: DirectoryKey): boolean {
  return key.use === "sig" || key.use === undefined;
}

/** Whether a key may be encrypted to: only one that says `enc`. */
export function isEncryptionKey(key: DirectoryKey): boolean {
  return key.use === "enc";
}

/** Says that an answer is not a JWKS at all. */
export class NotAJwks extends Error {
  override readonly name = "NotAJwks";
}

const shortestRsaBits = 2048;
/** A larger modulus makes one verification cost milliseconds: a lever against us, and nobody needs it. */
const longestRsaBits = 8192;
const largestExponent = 0xffff_ffffn;
const mostKeys = 200;
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

const jwksSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string() })).max(mostKeys),
});

const rsaKeySchema = z.object({
  kty: z.literal("RSA"),
  kid: z.string().min(1).max(300),
  n: z.string().min(1),
  e: z.string().min(1),
  use: z.string().optional(),
  alg: z.string().optional(),
  x5c: z.array(z.string()).max(20).optional(),
});

type PublishedKey = z.infer<typeof jwksSchema>["keys"][number];

/**
 * Reads a JWKS (RFC 7517). A key that must not be used is left out, with the reason, and the others stay usable: so
 * nobody keeps a removed key alive by publishing a broken one beside it. Of keys with one `kid` none is used.
 * @param text the body of the answer
 * @throws NotAJwks when the text is no JSON object with a `keys` array of objects that have a `kty`
 */
export function readJwks(text: string): KeySet {
  const published = publishedKeys(text);
  const repeated = repeatedKids(published);
  const byKid = new Map<string, DirectoryKey>();
  const rejected: RejectedKey[] = [];
  for (const jwk of published) {
    const key = typeof jwk["kid"] === "string" && repeated.has(jwk["kid"]) ? "kid-repeated" : usableKey(jwk);
    if (typeof key === "string") rejected.push({ kid: kidOf(jwk), reason: key });
    else byKid.set(key.kid, key);
  }
  return { byKid, rejected };
}

function publishedKeys(text: string): readonly PublishedKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NotAJwks("Expected a JWKS, received something that is not JSON");
  }
  const parsed = jwksSchema.safeParse(json);
  if (!parsed.success) {
    throw new NotAJwks(`Expected a JWKS with at most ${mostKeys} keys, each with a kty, received other JSON`);
  }
  return parsed.data.keys;
}

function repeatedKids(published: readonly PublishedKey[]): ReadonlySet<string> {
  const kids = published.map(kidOf).filter((kid) => kid !== undefined);
  return new Set(kids.filter((kid, position) => kids.indexOf(kid) !== position));
}

function kidOf(jwk: PublishedKey): string | undefined {
  return typeof jwk["kid"] === "string" ? jwk["kid"] : undefined;
}

function usableKey(jwk: PublishedKey): DirectoryKey | KeyRejection {
  if (privateMembers.some((member) => member in jwk)) return "private-member";
  if (kidOf(jwk) === undefined) return "no-kid";
  if (jwk.kty !== "RSA") return "not-rsa";
  const parsed = rsaKeySchema.safeParse(jwk);
  if (!parsed.success) return "malformed";
  const { kid, use, alg, n, e, x5c = [] } = parsed.data;
  const publicKey = imported(n, e);
  if (publicKey === undefined) return "malformed";
  const { modulusLength: bits = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (bits < shortestRsaBits) return "too-short";
  if (bits > longestRsaBits) return "too-long";
  // With an exponent of 1 anybody signs.
  if (publicExponent < 3n || publicExponent % 2n === 0n || publicExponent > largestExponent) return "exponent";
  if (x5c[0] !== undefined && !isCertificateOf(x5c[0], publicKey)) return "certificate-mismatch";
  return { kid, publicKey, use, alg, bits, x5c };
}

function imported(n: string, e: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty: "RSA", n, e }, format: "jwk" });
  } catch {
    return undefined;
  }
}

/** RFC 7517 section 4.7: the first certificate carries the key itself. */
function isCertificateOf(base64Der: string, publicKey: KeyObject): boolean {
  try {
    return new X509Certificate(Buffer.from(base64Der, "base64")).publicKey.equals(publicKey);
  } catch {
    return false;
  }
}
