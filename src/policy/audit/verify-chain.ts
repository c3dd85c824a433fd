import { entryName, genesisHash, readCheckpoint, readRecord, type ChainRecord, type Checkpoint } from "./audit-chain.ts";

export type FaultKind =
  /** The text of one record is not what was written. */
  | "altered"
  | "removed"
  | "reordered"
  | "inserted"
  /** A record, sound in itself, that does not belong where it stands. */
  | "replaced"
  /** The end is missing. */
  | "cut"
  /** The checkpoint that seals the end is missing or not genuine. */
  | "checkpoint"
  /** Nothing is left of a trail that has begun. */
  | "gone";

/** The first thing that is wrong with a trail, in words for whoever reads it. */
export interface ChainFault {
  readonly kind: FaultKind;
  /** The sequence number at which the trail stops being what was written. */
  readonly sequence: number;
  readonly reason: string;
}

export interface Verdict {
  /** How many records were looked at. */
  readonly count: number;
  readonly checkpoint?: Checkpoint;
  readonly fault?: ChainFault;
}

export interface ChainVerifier {
  /**
   * The next record's text, in the trail's order; undefined when it cannot be read at all.
   * @param place where it stands, for people: the name in the store or the line of a file
   * @param name its name in the store, when it comes from there
   */
  take(text: string | undefined, place: string, name?: string): void;
  /** What is known after the last record. Without the seal key the checkpoint's seal is not looked at. */
  finish(checkpointText: string | undefined, sealKey: Uint8Array | undefined): Verdict;
  /** In place of `finish` where there is neither record nor checkpoint: `notEmpty` says why that cannot be. */
  finishEmpty(notEmpty: string | undefined): Verdict;
}

/** What is known of a trail from elsewhere. */
export interface KnownOfTrail {
  /** A checkpoint (of an earlier export) that it must still contain. */
  readonly known?: Checkpoint;
  /** The hash of its first record. */
  readonly first?: string;
}

/** Verifies a trail record by record, holding one hash in memory. */
export function createChainVerifier({ known, first }: KnownOfTrail = {}): ChainVerifier {
  let count = 0;
  let sound: Pick<Checkpoint, "sequence" | "hash"> = { sequence: 0, hash: genesisHash };
  let fault: ChainFault | undefined;

  const misplaced = (record: ChainRecord, place: string, name: string | undefined): ChainFault | undefined => {
    const sequence = sound.sequence + 1;
    if (record.sequence > sequence) {
      return { kind: "removed", sequence, reason: `entry ${sequence} is missing: ${place} holds entry ${record.sequence}` };
    }
    if (record.sequence < sequence) {
      return { kind: "inserted", sequence, reason: `${place} holds entry ${record.sequence}, which was there before, in place of entry ${sequence}` };
    }
    if (record.previous !== sound.hash) {
      const reason = `${place} names ${record.previous} as its predecessor, but the entry before it is ${sound.hash}: one of the two was replaced`;
      return { kind: "replaced", sequence, reason };
    }
    if (name !== undefined && name !== entryName(sequence)) {
      return { kind: "altered", sequence, reason: `entry ${sequence} lies under the name ${name} in place of ${entryName(sequence)}` };
    }
    if (sequence === 1 && first !== undefined && record.hash !== first) {
      return { kind: "replaced", sequence, reason: `entry 1 is ${record.hash}, but the trail of this store began with ${first}: it was begun anew` };
    }
    return known?.sequence === sequence && known.hash !== record.hash
      ? { kind: "replaced", sequence, reason: `entry ${sequence} is ${record.hash}, but the earlier export ends with ${known.hash}: the trail was rewritten` }
      : undefined;
  };

  return {
    take(text, place, name) {
      count += 1;
      const reading = text === undefined ? { problem: "it is not UTF-8 text of a sane length" } : readRecord(text);
      if (fault !== undefined) {
        if (fault.kind === "removed" && "value" in reading && reading.value.sequence === fault.sequence) {
          fault = { kind: "reordered", sequence: fault.sequence, reason: `entry ${fault.sequence} stands in the wrong place, at ${place}` };
        }
        return;
      }
      if ("problem" in reading) {
        fault = { kind: "altered", sequence: sound.sequence + 1, reason: `${place} was altered: ${reading.problem}` };
        return;
      }
      fault = misplaced(reading.value, place, name);
      sound = reading.value;
    },

    finish(checkpointText, sealKey) {
      const reading = checkpointText === undefined ? undefined : readCheckpoint(checkpointText, sealKey);
      const checkpoint = reading !== undefined && "value" in reading ? { checkpoint: reading.value } : {};
      fault ??= reading === undefined ? missingCheckpoint(count) : undefined;
      fault ??= reading !== undefined && "problem" in reading ? badCheckpoint(count, reading.problem) : undefined;
      fault ??= checkpoint.checkpoint && wrongEnd(sound, checkpoint.checkpoint);
      fault ??= known && known.sequence > count ? cut(count, known.sequence, "the earlier export holds") : undefined;
      return { count, ...checkpoint, ...(fault && { fault }) };
    },

    finishEmpty(notEmpty) {
      const gone: ChainFault | undefined = notEmpty === undefined ? undefined : { kind: "gone", sequence: 1, reason: `nothing is left of the trail: ${notEmpty}` };
      const missing = gone ?? (known && known.sequence > 0 ? cut(0, known.sequence, "the earlier export holds") : undefined);
      return { count: 0, ...(missing && { fault: missing }) };
    },
  };
}

function missingCheckpoint(count: number): ChainFault {
  return { kind: "checkpoint", sequence: count, reason: "the sealed checkpoint at the end is missing" };
}

function badCheckpoint(count: number, problem: string): ChainFault {
  return { kind: "checkpoint", sequence: count, reason: `the checkpoint at the end is not genuine: ${problem}` };
}

function wrongEnd(last: Pick<Checkpoint, "sequence" | "hash">, checkpoint: Checkpoint): ChainFault | undefined {
  if (checkpoint.sequence > last.sequence) {
    return cut(last.sequence, checkpoint.sequence, "the checkpoint counts");
  }
  if (checkpoint.sequence < last.sequence) {
    const sequence = checkpoint.sequence + 1;
    return { kind: "inserted", sequence, reason: `entries from ${sequence} on stand behind the checkpoint, which ends at ${checkpoint.sequence}` };
  }
  return checkpoint.hash === last.hash
    ? undefined
    : { kind: "replaced", sequence: last.sequence, reason: `the last entry is ${last.hash}, but the checkpoint says ${checkpoint.hash}` };
}

function cut(last: number, expected: number, witness: string): ChainFault {
  return { kind: "cut", sequence: last + 1, reason: `the end is cut off: ${witness} ${expected} entries, and after entry ${last} nothing follows` };
}
