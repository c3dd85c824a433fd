import type { AuditEntry } from "../../kernel/audit-entry.ts";
import type { Clock } from "../../kernel/clock.ts";
import { createTimeOrderedIds, timeOrderedId, type Randomness } from "../../kernel/identifiers.ts";
import type { Put, Store } from "../../store/store.ts";

/** First part of the names of entries that wait, in the tag of what they report, to be chained. */
export const pendingPrefix = "audit/";
/** Where the tags are named that may hold waiting entries. */
export const noticeTag = "audit";
export const noticePrefix = "notice/";

export interface AuditLog {
  /**
   * Says that entries may soon wait in this tag. It must be durable before the change is, so that no crash in
   * between leaves an entry that nobody will ever chain; a notice without an entry harms nobody.
   */
  announce(tag: string): Promise<void>;
  /** The entry as a part of the batch that makes the change: both are written, or neither. */
  entry(entry: Omit<AuditEntry, "id" | "at">): Put;
}

/** Writes audit entries beside the changes that they report; the sequencer chains them afterwards. */
export function createAuditLog(needs: { store: Store; clock: Clock; randomness: Randomness }): AuditLog {
  // Entries of one tag are chained in the order of their ids: that is to be the order in which they were written.
  const nextId = createTimeOrderedIds(needs.randomness);
  return {
    async announce(tag) {
      const id = timeOrderedId(needs.clock(), needs.randomness);
      await needs.store.put(noticeTag, { name: `${noticePrefix}${tag}`, value: id, ordered: true });
    },
    entry(entry) {
      const now = needs.clock();
      const whole: AuditEntry = { id: nextId(now), at: new Date(now).toISOString(), ...entry };
      return { name: `${pendingPrefix}${whole.id}`, value: JSON.stringify(whole), ordered: true };
    },
  };
}
