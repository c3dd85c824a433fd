import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Store } from "../store/store.ts";
import type { Certificate } from "./certificate.ts";
import { createCrlRecords, type CrlRecord } from "./crl-records.ts";
import { crlFingerprint, readCrl, UnacceptableCrl, type RevocationList } from "./crl.ts";

/** One authority's list and the state of its refreshing; times in milliseconds since the epoch. */
export interface CrlSlot {
  readonly key: string;
  readonly issuer: Certificate;
  /** Tried in this order. */
  readonly urls: readonly string[];
  list: RevocationList | undefined;
  /** When an address, or another process, was last found to hold this list. */
  checkedAt: number;
  nextAttemptAt: number;
  failures: number;
  lastFailure: string | undefined;
  loading: Promise<void> | undefined;
  refreshing: Promise<void> | undefined;
}

export interface CrlRefreshNeeds {
  /** Gets the bytes behind an address, or rejects; the guarded client, with its time-out and size limit. */
  readonly fetch: (url: string) => Promise<Buffer>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a last good list serves after its nextUpdate. */
  readonly maxAgeMs: number;
  /** Called whenever a slot has another list than before. */
  readonly changed: () => void;
}

export interface CrlRefresh {
  /** Takes the list that the store holds, once. Never rejects. */
  load(slot: CrlSlot): Promise<void>;
  /** Fetches the list; whoever asks meanwhile waits for the same refresh. Never rejects: the slot knows the failure. */
  refresh(slot: CrlSlot): Promise<void>;
}

const minute = 60_000;
/** A list is looked for again after an hour at the latest: some authorities issue that often. */
const refreshAfter = 60 * minute;
const firstRetry = minute / 2;
const lastRetry = 15 * minute;
/** A list from further in the future than clocks differ is not to be trusted with the present. */
const clockSkew = 5 * minute;

export function createCrlRefresh(needs: CrlRefreshNeeds): CrlRefresh {
  const { clock, log } = needs;
  const records = createCrlRecords(needs.store);

  function accept(slot: CrlSlot, list: RevocationList, checkedAt: number): void {
    const isNew = list.fingerprint !== slot.list?.fingerprint;
    slot.list = list;
    slot.checkedAt = checkedAt;
    slot.failures = 0;
    slot.lastFailure = undefined;
    // Half of what is left, so that a source that is down for as long again does no harm.
    const half = (list.nextUpdate - checkedAt) / 2;
    slot.nextAttemptAt = checkedAt + Math.min(refreshAfter, Math.max(minute, half));
    if (isNew) needs.changed();
  }

  /** What this process, or another one on the same store, kept; taken when it is newer than what is at hand. */
  async function adoptStored(slot: CrlSlot): Promise<void> {
    const record = await records.find(slot.key);
    if (!record || record.checkedAt <= slot.checkedAt) return;
    const list = readUnlessKnown(slot, record.der);
    if (!slot.list || list.thisUpdate >= slot.list.thisUpdate) accept(slot, list, record.checkedAt);
  }

  async function tryStored(slot: CrlSlot): Promise<void> {
    try {
      await adoptStored(slot);
    } catch (error) {
      log.warn({ issuer: slot.issuer.subjectText, reason: reasonOf(error) }, "stored revocation list not used");
    }
  }

  async function fetchFrom(slot: CrlSlot, url: string): Promise<CrlRecord> {
    const der = await needs.fetch(url);
    const list = readUnlessKnown(slot, der);
    const checkedAt = clock();
    if (list.thisUpdate > checkedAt + clockSkew) {
      throw new UnacceptableCrl("expected a list of today, found one of the future");
    }
    // An old list, signed long ago, would bring revoked certificates back to life.
    if (slot.list && list.thisUpdate < slot.list.thisUpdate) {
      throw new UnacceptableCrl("expected a list at least as new as the one at hand");
    }
    accept(slot, list, checkedAt);
    return { der, checkedAt, usableUntil: list.nextUpdate + needs.maxAgeMs };
  }

  async function fetchFirst(slot: CrlSlot): Promise<CrlRecord> {
    const failures: string[] = [];
    for (const url of slot.urls) {
      try {
        return await fetchFrom(slot, url);
      } catch (error) {
        failures.push(`${url}: ${reasonOf(error)}`);
      }
    }
    throw new Error(failures.join("; "));
  }

  async function fetched(slot: CrlSlot): Promise<CrlRecord | undefined> {
    try {
      return await fetchFirst(slot);
    } catch (error) {
      slot.lastFailure = reasonOf(error);
      slot.nextAttemptAt = clock() + Math.min(firstRetry * 2 ** slot.failures, lastRetry);
      slot.failures += 1;
      log.warn({ issuer: slot.issuer.subjectText, reason: slot.lastFailure }, "revocation list not refreshed");
      return undefined;
    }
  }

  async function refreshNow(slot: CrlSlot): Promise<void> {
    await tryStored(slot);
    if (clock() < slot.nextAttemptAt) return;
    const record = await fetched(slot);
    if (!record) return;
    try {
      await records.keep(slot.key, record);
    } catch (error) {
      log.warn({ issuer: slot.issuer.subjectText, reason: reasonOf(error) }, "revocation list not stored");
    }
  }

  return {
    load: (slot) => {
      slot.loading ??= tryStored(slot);
      return slot.loading;
    },
    refresh: (slot) => {
      slot.refreshing ??= refreshNow(slot).finally(() => {
        slot.refreshing = undefined;
      });
      return slot.refreshing;
    },
  };
}

/** Reading a list of 50,000 entries takes a third of a second, and most of the time nothing has changed. */
function readUnlessKnown({ list, issuer }: CrlSlot, bytes: Buffer): RevocationList {
  return list?.fingerprint === crlFingerprint(bytes) ? list : readCrl(bytes, issuer);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
