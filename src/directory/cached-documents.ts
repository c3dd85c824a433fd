import { LRUCache } from "lru-cache";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { sha256 } from "../kernel/identifiers.ts";
import type { Log } from "../kernel/log.ts";
import type { Store } from "../store/store.ts";
import type { GuardedHttp, OutgoingAnswer } from "./guarded-http.ts";
import { createKeptCopies, type KeptCopy } from "./kept-copies.ts";
import { OutgoingFailed, OutgoingRefused, type FailedReason, type RefusedReason } from "./outgoing-errors.ts";

export interface CacheTimes {
  /** Seconds after which a copy is no longer used while the directory answers. */
  readonly freshness: number;
  /** Seconds for which the last good copy serves while the directory does not answer. */
  readonly maxStale: number;
  /** Seconds of rest after a failed call, and between two renewals out of turn. */
  readonly coolDown: number;
}

export interface CachedDocumentsNeeds<T> {
  /** Names the kind of document in the store and in the log. */
  readonly kind: string;
  readonly http: GuardedHttp;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly times: CacheTimes;
  readonly accept: string;
  /** Largest body accepted, in bytes; the guarded client's own limit unless given. */
  readonly maxBytes?: number;
  /** How many documents stay in memory. */
  readonly capacity: number;
  /** Reads a body, or what `keep` made of it. Whatever it throws makes the answer count as no answer. */
  readonly read: (text: string) => T;
  /** The text that the store keeps of a document, in the form that `read` takes; the body itself unless given. */
  readonly keep?: (value: T) => string;
}

/** Why the last call brought no document, and when (ms). The detail holds no secret. */
export interface DocumentFailure {
  readonly at: number;
  /** The guarded client's reason; `unreadable` for a body that is not the document. */
  readonly reason: RefusedReason | FailedReason | "unreadable" | "absent";
  readonly detail: string;
  /** With reason `status`: the HTTP status that came. */
  readonly status?: number;
}

export type DocumentReading<T> =
  | {
      readonly available: true;
      readonly value: T;
      /** When the copy was asked for (ms). */
      readonly fetchedAt: number;
      /** Present when the directory did not answer the latest call: the copy is then the last good one. */
      readonly failure: DocumentFailure | undefined;
      /** Whether this reading waited for the directory's own answer. */
      readonly asked: boolean;
    }
  | { readonly available: false; readonly failure: DocumentFailure };

export interface DocumentState {
  readonly url: string;
  /** Seconds since the copy in memory was asked for; undefined when there is none. */
  readonly ageSeconds: number | undefined;
  /** `stale`: past freshness, as nobody asked or, with a `failure`, nobody answers; `absent`: none within `maxStale`. */
  readonly status: "fresh" | "stale" | "absent";
  readonly failure: DocumentFailure | undefined;
}

export interface CachedDocuments<T> {
  /** The document when it may be used without waiting, else undefined. Renews it in the background when due. */
  peek(url: string): T | undefined;
  /** The document's place in memory, for who peeks at each request: it is not looked up by its address again. */
  slotOf(url: string): DocumentSlot<T>;
  /** `peek` at such a place; one that had to leave memory serves who holds it, and is renewed, for as long as its copy is usable. */
  peekAt(slot: DocumentSlot<T>): T | undefined;
  /** The document, asked of the directory when there is no usable copy. Never rejects. */
  current(url: string): Promise<DocumentReading<T>>;
  /** Asks the directory now, at most once per cool-down; within it, the same as `current`. Never rejects. */
  renew(url: string): Promise<DocumentReading<T>>;
  state(url: string): DocumentState;
  /** Resolves when no call is under way: to be waited for before the store is closed. */
  settled(): Promise<void>;
}

interface Copy<T> {
  readonly value: T;
  /** Of the text that the value was read from. */
  readonly digest: string;
  readonly fetchedAt: number;
  readonly freshMs: number;
}

/** Its members are for `createCachedDocuments` alone. All are there from the start: V8 finds those of such an object faster. */
export interface DocumentSlot<T> {
  /** What the copy says, again: for whole seconds since the epoch from the first to before the second, in which nothing is due. */
  value: T | undefined;
  /** Whole seconds lie in the slot itself, where milliseconds would be an object each, and another wait for memory. */
  quietFrom: number;
  quietUntil: number;
  readonly url: string;
  copy: Copy<T> | undefined;
  failure: DocumentFailure | undefined;
  /** The call under way: everybody waits for the one. Resolves to whether the directory itself was asked. */
  attempt: Promise<boolean> | undefined;
  renewedAt: number | undefined;
}

