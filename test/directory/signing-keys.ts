import { createPublicKey, type KeyObject } from "node:crypto";
import { makeKey } from "../../src/certs/issue-certificate.ts";

export interface TestKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public JWK as a keystore publishes it. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** Makes an RSA key with its public JWK. */
export async function makeTestKey(kid: string, use: "sig" | "enc" = "sig", bits = 2048): Promise<TestKey> {
  const privateKey = await makeKey("rsa", bits);
  return { kid, privateKey, jwk: publicJwk(privateKey, { kid, use }) };
}

/** The public JWK of a private key, with further members. */
export function publicJwk(privateKey: KeyObject, members: Record<string, unknown>): Record<string, unknown> {
  return { ...createPublicKey(privateKey).export({ format: "jwk" }), ...members };
}
