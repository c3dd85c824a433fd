import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { JWK } from "jose";
import { timeOrderedId, type Randomness } from "../kernel/identifiers.ts";
import type { SecretBox } from "../kernel/secret-box.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Key, Store } from "../store/store.ts";
import type { AuditLog } from "../policy/audit/audit-log.ts";
import type { TrailBeginning } from "../policy/audit/trail-beginning.ts";

const makeKeyPair = promisify(generateKeyPair);

/** The server's signing keys of one realm. Private members stay in here and in `engine-signing-key.ts`. */
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

/**
 * The realm's signing keys, made on the first start: of several processes that start at once one makes them and all
 * use them. They lie in the store encrypted.
 */
export async function loadSigningKeys(needs: SigningKeysNeeds): Promise<SigningKeys> {
  const { store, box, realm } = needs;
  const place = placeOf(realm);
  const { keys } = opened(box, (await store.get(place)) ?? (await makeFirstKey(needs, place)));
  return { privateJwks: { keys }, publicJwks: { keys: keys.map(publicPart) } };
}

/**
 * Keeps where the audit trail began inside the sealed record of the signing keys: whoever removes it takes the keys
 * away, by which every TPP knows this server.
 */
export function createTrailBeginning({ store, box, realm }: Pick<SigningKeysNeeds, "store" | "box" | "realm">): TrailBeginning {
  const place = placeOf(realm);
  return {
    place,
    async read() {
      const stored = await store.get(place);
      if (stored === undefined) {
        return undefined;
      }
      try {
        const { trailBegan } = opened(box, stored);
        return { value: trailBegan === undefined ? {} : { first: trailBegan } };
      } catch {
        return { problem: "the record of the signing keys, which keeps where the trail began, was altered or sealed under another key" };
      }
    },
    async keep(first) {
      const stored = await store.get(place);
      const record = stored === undefined ? undefined : opened(box, stored);
      if (stored === undefined || record === undefined || record.trailBegan !== undefined) {
        return;
      }
      // Of several processes one keeps it; they have read the same first entry.
      await store.batch({
        tag: place.tag,
        when: [{ name: place.name, equals: stored }],
        put: [{ name: place.name, value: box.seal(JSON.stringify({ ...record, trailBegan: first })) }],
      });
    },
  };
}

/** What the box holds; before the audit trail has begun, the keys alone. */
interface KeysRecord {
  readonly keys: readonly JWK[];
  readonly trailBegan?: string;
}

function opened(box: SecretBox, stored: string): KeysRecord {
  // Our own JSON: the box opens nothing else.
  const value = JSON.parse(unsealed(box, stored)) as readonly JWK[] | KeysRecord;
  return isRecord(value) ? value : { keys: value };
}

function unsealed(box: SecretBox, stored: string): string {
  try {
    return box.open(stored);
  } catch (error) {
    throw new Error("the server's signing keys in the store cannot be opened: they were sealed under another encryption key (secrets.encryptionKey), or altered", { cause: error });
  }
}

function isRecord(value: readonly JWK[] | KeysRecord): value is KeysRecord {
  return !Array.isArray(value);
}

function placeOf(realm: string): Key {
  return { tag: `keys:${realm}`, name: "signing-keys" };
}

async function makeFirstKey({ store, box, audit, realm, clock, randomness }: SigningKeysNeeds, { tag, name }: Key): Promise<string> {
  const { privateKey } = await makeKeyPair("rsa", { modulusLength: 2048 });
  const kid = timeOrderedId(clock(), randomness);
  const key: JWK = { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "PS256" };
  const entry = audit.entry(tag, { action: "key.created", realm, subject: { kind: "key", id: kid }, actor: { kind: "server" } });
  await store.batch({
    tag,
    when: [{ name, is: "absent" }],
    put: [{ name, value: box.seal(JSON.stringify([key])) }, entry],
  });
  const winner = await store.get({ tag, name });
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
