import type Provider from "oidc-provider";
import type { KeySet } from "../directory/jwks.ts";
import type { SoftwareKeys } from "../directory/software-keys.ts";

/**
 * Answers the engine's fetch of a client's `jwks_uri` from our own copy of the directory's keys: the engine itself
 * never calls anybody.
 */
export function createClientKeyAnswer(softwareKeys: SoftwareKeys) {
  return async (input: unknown): Promise<Response> => {
    const reading = await softwareKeys.keysOf(String(input));
    if (!reading.available) {
      // No JSON: of an error with a JSON body the engine would believe for a minute that it is fresh (engine A6).
      return new Response("", { status: 503 });
    }
    const keys = [...reading.value.byKid.values()].map(({ kid, use, alg, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid, use, alg }));
    return Response.json({ keys });
  };
}

/** The engine's key store of a client, as far as we touch it. */
interface ClientKeyStore {
  freshUntil: number;
  refresh(): Promise<void>;
}

/**
 * Keeps the engine's key stores the same as our copy of the directory's keys: by itself the engine would accept a key
 * that has left the directory for as long as it remembers the client (engine A6).
 */
export function createKeySynchronisation(softwareKeys: SoftwareKeys) {
  const held = new WeakMap<object, KeySet>();
  return async (client: InstanceType<Provider["Client"]>): Promise<void> => {
    const jwksUri = client.jwksUri;
    if (jwksUri === undefined) {
      return;
    }
    // Not in the engine's types.
    const keyStore = (client as unknown as { asymmetricKeyStore: ClientKeyStore }).asymmetricKeyStore;
    const keys = softwareKeys.cachedKeys(jwksUri) ?? (await currentKeys(softwareKeys, jwksUri));
    if (keys !== undefined && held.get(keyStore) !== keys) {
      keyStore.freshUntil = 0;
      await keyStore.refresh();
      held.set(keyStore, keys);
    }
  };
}

async function currentKeys(softwareKeys: SoftwareKeys, jwksUri: string): Promise<KeySet | undefined> {
  const reading = await softwareKeys.keysOf(jwksUri);
  return reading.available ? reading.value : undefined;
}
