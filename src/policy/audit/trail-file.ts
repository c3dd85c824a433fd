import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { readCheckpoint, type Checkpoint } from "./audit-chain.ts";
import { createChainVerifier, type Verdict } from "./verify-chain.ts";

/** Far above what a record can be; beyond it a file is not ours. */
const longestLine = 1024 * 1024;

interface Line {
  readonly number: number;
  /** Undefined when it is not UTF-8 or endless. */
  readonly text: string | undefined;
}

/**
 * Verifies an export by itself: every record against its hash and its predecessor, the end against the checkpoint in
 * the last line and, when the key is given, the checkpoint against its seal.
 * @throws Error when the file cannot be read
 */
export async function verifyTrailFile(path: string, sealKey: Uint8Array | undefined): Promise<Verdict> {
  const verifier = createChainVerifier();
  let last: Line | undefined;
  for await (const line of readLines(path)) {
    if (last !== undefined) {
      verifier.take(last.text, `line ${last.number}`);
    }
    last = line;
  }
  // A file that lost its end ends with a record: it counts as one, and the checkpoint as missing.
  if (last?.text !== undefined && !last.text.startsWith('{"sequence":')) {
    return verifier.finish(last.text, sealKey);
  }
  if (last !== undefined) {
    verifier.take(last.text, `line ${last.number}`);
  }
  return verifier.finish(undefined, sealKey);
}

/**
 * The checkpoint with which an export ends.
 * @throws Error when the file cannot be read, or its last line is not a checkpoint with a good seal
 */
export async function checkpointOfFile(path: string, sealKey: Uint8Array): Promise<Checkpoint> {
  let last: Line | undefined;
  for await (const line of readLines(path)) {
    last = line;
  }
  const reading = readCheckpoint(last?.text ?? "", sealKey);
  if ("problem" in reading) {
    throw new Error(`expected a checkpoint in the last line of ${path}; ${reading.problem}`);
  }
  return reading.value;
}

/** Lines as bytes: node:readline would also split at U+2028, which may stand inside a record. */
async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 1;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    // A stream without an encoding gives buffers.
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield { number, text: textOf(rest.subarray(0, end)) };
      number += 1;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > longestLine) {
      yield { number, text: undefined };
      return;
    }
  }
  if (rest.length > 0) {
    yield { number, text: textOf(rest) };
  }
}

function textOf(line: Buffer): string | undefined {
  return line.length <= longestLine && isUtf8(line) ? line.toString("utf8") : undefined;
}
