import type { FailedReason, RefusedReason } from "./outgoing-errors.ts";

/** Why the last call brought no document, and when (ms). The detail holds no secret. */
export interface DocumentFailure {
  readonly at: number;
  /** The guarded client's reason; `unreadable` for a body that is not the document. */
  readonly reason: RefusedReason | FailedReason | "unreadable" | "absent";
  readonly detail: string;
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
  /**
   * `fresh`: within freshness; `stale`: older, because nobody asked for it or, with a `failure`, because the
   * directory does not answer; `absent`: none, or older than `maxStale`.
   */
  readonly status: "fresh" | "stale" | "absent";
  readonly failure: DocumentFailure | undefined;
}
