import { statfs } from "node:fs/promises";
import type { Clock } from "../kernel/clock.ts";
import { openLmdbFolder } from "./lmdb-folder.ts";
import { startExpirySweep } from "./lmdb-sweep.ts";
import { createProbedState, probeEntry } from "./probed-state.ts";
import { checkBatch, checkName, checkPut, checkScan, checkTag, conditionsOf, holds, listingsOf, ttlMilliseconds } from "./store-arguments.ts";
import { StoreUnavailableError } from "./store-unavailable.ts";
import type { Batch, BatchResult, Condition, Entry, Store } from "./store.ts";

export interface LmdbStoreOptions {
  /** The folder; made when it is missing. Every process of this machine that opens it shares the entries. */
  readonly path: string;
  readonly clock: Clock;
  /** Address space set aside for the file, in bytes; outgrowing it costs a remap. 64 GiB unless told. */
  readonly mapSizeBytes?: number;
  /** With less free on its disk the store is not ready any more; 16 MiB unless told. */
  readonly leastFreeBytes?: number;
  /** How long the sweep of expired entries rests when it found nothing more to do; 1,000 ms unless told. */
  readonly sweepIntervalMs?: number;
}

/** What LMDB keeps as the version of an entry that does not expire; any other version is its end in ms. */
const stays = 0;
const staysOrdered = -1;

/** A larger batch costs more as instructions for LMDB's thread than as a transaction on this one. */
const mostPutsAsInstructions = 3;
const done: BatchResult = { done: true };

/**
 * Opens the embedded store: LMDB, memory-mapped, shared by the processes of one machine. A write resolves when its
 * commit is on disk; writes under way together share a commit.
 * @throws when the folder cannot be made or opened.
 */
