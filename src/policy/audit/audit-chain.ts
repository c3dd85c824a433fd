import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { z } from "zod";

/** Where the chain lies, in the tag `noticeTag` of audit-log.ts. */
export const entryPrefix = "entry/";
export const headName = "head";

/** The predecessor that the first record names. */
export const genesisHash = "0".repeat(64);

const hexHash = z.string().regex(/^[0-9a-f]{64}$/);
const sequenceNumber = z.int().positive();

const recordSchema = z.strictObject({
  sequence: sequenceNumber,
  previous: hexHash,
  entry: z.looseObject({}),
  hash: hexHash,
});

const checkpointSchema = z.strictObject({
  checkpoint: z.strictObject({ sequence: z.int().nonnegative(), hash: hexHash, at: z.iso.datetime() }),
  seal: hexHash,
});

/** One link: what happened, its place, and the hashes (SHA-256, hex) that tie it to its predecessor. */
export interface ChainRecord {
  readonly sequence: number;
  readonly previous: string;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

/** How far the chain reaches: its last record, and when that was appended (ISO 8601, UTC). Sequence 0 is the empty trail. */
export interface Checkpoint {
  readonly sequence: number;
  readonly hash: string;
  readonly at: string;
}

/** A text that was read, or why it is not what it should be. */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** The name of a record in the store: 16 digits, so that names sort like numbers. */
export function entryName(sequence: number): string {
  return `${entryPrefix}${sequence.toString().padStart(16, "0")}`;
}

/** The records that carry these entries on from where the chain ends, with their texts as stored and exported. */
export function chainOn(
  from: Pick<Checkpoint, "sequence" | "hash">,
  entries: readonly ChainRecord["entry"][],
): { record: ChainRecord; text: string }[] {
  let { sequence, hash } = from;
  return entries.map((entry) => {
    const body = { sequence: sequence + 1, previous: hash, entry };
    const record = { ...body, hash: hashOf(body) };
    ({ sequence, hash } = record);
    return { record, text: JSON.stringify(record) };
  });
}

/**
 * Reads a record's text and proves it against its own hash. Nothing but the exact text that was written passes, so
 * that not one byte can be changed unseen.
 */
export function readRecord(text: string): Reading<ChainRecord> {
  const parsed = parseJson(text);
  if (!recordSchema.safeParse(parsed).success) {
    return { problem: "it is not a record of the trail" };
  }
  // Not zod's copy: the hash is over the members of the entry as they stand in the text.
  const { sequence, previous, entry, hash } = parsed as ChainRecord;
  const record = { sequence, previous, entry, hash };
  if (hashOf({ sequence, previous, entry }) !== hash) {
    return { problem: "its content does not give the hash that it carries" };
  }
  return JSON.stringify(record) === text ? { value: record } : { problem: "its text is not the one that was written" };
}

/** The text of a checkpoint, with its seal: HMAC-SHA-256 under a key that lies outside the store. */
export function sealCheckpoint({ sequence, hash, at }: Checkpoint, sealKey: Uint8Array): string {
  const checkpoint = { sequence, hash, at };
  return JSON.stringify({ checkpoint, seal: sealOf(checkpoint, sealKey) });
}

/** Reads a checkpoint's text; its seal is checked only when the key is given. */
export function readCheckpoint(text: string, sealKey: Uint8Array | undefined): Reading<Checkpoint> {
  const parsed = checkpointSchema.safeParse(parseJson(text));
  if (!parsed.success || JSON.stringify(parsed.data) !== text) {
    return { problem: "it is not a checkpoint of the trail" };
  }
  const { checkpoint, seal } = parsed.data;
  const sealed = sealKey === undefined || timingSafeEqual(Buffer.from(seal), Buffer.from(sealOf(checkpoint, sealKey)));
  return sealed ? { value: checkpoint } : { problem: "its seal does not hold: it was altered, or sealed under another key" };
}

/** Over the record's text without its member `hash`, so that `jq -cj 'del(.hash)' | sha256sum` gives it too. */
function hashOf(body: Omit<ChainRecord, "hash">): string {
  return hash("sha256", JSON.stringify(body), "hex");
}

function sealOf(checkpoint: Checkpoint, sealKey: Uint8Array): string {
  return createHmac("sha256", sealKey).update(JSON.stringify({ checkpoint })).digest("hex");
}

/** Undefined, which no schema here takes, when it is no JSON or nested so deeply that it could not be written again. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}
