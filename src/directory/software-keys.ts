import type { DocumentReading, DocumentState } from "./cached-documents.ts";
import type { CachedKeys, KeyLookup } from "./cached-keys.ts";
import { isSigningKey, type DirectoryKey, type KeySet } from "./jwks.ts";

/** A TPP's application keys, by the `software_jwks_uri` of its software statement. */
export interface SoftwareKeys {
  /** The JWKS as a fact for registration: keys, what was left out and why, or why there is none. Never rejects. */
  keysOf(jwksUri: string): Promise<DocumentReading<KeySet>>;
  /** The same, asked of the keystore now, at most once per cool-down. Never rejects. */
  renewedKeysOf(jwksUri: string): Promise<DocumentReading<KeySet>>;
  /** The JWKS when it is at hand, without waiting: the same object for as long as nothing has changed. */
  cachedKeys(jwksUri: string): KeySet | undefined;
  /** A signing key when it is at hand, without waiting: map look-ups only. Undefined means: ask `signingKey`. */
  cachedSigningKey(jwksUri: string, kid: string): DirectoryKey | undefined;
  /** A signing key; an unknown `kid` makes us ask the keystore once more, within the cool-down. Never rejects. */
  signingKey(jwksUri: string, kid: string): Promise<KeyLookup>;
  state(jwksUri: string): DocumentState;
}

/** Makes the client of the TPPs' `application.jwks`. Inactive keys are a JWKS of their own and never asked for. */
export function createSoftwareKeys(keys: CachedKeys): SoftwareKeys {
  return {
    keysOf: keys.current,
    renewedKeysOf: keys.renew,
    cachedKeys: keys.peek,
    cachedSigningKey(jwksUri, kid) {
      const key = keys.peek(jwksUri)?.byKid.get(kid);
      return key && isSigningKey(key) ? key : undefined;
    },
    signingKey: keys.signingKey,
    state: keys.state,
  };
}
