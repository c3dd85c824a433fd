import type { AuditEntry } from "../../kernel/audit-entry.ts";
import type { Clock } from "../../kernel/clock.ts";
import { createTimeOrderedIds, type Randomness } from "../../kernel/identifiers.ts";
import type { Put } from "../../store/store.ts";

/** First part of the names of entries that wait, in the tag of what they report, to be chained. */
export const pendingPrefix = "audit/";
/** Where the tags are named that may hold waiting entries. */
export const noticeTag = "audit";
export const noticePrefix = "notice/";

export interface AuditLog {
  /**
   * The entry as a part of the batch, of this tag, that makes the change: both are written, or neither. With it goes
   * the notice that entries wait in the tag, so that no crash leaves an entry that nobody will ever chain; a notice
   * without an entry harms nobody.
   */
  entry(tag: string, entry: Omit<AuditEntry, "id" | "at">): Put;
}

/** Writes audit entries beside the changes that they report; the sequencer chains them afterwards. */
export function createAuditLog(needs: { clock: Clock; randomness: Randomness }): AuditLog {
  // Entries of one tag are chained in the order of their ids: that is to be the order in which they were written.
  const nextId = createTimeOrderedIds(needs.randomness);
  return {
    entry(tag, entry) {
      const now = needs.clock();
      const whole: AuditEntry = { id: nextId(now), at: new Date(now).toISOString(), ...entry };
      const notice = { tag: noticeTag, name: `${noticePrefix}${tag}`, value: whole.id };
      return { name: `${pendingPrefix}${whole.id}`, value: JSON.stringify(whole), ordered: true, listedAs: notice };
    },
  };
}
