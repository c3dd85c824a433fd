import type { CachedKeys, KeyLookup } from "./cached-keys.ts";
import type { DocumentReading, DocumentState } from "./cached-documents.ts";
import type { KeySet } from "./jwks.ts";

export interface KeystoreNeeds {
  readonly keys: CachedKeys;
  /** The keystore's root, for example `https://keystore.directory.openbankingbrasil.org.br/`. */
  readonly keystoreUrl: string;
}

/** The keys with which the Central Directory signs software statements (DCR 8). */
export interface Keystore {
  /** A signing key by `kid`; an unknown one makes us ask the keystore once more, within the cool-down. */
  signingKey(kid: string): Promise<KeyLookup>;
  /** All of them; also fetches them ahead of the first statement. Never rejects. */
  signingKeys(): Promise<DocumentReading<KeySet>>;
  state(): DocumentState;
}

/** Makes the client of `{keystore}openbanking.jwks`. */
export function createKeystore(needs: KeystoreNeeds): Keystore {
  const url = new URL("openbanking.jwks", needs.keystoreUrl.replace(/\/?$/, "/")).href;
  return {
    signingKey: (kid) => needs.keys.signingKey(url, kid),
    signingKeys: () => needs.keys.current(url),
    state: () => needs.keys.state(url),
  };
}
