import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Store } from "../store/store.ts";
import {
  createCachedDocuments,
  type CacheTimes,
  type DocumentFailure,
  type DocumentReading,
  type DocumentSlot,
  type DocumentState,
} from "./cached-documents.ts";
import type { GuardedHttp } from "./guarded-http.ts";
import { isSigningKey, readJwks, type DirectoryKey, type KeySet } from "./jwks.ts";

export interface CachedKeysNeeds {
  readonly http: GuardedHttp;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Seconds; see the settings `keyFreshness`, `maxStale` and `coolDown` of the directory. */
  readonly times: CacheTimes;
  /** How many JWKS stay in memory. */
  readonly capacity?: number;
}

/** A signing key asked for by `kid`: found; not in a JWKS that we could read; or not to be told, the directory being silent. */
export type KeyLookup =
  | { readonly found: true; readonly key: DirectoryKey }
  | { readonly found: false; readonly why: "unknown" }
  | { readonly found: false; readonly why: "unreachable"; readonly failure: DocumentFailure };

export interface CachedKeys {
  /** The JWKS when it may be used without waiting, else undefined. Cheap: for hot paths. */
  peek(url: string): KeySet | undefined;
  /** Its place in memory, for who asks at each request, and the same question there. */
  slotOf(url: string): DocumentSlot<KeySet>;
  peekAt(slot: DocumentSlot<KeySet>): KeySet | undefined;
  /** The JWKS, asked of the directory when there is no usable copy. Never rejects. */
  current(url: string): Promise<DocumentReading<KeySet>>;
  /** The JWKS, asked of the directory now, at most once per cool-down. Never rejects. */
  renew(url: string): Promise<DocumentReading<KeySet>>;
  /** One signing key; a `kid` that is not in our copy makes us ask again, at most once per cool-down. Never rejects. */
  signingKey(url: string, kid: string): Promise<KeyLookup>;
  state(url: string): DocumentState;
  /** Resolves when no call is under way: to be waited for before the store is closed. */
  settled(): Promise<void>;
}

const defaultCapacity = 10_000;

/** Keeps the JWKS of the directory at hand, as `createCachedDocuments` says, with look-up by `kid`. */
export function createCachedKeys(needs: CachedKeysNeeds): CachedKeys {
  const documents = createCachedDocuments<KeySet>({
    ...needs,
    kind: "jwks",
    accept: "application/jwk-set+json, application/json",
    capacity: needs.capacity ?? defaultCapacity,
    read: readJwks,
  });

  async function signingKey(url: string, kid: string): Promise<KeyLookup> {
    const first = await documents.current(url);
    const known = lookUp(first, kid);
    if (known.found || !first.available || first.asked) return known;
    return lookUp(await documents.renew(url), kid);
  }

  const { peek, slotOf, peekAt, current, renew, state, settled } = documents;
  return { peek, slotOf, peekAt, current, renew, signingKey, state, settled };
}

function lookUp(reading: DocumentReading<KeySet>, kid: string): KeyLookup {
  if (!reading.available) return { found: false, why: "unreachable", failure: reading.failure };
  const key = reading.value.byKid.get(kid);
  if (key) return isSigningKey(key) ? { found: true, key } : { found: false, why: "unknown" };
  // An old copy cannot tell an invented kid from a new key.
  return reading.failure ? { found: false, why: "unreachable", failure: reading.failure } : { found: false, why: "unknown" };
}
