/**
 * The store port: what the server may ask of its memory. It knows keys, values and time, and no rule.
 *
 * A key is a pair of a `tag` and a `name`. Keys of one aggregate (a client with its tokens, a consent with its
 * grants) share a tag: everything atomic happens within one tag, which in Redis Cluster is the hash tag, so that
 * the aggregate lies in one slot. What lies in two tags is not atomic together, but for listings (`listedAs`, `list`)
 * and, where one batch reaches all tags (`spansTags`), conditions.
 *
 * Values are strings (JSON, as a rule). An entry may carry a time-to-live; from its end on it is absent for every
 * operation, whether or not the store has swept it away yet.
 *
 * Every promise of a write resolves only when the change is durable: on LMDB when the commit is on disk, on Redis
 * when the server (and the replicas that settings ask for) has acknowledged it.
 */

export interface Key {
  /** The aggregate; printable ASCII without braces, at most 200 characters. */
  readonly tag: string;
  /** The entry within the aggregate; printable ASCII, at most 300 characters. */
  readonly name: string;
}

export interface Entry {
  readonly name: string;
  readonly value: string;
}

/** An ordered entry of another tag that leads to an entry: its place in a list, or a notice of it. */
export interface Listing extends Key {
  readonly value: string;
}

export interface Put {
  readonly name: string;
  readonly value: string;
  /** Lifetime in seconds from now; without it the entry stays until it is removed. */
  readonly ttlSeconds?: number;
  /** Whether `scan` must find this entry. Ordered entries carry no time-to-live. */
  readonly ordered?: boolean;
  /**
   * Written with this entry, and there no later than it: in the same step where all tags lie together (LMDB, one
   * Redis). In a Redis Cluster it is written before, whether or not the batch's conditions then hold, and a crash in
   * between leaves it leading nowhere.
   */
  readonly listedAs?: Listing;
}

interface ConditionOn {
  /** Another tag than the batch's own, only where a batch reaches all tags (`spansTags`). */
  readonly tag?: string;
  readonly name: string;
}

export type Condition = ConditionOn &
  (
    | { readonly is: "absent" }
    | { readonly is: "present" }
    /** The entry exists and its value is exactly this one. */
    | { readonly equals: string }
  );

export interface Batch {
  readonly tag: string;
  /**
   * All must hold at one moment of the call, not later than the commit, else nothing is written. For what may as well
   * change right behind the commit, because it is looked at again where the entries are used: it costs LMDB less.
   */
  readonly given?: readonly Condition[];
  /** All must hold at the moment of the commit, else nothing is written. */
  readonly when?: readonly Condition[];
  readonly put?: readonly Put[];
  readonly remove?: readonly string[];
  /** Listings that no put stands for, under the same promise as `listedAs`. */
  readonly list?: readonly Listing[];
  /** Listings of other tags that end with what is removed: in the same step, in a Redis Cluster behind it. */
  readonly unlist?: readonly Key[];
}

export type BatchResult =
  | { readonly done: true }
  /** The first condition, of `given` and then `when`, that did not hold. */
  | { readonly done: false; readonly failed: Condition };

export interface ScanPage {
  /** Only names greater than this one (bytewise); from the prefix's beginning when left out. */
  readonly after?: string;
  /** At most this many entries (1 to 1,000). */
  readonly limit: number;
}

export interface StoreState {
  readonly kind: "lmdb" | "redis";
  readonly ready: boolean;
  /** What is wrong, or what it is connected to; never a secret. */
  readonly detail: string;
}

export interface Store {
  /** Whether conditions of one batch may be of any tag: on LMDB and one Redis, not in a Redis Cluster. */
  readonly spansTags: boolean;
  /** The value, or undefined when the entry is absent. */
  get(key: Key): Promise<string | undefined>;
  /** The values of several names of one tag, in the order asked, in one round trip. */
  getMany(tag: string, names: readonly string[]): Promise<(string | undefined)[]>;
  put(tag: string, put: Put): Promise<void>;
  /** Writes only when the entry is absent; true when it wrote. Of many at once exactly one gets true. */
  putIfAbsent(tag: string, put: Put): Promise<boolean>;
  /** Reads and removes in one step; of many at once exactly one gets the value. */
  take(key: Key): Promise<string | undefined>;
  remove(key: Key): Promise<void>;
  /** Conditions, puts and removals of one tag, all or nothing. A put keeps no earlier time-to-live. */
  batch(batch: Batch): Promise<BatchResult>;
  /** Ordered entries of a tag whose names begin with the prefix, in bytewise order of their names. */
  scan(tag: string, prefix: string, page: ScanPage): Promise<Entry[]>;
  /**
   * Whether writes are confirmed, for readiness: by a small write to everything that entries lie on, a second old at
   * most. Never rejects.
   */
  state(): Promise<StoreState>;
  /** Waits for what is under way, then lets go of the store. */
  close(): Promise<void>;
}
