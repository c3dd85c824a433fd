import type { Key, Store } from "../../store/store.ts";
import type { Reading } from "./audit-chain.ts";
import { pendingPrefix } from "./audit-log.ts";

/** What is kept of where the trail began, in a record that the server cannot lose unseen. */
export interface KeptBeginning {
  /** Hash of the first entry; undefined before the first entry is chained, and in the store of an earlier version. */
  readonly first?: string;
}

/** Where the trail began, kept outside of the trail and sealed with the key from settings. */
export interface TrailBeginning {
  /** The record that keeps it. It was made with an audit entry of its tag. */
  readonly place: Key;
  /** Undefined when there is no such record: nothing was ever served from this store. */
  read(): Promise<Reading<KeptBeginning> | undefined>;
  /** Keeps the hash of the first entry, once; does nothing where there is no record. */
  keep(first: string): Promise<void>;
}

/**
 * Why the trail of this store cannot be an empty one; undefined when it may never have begun. To be asked before the
 * trail is looked into: it begins before anything of this changes.
 */
export async function whyNotEmpty(store: Store, beginning: TrailBeginning): Promise<string | undefined> {
  const kept = await beginning.read();
  if (kept === undefined) {
    return undefined;
  }
  if ("problem" in kept) {
    return kept.problem;
  }
  if (kept.value.first !== undefined) {
    return `it began with entry ${kept.value.first}`;
  }
  const waiting = await store.scan(beginning.place.tag, pendingPrefix, { limit: 1 });
  return waiting.length === 0 ? "the server has made its signing keys, and the entry that says so is neither chained nor waiting" : undefined;
}
