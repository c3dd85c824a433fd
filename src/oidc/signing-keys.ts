import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { JWK } from "jose";
import { timeOrderedId, type Randomness } from "../kernel/identifiers.ts";
import type { SecretBox } from "../kernel/secret-box.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Store } from "../store/store.ts";
import type { AuditLog } from "../policy/audit/audit-log.ts";

const makeKeyPair = promisify(generateKeyPair);

/** The server's signing keys of one realm. Private members stay in here and in the engine. */
export interface SigningKeys {
  readonly privateJwks: { readonly keys: readonly JWK[] };
  readonly publicJwks: { readonly keys: readonly JWK[] };
}

export interface SigningKeysNeeds {
  readonly store: Store;
  readonly box: SecretBox;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly realm: string;
}

const keyName = "signing-keys";

/**
 * The realm's signing keys, made on the first start: of several processes that start at once one makes them and all
 * use them. They lie in the store encrypted.
 */
export async function loadSigningKeys(needs: SigningKeysNeeds): Promise<SigningKeys> {
  const { store, box, realm } = needs;
  const tag = `keys:${realm}`;
  const stored = (await store.get({ tag, name: keyName })) ?? (await makeFirstKey(needs, tag));
  // Our own JSON: the box opens nothing else.
  const keys = JSON.parse(box.open(stored)) as JWK[];
  return { privateJwks: { keys }, publicJwks: { keys: keys.map(publicPart) } };
}

async function makeFirstKey({ store, box, audit, realm, clock, randomness }: SigningKeysNeeds, tag: string): Promise<string> {
  const { privateKey } = await makeKeyPair("rsa", { modulusLength: 2048 });
  const kid = timeOrderedId(clock(), randomness);
  const key: JWK = { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "PS256" };
  const entry = audit.entry(tag, { action: "key.created", realm, subject: { kind: "key", id: kid }, actor: { kind: "server" } });
  await store.batch({
    tag,
    when: [{ name: keyName, is: "absent" }],
    put: [{ name: keyName, value: box.seal(JSON.stringify([key])) }, entry],
  });
  const winner = await store.get({ tag, name: keyName });
  if (winner === undefined) {
    throw new Error(`the signing keys of realm ${realm} could not be stored`);
  }
  return winner;
}

/** By name, so that no private member can slip through. */
function publicPart(key: JWK): JWK {
  const names = ["kty", "n", "e", "kid", "use", "alg"] as const;
  // Only members of a JWK, each under its own name.
  return Object.fromEntries(names.map((name) => [name, key[name]])) as JWK;
}
