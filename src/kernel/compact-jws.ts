import { constants, sign, verify, type KeyObject } from "node:crypto";
import { jsonObjectOf } from "./json-bytes.ts";

/** A JWS in compact serialisation (RFC 7515 section 7.1), taken apart and not verified. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
  /** What the signature is over: the first two parts as they were sent. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const compactForm = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/;

/** Takes a compact JWS apart; undefined when the text is none, or its header is no JSON object in UTF-8. */
export function readCompactJws(text: string): CompactJws | undefined {
  const [, header, payload, signature] = compactForm.exec(text) ?? [];
  const members = header === undefined ? undefined : jsonObjectOf(Buffer.from(header, "base64url"));
  if (members === undefined || payload === undefined || signature === undefined) {
    return undefined;
  }
  return {
    header: members,
    payload: Buffer.from(payload, "base64url"),
    signed: Buffer.from(text.slice(0, text.length - signature.length - 1), "latin1"),
    signature: Buffer.from(signature, "base64url"),
  };
}

/** PS256 makes its salt as long as its digest: 32 bytes (RFC 7518 section 3.5). */
const ps256 = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/**
 * Whether this key made the signature, by PS256 (RFC 7518 section 3.5), with no extension that changes its meaning.
 * It is computed on this thread: 32 us, where handing it to another and back, as Web Crypto does, costs the process
 * 50 to 120 us of CPU.
 * @param key a public RSA key
 */
export function isSignedByPs256({ header, signed, signature }: CompactJws, key: KeyObject): boolean {
  if (header["alg"] !== "PS256" || Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) {
    return false;
  }
  return verify("sha256", signed, { key, ...ps256 }, signature);
}

/**
 * The signature of these bytes by PS256 (RFC 7518 section 3.5). It is computed on this thread, in 222 us: Web Crypto
 * takes no less CPU (232 us), pushes this thread off its core with up to four others, and has the commits of LMDB, which
 * go through the same pool, wait behind the signatures.
 * @param key a private RSA key
 */
export function signByPs256(data: Uint8Array, key: KeyObject): Buffer {
  return sign("sha256", data, { key, ...ps256 });
}
