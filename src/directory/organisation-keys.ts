import type { CachedKeys, KeyLookup } from "./cached-keys.ts";

/** An organisation's own signing keys, by the `org_jwks_uri` of a software statement (DCR 9.4). */
export interface OrganisationKeys {
  /** A signing key; an unknown `kid` makes us ask the keystore once more, within the cool-down. Never rejects. */
  signingKey(organisationJwksUri: string, kid: string): Promise<KeyLookup>;
}

/** Makes the client of the organisations' `application.jwks`. */
export function createOrganisationKeys(keys: CachedKeys): OrganisationKeys {
  return { signingKey: keys.signingKey };
}
