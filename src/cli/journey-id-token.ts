import { createHash } from "node:crypto";
import { compactDecrypt, compactVerify, createLocalJWKSet, decodeProtectedHeader, importJWK, type JSONWebKeySet, type JWK, type JWTPayload } from "jose";
import { epochSeconds, type Clock } from "../kernel/clock.ts";

/** What an ID token is held against. */
export interface IdTokenExpectation {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
  /** The server's published keys. */
  readonly jwks: JSONWebKeySet;
  /** The TPP's private key of use `enc`. */
  readonly encryptionKey: JWK & { readonly kid: string };
  readonly clock: Clock;
  /** Of the answer at the callback: what `s_hash` and `c_hash` are made of. */
  readonly callback?: { readonly state: string; readonly code: string };
  /** Of the token endpoint's answer. */
  readonly accessToken?: string;
  /** Of an ID token that came before. */
  readonly subject?: string;
}

const assurance = ["urn:brasil:openbanking:loa2", "urn:brasil:openbanking:loa3"];
const foreignKeyHeaders = new Set(["x5u", "x5c", "jku", "jwk"]);

/**
 * Decrypts an ID token with the TPP's key, verifies it with the server's and checks every claim that a certified TPP
 * relies on (OpenID Connect Core 3.3.2, FAPI-BR 5.2.2.1).
 * @throws Error that lists everything that is not as it must be
 */
export async function verifiedIdToken(token: string, expected: IdTokenExpectation): Promise<JWTPayload> {
  const { encryptionKey } = expected;
  const outer = decodeProtectedHeader(token);
  const opened = await compactDecrypt(token, await importJWK(encryptionKey, "RSA-OAEP"), { keyManagementAlgorithms: ["RSA-OAEP"], contentEncryptionAlgorithms: ["A256GCM"] });
  const signed = new TextDecoder().decode(opened.plaintext);
  const { payload, protectedHeader: inner } = await compactVerify(signed, createLocalJWKSet(expected.jwks), { algorithms: ["PS256"] });
  // Verified just now to be what the server signed.
  const claims = JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
  const checks: readonly (readonly [boolean, string])[] = [
    [outer.kid === encryptionKey.kid, "kid of the JWE to name the TPP's encryption key"],
    [typeof inner.kid === "string" && inner.kid !== "", "a kid in the JWS"],
    [![...Object.keys(outer), ...Object.keys(inner)].some((name) => foreignKeyHeaders.has(name)), "no x5u, x5c, jku or jwk in a header"],
    ...claimChecks(claims, expected),
  ];
  const failed = checks.filter(([holds]) => !holds).map(([, expectation]) => expectation);
  if (failed.length > 0) {
    throw new Error(`expected of the ID token ${failed.join("; ")}`);
  }
  return claims;
}

function claimChecks(claims: JWTPayload, expected: IdTokenExpectation): readonly (readonly [boolean, string])[] {
  const { issuer, clientId, nonce, callback, accessToken, subject } = expected;
  const now = epochSeconds(expected.clock);
  const audience = [claims.aud].flat();
  return [
    [claims.iss === issuer, `iss to be ${issuer}`],
    [audience.includes(clientId) && (audience.length === 1 || claims["azp"] === clientId), "aud to be the client (with azp if there are several)"],
    [typeof claims.exp === "number" && claims.exp > now, "exp in the future"],
    [typeof claims.iat === "number" && Math.abs(claims.iat - now) <= 300, "iat within five minutes"],
    [claims["nonce"] === nonce, "nonce to be the request's"],
    [/^[\x20-\x7e]{1,255}$/.test(claims.sub ?? ""), "sub of at most 255 printable ASCII characters"],
    [subject === undefined || claims.sub === subject, "sub to be the first ID token's"],
    [assurance.includes(String(claims["acr"])), `acr to be one of ${assurance.join(", ")}`],
    [callback === undefined || claims["s_hash"] === halfHash(callback.state), "s_hash to be that of the state"],
    [callback === undefined || claims["c_hash"] === halfHash(callback.code), "c_hash to be that of the code"],
    [claims["at_hash"] === undefined || (accessToken !== undefined && claims["at_hash"] === halfHash(accessToken)), "at_hash, if any, to be that of the access token"],
  ];
}

/** The left half of the SHA-256, as PS256 has it (OpenID Connect Core 3.3.2.11). */
function halfHash(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
}