/** Renewed in the background from this share of its freshness on, so that nobody waits for a copy in use. */
const renewFrom = 0.8;

/**
 * Keeps documents of the directory at hand. While the directory answers, a copy lives for `freshness` at most; while
 * it does not (no connection, an error status, or a body that `read` refuses), the last good one serves up to
 * `maxStale`. Copies lie in the store too, so that a restart with the directory down finds them, and several
 * processes on one store share their calls.
 */
export function createCachedDocuments<T>(needs: CachedDocumentsNeeds<T>): CachedDocuments<T> {
  const { clock, log } = needs;
  const freshnessMs = needs.times.freshness * 1000;
  const maxStaleMs = needs.times.maxStale * 1000;
  const coolDownMs = needs.times.coolDown * 1000;
  const keptCopies = createKeptCopies({ ...needs, ttlSeconds: needs.times.maxStale });
  const slots = new LRUCache<string, DocumentSlot<T>>({ max: needs.capacity });
  const underWay = new Set<Promise<unknown>>();

  function slotOf(url: string): DocumentSlot<T> {
    const known = slots.get(url);
    if (known) return known;
    const slot: DocumentSlot<T> = {
      value: undefined,
      quietFrom: 0,
      quietUntil: 0,
      url,
      copy: undefined,
      failure: undefined,
      attempt: undefined,
      renewedAt: undefined,
    };
    slots.set(url, slot);
    return slot;
  }

  function adopt(slot: DocumentSlot<T>, copy: Copy<T>): void {
    slot.copy = copy;
    slot.value = copy.value;
    slot.quietFrom = Math.ceil((copy.fetchedAt - freshnessMs) / 1000);
    slot.quietUntil = Math.floor((copy.fetchedAt + copy.freshMs * renewFrom) / 1000);
  }

  /** Milliseconds; endless for a copy from the future, as a clock that was set back leaves it. */
  function ageOf(copy: Copy<T>): number {
    const age = clock() - copy.fetchedAt;
    return age < -freshnessMs ? Infinity : age;
  }

  function failedWithin(slot: DocumentSlot<T>, ms: number): boolean {
    return slot.failure !== undefined && Math.abs(clock() - slot.failure.at) < ms;
  }

  /** The directory's silence must be recent: after a longer one it is asked again before an old copy is used. */
  function usable(slot: DocumentSlot<T>): Copy<T> | undefined {
    if (!slot.copy) return undefined;
    const age = ageOf(slot.copy);
    const serves = age < slot.copy.freshMs || (age <= maxStaleMs && failedWithin(slot, freshnessMs));
    return serves ? slot.copy : undefined;
  }

  function renewWhenDue(slot: DocumentSlot<T>, copy: Copy<T>): void {
    if (ageOf(copy) >= copy.freshMs * renewFrom && !slot.attempt && !failedWithin(slot, coolDownMs)) void ask(slot);
  }

  function peekAt(slot: DocumentSlot<T>): T | undefined {
    const now = epochSeconds(clock);
    if (now >= slot.quietFrom && now < slot.quietUntil) return slot.value;
    const copy = usable(slot);
    if (copy) renewWhenDue(slot, copy);
    return copy?.value;
  }

  function ask(slot: DocumentSlot<T>, outOfTurn = false): Promise<boolean> {
    if (slot.attempt) return slot.attempt;
    const started = attempt(slot, outOfTurn).finally(() => {
      slot.attempt = undefined;
      underWay.delete(started);
    });
    slot.attempt = started;
    underWay.add(started);
    return started;
  }

  async function attempt(slot: DocumentSlot<T>, outOfTurn: boolean): Promise<boolean> {
    const { url } = slot;
    await adoptKeptCopy(slot);
    if (!outOfTurn && slot.copy && ageOf(slot.copy) < slot.copy.freshMs * renewFrom) return false;
    const fetchedAt = clock();
    try {
      const answer = await needs.http.get(url, { accept: needs.accept, ...(needs.maxBytes !== undefined && { maxBytes: needs.maxBytes }) });
      const text = answer.body.toString("utf8");
      const copy = { ...readAnew(slot, text), fetchedAt, freshMs: freshMsOf(answer) };
      adopt(slot, copy);
      slot.failure = undefined;
      const kept = needs.keep ? needs.keep(copy.value) : text;
      await keptCopies.save(url, { fetchedAt, freshMs: copy.freshMs, text: kept });
    } catch (error) {
      slot.failure = failureOf(error, clock());
      log.warn({ kind: needs.kind, url, reason: slot.failure.reason, detail: slot.failure.detail }, "the directory did not answer");
    }
    return true;
  }

  /** The server's max-age, within our own limits: no longer than freshness, no shorter than a cool-down. */
  function freshMsOf(answer: OutgoingAnswer): number {
    const maxAge = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(answer.headers["cache-control"] ?? "")?.[1];
    const wished = maxAge === undefined ? freshnessMs : Number(maxAge) * 1000;
    return Math.min(freshnessMs, Math.max(wished, coolDownMs));
  }

  /** Takes the store's copy when it is newer than ours: after a restart, or when another process asked meanwhile. */
  async function adoptKeptCopy(slot: DocumentSlot<T>): Promise<void> {
    const kept = await keptCopies.load(slot.url);
    if (!kept || kept.fetchedAt <= (slot.copy?.fetchedAt ?? -Infinity)) return;
    const copy = copyOf(slot, kept);
    if (!copy || ageOf(copy) > maxStaleMs) return;
    adopt(slot, copy);
    if (slot.failure && slot.failure.at < copy.fetchedAt) slot.failure = undefined;
  }

  /** The same text is the same value, the very object: who works with its keys, as the engine does, has nothing to renew. */
  function readAnew({ copy }: DocumentSlot<T>, text: string): Pick<Copy<T>, "value" | "digest"> {
    const digest = sha256(text);
    return { value: copy?.digest === digest ? copy.value : needs.read(text), digest };
  }

  function copyOf(slot: DocumentSlot<T>, kept: KeptCopy): Copy<T> | undefined {
    try {
      return { ...readAnew(slot, kept.text), fetchedAt: kept.fetchedAt, freshMs: Math.min(kept.freshMs, freshnessMs) };
    } catch {
      return undefined;
    }
  }

  function reading(slot: DocumentSlot<T>, asked: boolean): DocumentReading<T> {
    const copy = usable(slot);
    const { failure } = slot;
    if (copy) return { available: true, value: copy.value, fetchedAt: copy.fetchedAt, failure, asked };
    return { available: false, failure: failure ?? nothingYet(clock()) };
  }

  async function current(url: string): Promise<DocumentReading<T>> {
    const slot = slotOf(url);
    const copy = usable(slot);
    if (copy) {
      renewWhenDue(slot, copy);
      return reading(slot, false);
    }
    if (failedWithin(slot, coolDownMs) && !slot.attempt) return reading(slot, false);
    return reading(slot, await ask(slot));
  }

  return {
    current,
    slotOf,
    peekAt,
    peek(url) {
      const slot = slots.get(url);
      return slot && peekAt(slot);
    },
    async renew(url) {
      const slot = slotOf(url);
      const resting = slot.renewedAt !== undefined && Math.abs(clock() - slot.renewedAt) < coolDownMs;
      if (resting || failedWithin(slot, coolDownMs)) return current(url);
      slot.renewedAt = clock();
      return reading(slot, await ask(slot, true));
    },
    state(url) {
      const slot = slots.peek(url);
      if (!slot?.copy) return { url, ageSeconds: undefined, status: "absent", failure: slot?.failure };
      const age = ageOf(slot.copy);
      const status = age < slot.copy.freshMs ? "fresh" : age <= maxStaleMs ? "stale" : "absent";
      return { url, ageSeconds: Math.round(age / 1000), status, failure: slot.failure };
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

function nothingYet(at: number): DocumentFailure {
  return { at, reason: "absent", detail: "Expected a usable copy of the document, there is none" };
}

function failureOf(error: unknown, at: number): DocumentFailure {
  const reason = error instanceof OutgoingRefused || error instanceof OutgoingFailed ? error.reason : "unreadable";
  const status = error instanceof OutgoingFailed && error.status !== undefined ? { status: error.status } : {};
  return { at, reason, detail: error instanceof Error ? error.message : "Expected a readable document", ...status };
}
