import type { DocumentReading, DocumentSlot, DocumentState } from "./cached-documents.ts";
import type { CachedKeys, KeyLookup } from "./cached-keys.ts";
import { isSigningKey, type DirectoryKey, type KeySet } from "./jwks.ts";

/** A TPP's keys as somebody holds them who asks at each request; its members are for `createSoftwareKeys` alone. */
export interface HeldKeys {
  slot: DocumentSlot<KeySet>;
  /** The signing key last asked for, which stands while the JWKS is this one. */
  keySet: KeySet | undefined;
  key: DirectoryKey | undefined;
}

/** A TPP's application keys, by the `software_jwks_uri` of its software statement. */
export interface SoftwareKeys {
  /** The JWKS as a fact for registration: keys, what was left out and why, or why there is none. Never rejects. */
  keysOf(jwksUri: string): Promise<DocumentReading<KeySet>>;
  /** The same, asked of the keystore now, at most once per cool-down. Never rejects. */
  renewedKeysOf(jwksUri: string): Promise<DocumentReading<KeySet>>;
  /** The JWKS when it is at hand, without waiting: the same object for as long as nothing has changed. */
  cachedKeys(jwksUri: string): KeySet | undefined;
  hold(jwksUri: string): HeldKeys;
  /** A signing key when it is at hand, without waiting. Undefined means: ask `signingKey`. */
  signingKeyAtHand(held: HeldKeys, kid: string): DirectoryKey | undefined;
  /** A signing key; an unknown `kid` makes us ask the keystore once more, within the cool-down. Never rejects. */
  signingKey(held: HeldKeys, kid: string): Promise<KeyLookup>;
  state(jwksUri: string): DocumentState;
}

/** Makes the client of the TPPs' `application.jwks`. Inactive keys are a JWKS of their own and never asked for. */
export function createSoftwareKeys(keys: CachedKeys): SoftwareKeys {
  return {
    keysOf: keys.current,
    renewedKeysOf: keys.renew,
    cachedKeys: keys.peek,
    hold: (jwksUri) => ({ slot: keys.slotOf(jwksUri), keySet: undefined, key: undefined }),
    signingKeyAtHand(held, kid) {
      const keySet = keys.peekAt(held.slot);
      // A TPP signs with the same key again and again: its own JWKS need not be looked at each time.
      if (keySet !== held.keySet || held.key?.kid !== kid) {
        const key = keySet?.byKid.get(kid);
        held.keySet = keySet;
        held.key = key && isSigningKey(key) ? key : undefined;
      }
      return held.key;
    },
    signingKey(held, kid) {
      const { url } = held.slot;
      // The one held may have had to leave memory for others.
      held.slot = keys.slotOf(url);
      return keys.signingKey(url, kid);
    },
    state: keys.state,
  };
}
