import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Store } from "../store/store.ts";
import type { Certificate } from "./certificate.ts";
import { createCrlRefresh, type CrlSlot } from "./crl-refresh.ts";
import type { CrlSource } from "./crl-sources.ts";
import { crlCovers } from "./crl.ts";
import type { Revocation, RevocationFinding, RevocationSource } from "./revocation.ts";

export interface CrlCacheNeeds {
  /** Gets the bytes behind an address, or rejects; the guarded client, with its time-out and size limit. */
  readonly fetch: (url: string) => Promise<Buffer>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** The table from issuer to addresses. */
  readonly sources: readonly CrlSource[];
  /** Authorities that are trusted or known; those of their lists that have an address are fetched from the start. */
  readonly authorities: readonly Certificate[];
  readonly settings: {
    /** Whether the certificate's own addresses count where the table has none. */
    readonly crlFromCertificate: boolean;
    /** How long a last good list serves after its nextUpdate. */
    readonly crlMaxAgeSeconds: number;
  };
  /** How long a request waits for a list that is not at hand; 5,000 when left out. */
  readonly longestWaitMs?: number;
}

/** What is known about one authority's list, for health and metrics; times in milliseconds since the epoch. */
export interface CrlState {
  readonly issuer: string;
  readonly usable: boolean;
  readonly thisUpdate?: number;
  readonly nextUpdate?: number;
  /** When a source was last found to hold this list. */
  readonly checkedAt?: number;
  readonly revoked?: number;
  readonly lastFailure?: string;
}

export interface CrlCache extends RevocationSource {
  /** Fetches every list that is due, and waits for that. Never rejects. */
  refreshDue(): Promise<void>;
  /** Waits for the refreshes under way. */
  settled(): Promise<void>;
  /** Fetches lists now and as they fall due, without keeping the process alive; returns the way to stop. */
  start(): () => void;
  states(): CrlState[];
}

const refreshEvery = 60_000;
const mostLists = 1_000;
/** A certificate that names more addresses for one list than this gains nothing by it. */
const mostUrls = 4;

/**
 * Revocation by CRL: the last good list of every authority (by its key, not only its name) is kept in memory and in
 * the store, refreshed in the background well before its nextUpdate, and serves while its source is down.
 */