export function openLmdbStore(options: LmdbStoreOptions): Store {
  const { path, clock, leastFreeBytes = 16 * 2 ** 20 } = options;
  const folder = openLmdbFolder(path, options.mapSizeBytes);
  const { root, entries, expiries } = folder;
  let closed = false;
  const underWay = new Set<Promise<unknown>>();
  const sweep = startExpirySweep({ entries, expiries, clock, committed, intervalMs: options.sweepIntervalMs ?? 1000 });

  /** The value alive at this moment; inside a transaction, what that transaction sees. */
  function read(key: string): string | undefined {
    const entry = entries.getEntry(key);
    if (entry === undefined) return undefined;
    const end = entry.version ?? stays;
    return end > stays && end <= clock() ? undefined : entry.value;
  }

  function expectOpen(): void {
    if (closed) throw new StoreUnavailableError(`The LMDB store in ${path} is closed.`);
  }

  /** LMDB's read snapshot lives for a turn of the event loop; another process may have committed since. */
  function takeNewestSnapshot(): void {
    expectOpen();
    entries.resetReadTxn();
  }

  /** Reads in the newest snapshot; what LMDB cannot read makes it a StoreUnavailableError. */
  function readNewest<T>(reading: () => T): T {
    try {
      takeNewestSnapshot();
      return reading();
    } catch (error) {
      throw error instanceof StoreUnavailableError ? error : new StoreUnavailableError(`LMDB could not read from ${path}: ${reasonOf(error)}. Look at the disk's health.`, { cause: error });
    }
  }

  function write(batch: Batch): void {
    const { tag, put = [], remove = [], unlist = [] } = batch;
    for (const { name, value, ttlSeconds, ordered } of put) {
      const key = keyOf(tag, name);
      if (ttlSeconds === undefined) {
        void entries.put(key, value, ordered ? staysOrdered : stays);
      } else {
        const end = clock() + ttlMilliseconds(ttlSeconds);
        void entries.put(key, value, end);
        void expiries.put(expiryKey(end, key), "");
      }
    }
    for (const listing of listingsOf(batch)) void entries.put(keyOf(listing.tag, listing.name), listing.value, staysOrdered);
    for (const name of remove) void entries.remove(keyOf(tag, name));
    for (const listing of unlist) void entries.remove(keyOf(listing.tag, listing.name));
  }

  /** Waits for a commit, and makes a failed one a StoreUnavailableError that says why. */
  async function committed<T>(commit: Promise<T>): Promise<T> {
    underWay.add(commit);
    try {
      return await commit;
    } catch (error) {
      throw await commitFailure(error, path);
    } finally {
      underWay.delete(commit);
    }
  }

  /** The first condition that does not hold; inside a transaction, for what that transaction sees. */
  function failedOf(tag: string, conditions: readonly Condition[]): Condition | undefined {
    return conditions.find((condition) => !holds(condition, read(keyOf(condition.tag ?? tag, condition.name))));
  }

  function commitBatch(batch: Batch): Promise<BatchResult> {
    const conditions = conditionsOf(batch);
    const decide = () => {
      const failed = failedOf(batch.tag, conditions);
      if (failed) return { done: false as const, failed };
      write(batch);
      return done;
    };
    return committed(root.transaction(decide));
  }

  /**
   * The token endpoint's batch. LMDB's own thread checks the one condition and writes, so that no commit waits for
   * this process's event loop. Undefined when something stands there, be it expired: only commitBatch can judge that.
   */
  async function commitIfNothingThere(key: string, batch: Batch) {
    const wrote = await committed(entries.ifNoExists(key, () => write(batch)));
    return wrote ? done : undefined;
  }

  async function batch(batch: Batch): Promise<BatchResult> {
    checkBatch(batch);
    expectOpen();
    const { tag, given = [], when = [] } = batch;
    const [only] = when;
    if (only === undefined && given.length === 0) {
      await committed(entries.batch(() => write(batch)));
      return done;
    }
    const small = (batch.put?.length ?? 0) <= mostPutsAsInstructions;
    if (!small || when.length !== 1 || only === undefined || !isAbsence(only)) {
      return commitBatch(batch);
    }
    const key = keyOf(only.tag ?? tag, only.name);
    const [failed, taken] = readNewest(() => [failedOf(tag, given), entries.doesExist(key)] as const);
    if (failed) return { done: false, failed };
    if (taken) {
      return commitBatch(batch);
    }
    return (await commitIfNothingThere(key, batch)) ?? commitBatch(batch);
  }

  /** The probe alone would go on succeeding on a full disk, in the pages that its last one freed. */
  async function probe(): Promise<void> {
    await batch({ tag: "state", put: [probeEntry] });
    const { bavail, bsize } = await statfs(path);
    if (bavail * bsize < leastFreeBytes) {
      throw new StoreUnavailableError(`LMDB in ${path}: its disk has ${bavail * bsize} bytes left, expected ${leastFreeBytes} at least. Make room there.`);
    }
  }
  const probed = createProbedState("lmdb", `LMDB in ${path}`, probe);

  return {
    spansTags: true,
    batch,

    async get({ tag, name }) {
      checkTag(tag);
      checkName(name);
      const key = keyOf(tag, name);
      return readNewest(() => read(key));
    },

    async getMany(tag, names) {
      checkTag(tag);
      names.forEach(checkName);
      return readNewest(() => names.map((name) => read(keyOf(tag, name))));
    },

    async put(tag, put) {
      await batch({ tag, put: [put] });
    },

    async putIfAbsent(tag, put) {
      checkPut(put);
      return (await batch({ tag, when: [{ name: put.name, is: "absent" }], put: [put] })).done;
    },

    async take({ tag, name }) {
      checkTag(tag);
      checkName(name);
      expectOpen();
      const key = keyOf(tag, name);
      return committed(
        root.transaction(() => {
          const value = read(key);
          if (value !== undefined) void entries.remove(key);
          return value;
        }),
      );
    },

    async remove({ tag, name }) {
      await batch({ tag, remove: [name] });
    },

    async scan(tag, prefix, page) {
      checkScan(tag, prefix, page);
      const first = keyOf(tag, prefix);
      const after = page.after === undefined ? undefined : keyOf(tag, page.after);
      const past = after !== undefined && after >= first;
      return readNewest(() => {
        const range = entries.getRange({
          // Just behind it: no character of a name is smaller than a space.
          start: past ? `${after}\x1f` : first,
          end: `${first}\x7f`,
          versions: true,
        });
        const found: Entry[] = [];
        for (const { key, value, version } of range) {
          if (version !== staysOrdered) continue;
          found.push({ name: key.slice(keyOf(tag, "").length), value });
          if (found.length === page.limit) break;
        }
        return found;
      });
    },

    state: probed.state,

    async close() {
      if (closed) return;
      closed = true;
      probed.forget();
      sweep.stop();
      while (underWay.size > 0) await Promise.allSettled(underWay);
      await folder.close();
    },
  };
}

/** Bytewise order within a tag is the order of names; no tag holds a brace, so no key belongs to two tags. */
function keyOf(tag: string, name: string): string {
  return `{${tag}}:${name}`;
}

/** Ends first, so that the sweep reads the expired ones off the front. */
function expiryKey(end: number, key: string): string {
  return end.toString().padStart(15, "0") + key;
}

function isAbsence(condition: Condition): boolean {
  return "is" in condition && condition.is === "absent";
}

async function commitFailure(error: unknown, path: string): Promise<Error> {
  const reason = await underlyingReason(error);
  return new StoreUnavailableError(
    `LMDB could not commit to ${path}: ${reasonOf(reason)}. Nothing of this write was stored. ` +
      "Look at the disk's free space and health, and at the folder's rights.",
    { cause: reason },
  );
}

/** lmdb rejects with a general sentence and puts the reason into a second promise, rejected too. */
async function underlyingReason(error: unknown): Promise<unknown> {
  try {
    await (error as { commitError?: Promise<unknown> }).commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

