import { z } from "zod";
import type { AuditEntry } from "../../kernel/audit-entry.ts";
import type { Store } from "../../store/store.ts";
import { entryName, entryPrefix, genesisHash, headName, readRecord, sealCheckpoint, type Checkpoint } from "./audit-chain.ts";
import { noticeTag } from "./audit-log.ts";
import { whyNotEmpty, type TrailBeginning } from "./trail-beginning.ts";
import { createChainVerifier, type Verdict } from "./verify-chain.ts";

const pageSize = 1_000;

export interface Walk {
  readonly store: Store;
  readonly beginning: TrailBeginning;
  readonly sealKey: Uint8Array;
  /** A checkpoint that was kept elsewhere and that the trail must still contain. */
  readonly known?: Checkpoint;
  /** Gets the records' texts as they stand in the store, page by page, sound or not. */
  readonly onPage?: (texts: readonly string[]) => Promise<void>;
}

/**
 * Verifies the whole trail in the store while others may append to it; `head` is the head's text as stored. A verdict
 * without fault and checkpoint is that of a trail that never began.
 */
export async function walkTrail({ store, beginning, sealKey, known, onPage }: Walk): Promise<{ verdict: Verdict; head: string | undefined }> {
  const kept = await beginning.read();
  const notEmpty = await whyNotEmpty(store, beginning);
  const verifier = createChainVerifier({ ...(known && { known }), ...(kept && "value" in kept && kept.value) });
  let after: string | undefined;
  let head = await store.get({ tag: noticeTag, name: headName });
  for (;;) {
    const page = await store.scan(noticeTag, entryPrefix, { ...(after !== undefined && { after }), limit: pageSize });
    page.forEach(({ name, value }) => verifier.take(value, name, name));
    if (page.length > 0) {
      await onPage?.(page.map(({ value }) => value));
      after = page.at(-1)?.name;
      continue;
    }
    // Records and head move in one batch: when nothing follows and the head stood still meanwhile, this is the end.
    const now = await store.get({ tag: noticeTag, name: headName });
    if (now === head) {
      break;
    }
    head = now;
  }
  if (head === undefined && after === undefined) {
    return { verdict: verifier.finishEmpty(notEmpty), head };
  }
  const verdict = verifier.finish(head, sealKey);
  return { verdict: kept && "problem" in kept ? withUnknownBeginning(verdict, kept.problem) : verdict, head };
}

/** Every record may be sound, and the trail still another than the one that was begun: nobody can tell any more. */
function withUnknownBeginning(verdict: Verdict, problem: string): Verdict {
  return { fault: { kind: "replaced", sequence: 1, reason: `where the trail began cannot be read: ${problem}` }, ...verdict };
}

/**
 * Writes the trail as JSON Lines: each record as it stands in the store, then the sealed checkpoint.
 * The verdict is that of the trail; one with a fault is written all the same, for whoever looks into it.
 */
export async function exportTrail(walk: Omit<Walk, "onPage">, write: (lines: string) => Promise<void>): Promise<Verdict> {
  const { verdict, head } = await walkTrail({ ...walk, onPage: (texts) => write(texts.map((text) => `${text}\n`).join("")) });
  const last = head ?? (verdict.count === 0 && verdict.fault === undefined ? emptyTrail(walk.sealKey) : undefined);
  if (last !== undefined) {
    await write(`${last}\n`);
  }
  return verdict;
}

function emptyTrail(sealKey: Uint8Array): string {
  return sealCheckpoint({ sequence: 0, hash: genesisHash, at: new Date(0).toISOString() }, sealKey);
}

/** What of an entry is shown; details are left as they are. */
const shownEntry = z.looseObject({
  id: z.string(),
  at: z.string(),
  action: z.string(),
  realm: z.string(),
  subject: z.looseObject({ kind: z.string(), id: z.string() }),
  actor: z.looseObject({ kind: z.string() }),
});

export interface ShownRecord {
  readonly sequence: number;
  readonly entry: AuditEntry;
  /** The record as stored. */
  readonly text: string;
}

export interface TrailFilter {
  readonly client?: string;
  /** An action, or the part of its name before the dot for all of that kind. */
  readonly action?: string;
  /** Milliseconds since the epoch; entries from then on. */
  readonly since?: number;
  readonly limit: number;
}

/** The latest records that pass the filter, oldest first. A record that cannot be read is left to `verify`. */
export async function latestRecords(store: Store, filter: TrailFilter): Promise<ShownRecord[]> {
  const found: ShownRecord[] = [];
  let end = await lastSequence(store);
  while (end > 0 && found.length < filter.limit) {
    const start = Math.max(0, end - pageSize);
    const page = await store.scan(noticeTag, entryPrefix, { ...(start > 0 && { after: entryName(start) }), limit: end - start });
    const records = page.map(({ value }) => shown(value)).filter((record) => record !== undefined);
    found.unshift(...records.filter((record) => passes(record, filter)).slice(found.length - filter.limit));
    if (records.length > 0 && records.every(({ entry }) => Date.parse(entry.at) < (filter.since ?? 0))) {
      break;
    }
    end = start;
  }
  return found;
}

async function lastSequence(store: Store): Promise<number> {
  const head = await store.get({ tag: noticeTag, name: headName });
  const parsed = z.looseObject({ checkpoint: z.looseObject({ sequence: z.int() }) }).safeParse(head === undefined ? undefined : JSON.parse(head));
  return parsed.success ? parsed.data.checkpoint.sequence : 0;
}

function shown(text: string): ShownRecord | undefined {
  const reading = readRecord(text);
  if ("problem" in reading || !shownEntry.safeParse(reading.value.entry).success) {
    return undefined;
  }
  // The schema has just found every member that AuditEntry promises to be there.
  return { sequence: reading.value.sequence, entry: reading.value.entry as unknown as AuditEntry, text };
}

function passes({ entry }: ShownRecord, { client, action, since }: TrailFilter): boolean {
  return (
    (client === undefined || (entry.subject.kind === "client" && entry.subject.id === client)) &&
    (action === undefined || entry.action === action || entry.action.startsWith(`${action}.`)) &&
    (since === undefined || Date.parse(entry.at) >= since)
  );
}