export function createCrlCache(needs: CrlCacheNeeds): CrlCache {
  const { clock, settings } = needs;
  const maxAgeMs = settings.crlMaxAgeSeconds * 1_000;
  const tabled = new Map(needs.sources.map((source) => [source.publicKeyHash, source.urls]));
  const slots = new LRUCache<string, CrlSlot>({ max: mostLists });
  let generation = 0;
  const changed = () => {
    generation += 1;
  };
  const lists = createCrlRefresh({ ...needs, maxAgeMs, changed });
  const isDue = (slot: CrlSlot) => clock() >= slot.nextAttemptAt;
  const isUsable = ({ list }: CrlSlot) => list !== undefined && clock() < list.nextUpdate + maxAgeMs;

  function slotFor(certificate: Certificate, issuer: Certificate): CrlSlot | undefined {
    const own = settings.crlFromCertificate ? certificate.crlUrls.filter((url) => /^https?:\/\//i.test(url)) : [];
    return slotAt(issuer, tabled.get(issuer.publicKeyHash) ?? own.slice(0, mostUrls));
  }

  function slotAt(issuer: Certificate, urls: readonly string[]): CrlSlot | undefined {
    if (urls.length === 0) return undefined;
    const key = slotKey(issuer, urls);
    const known = slots.get(key);
    if (known) return known;
    const slot = newSlot(key, issuer, urls);
    slots.set(key, slot);
    return slot;
  }

  /** Sees to it that the slot has a usable list, if that can be done in time; refreshes a due one in the background. */
  async function makeUsable(slot: CrlSlot): Promise<void> {
    if (!slot.list) await lists.load(slot);
    if (!slot.refreshing && !isDue(slot)) return;
    const refreshing = lists.refresh(slot);
    if (isUsable(slot)) return;
    const abort = new AbortController();
    const outOfTime = wait(needs.longestWaitMs ?? 5_000, undefined, { signal: abort.signal }).catch(() => undefined);
    await Promise.race([refreshing, outOfTime]);
    abort.abort();
  }

  function finding(slot: CrlSlot, certificate: Certificate): RevocationFinding {
    const { list, urls } = slot;
    const entry = list?.revoked.get(certificate.serialNumber);
    // However old the list: what is revoked stays so.
    if (list && entry && crlCovers(list, certificate)) return { state: "revoked", asOf: list.thisUpdate, ...entry };
    if (!list || !isUsable(slot)) {
      const last = list ? `the last one ended at ${new Date(list.nextUpdate).toISOString()}` : "there is no earlier one";
      return { state: "unknown", why: `no revocation list could be had from ${urls.join(" ")}, and ${last}` };
    }
    if (!crlCovers(list, certificate)) return { state: "unknown", why: "its revocation list does not cover this certificate" };
    return { state: "good", asOf: list.thisUpdate, stale: clock() >= list.nextUpdate };
  }

  function recheckAt(slot: CrlSlot): number {
    // While a refresh is under way the answer at hand holds for a second, not for ever and not for one request only.
    const next = Math.max(slot.nextAttemptAt, clock() + 1_000);
    return slot.list && isUsable(slot) ? Math.min(next, slot.list.nextUpdate + maxAgeMs) : next;
  }

  async function revocationOf(certificate: Certificate, issuer: Certificate): Promise<Revocation> {
    const slot = slotFor(certificate, issuer);
    if (!slot) {
      return { state: "unknown", why: "no address of its revocation list is known", recheckAt: clock() + refreshEvery };
    }
    await makeUsable(slot);
    return { ...finding(slot, certificate), recheckAt: recheckAt(slot) };
  }

  /** The lists that a certificate of a known authority can need, as far as their addresses are known before it comes. */
  function knowLists(authorities: readonly Certificate[]): void {
    const byName = Map.groupBy(authorities, ({ subjectKey }) => subjectKey);
    for (const authority of authorities) {
      slotAt(authority, tabled.get(authority.publicKeyHash) ?? []);
      const issuers = byName.get(authority.issuerKey) ?? [];
      const issuer = issuers.find(({ publicKey }) => publicKey && authority.x509.verify(publicKey));
      if (issuer && issuer.publicKeyHash !== authority.publicKeyHash) slotFor(authority, issuer);
    }
  }

  async function refreshDue(): Promise<void> {
    await Promise.all([...slots.values()].filter(isDue).map(lists.refresh));
  }

  knowLists(needs.authorities);
  return {
    generation: () => generation,
    revocationOf,
    refreshDue,
    settled: async () => {
      await Promise.all([...slots.values()].map(({ refreshing }) => refreshing));
    },
    start: () => {
      void refreshDue();
      const timer = setInterval(() => void refreshDue(), refreshEvery).unref();
      return () => clearInterval(timer);
    },
    states: () => [...slots.values()].map((slot) => stateOf(slot, isUsable(slot))),
  };
}

/** Two authorities of one name have lists of their own, and so have the parts of a list with several addresses. */
function slotKey(issuer: Certificate, urls: readonly string[]): string {
  const identity = JSON.stringify([issuer.publicKeyHash, issuer.subjectKey, urls]);
  return createHash("sha256").update(identity).digest("base64url");
}

function newSlot(key: string, issuer: Certificate, urls: readonly string[]): CrlSlot {
  const nothingYet = { list: undefined, lastFailure: undefined, loading: undefined, refreshing: undefined };
  return { key, issuer, urls, checkedAt: 0, nextAttemptAt: 0, failures: 0, ...nothingYet };
}

function stateOf({ issuer, list, checkedAt, lastFailure }: CrlSlot, usable: boolean): CrlState {
  return {
    issuer: issuer.subjectText,
    usable,
    ...(list && { thisUpdate: list.thisUpdate, nextUpdate: list.nextUpdate, checkedAt, revoked: list.revoked.size }),
    ...(lastFailure !== undefined && { lastFailure }),
  };
}
