import { spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, realpathSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const walker = fileURLToPath(new URL("lmdb-walk.ts", import.meta.url));

/** More than the file of locks needs, which LMDB maps: a page of it that the disk has no room for is fatal. */
const roomBytes = 128 * 1024;

const reasons: Readonly<Record<string, string>> = {
  EACCES: "this user has no right to it",
  EPERM: "this user has no right to it",
  EROFS: "the disk is read-only",
  EEXIST: "it is a file, not a folder",
  ENOTDIR: "there is a file in its way, not a folder",
  ENOENT: "the folder cannot be made there",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "files may not grow so large here (ulimit -f)",
};

/** The sentence that everybody gets whose store cannot be opened. */
export function cannotOpen(path: string, error: unknown): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new Error(`The LMDB store in ${path} cannot be opened: ${reason}.`);
}

/**
 * Makes the folder if it is missing, and looks for what LMDB answers with a signal in place of an error: no room for its
 * locks, no address space for its map, a data file that is none or is cut off.
 * @returns its real path
 * @throws Error with one sentence
 */
export function prepareLmdbFolder(path: string, mapSizeBytes: number): string {
  try {
    // The folder holds hashed tokens and encrypted keys: its owner's business only.
    makeFolder(resolve(path));
    const folder = realpathSync(path);
    const [data, locks] = [join(folder, "data.mdb"), join(folder, "lock.mdb")];
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    [data, locks].filter(existsSync).forEach((file) => accessSync(file, constants.R_OK | constants.W_OK));
    expectAddressSpace(mapSizeBytes);
    if (existsSync(data) && statSync(data).size > 0) {
      expectWholeData(data, folder);
    }
    if (!existsSync(locks) || statSync(locks).blocks * 512 < statSync(locks).size) {
      expectRoom(folder);
    }
    return folder;
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/** With the folders above it. Node's own way of that never ends below /proc. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) {
      return;
    }
    if (code !== "ENOENT" || existsSync(dirname(path))) {
      throw error;
    }
    makeFolder(dirname(path));
    makeFolder(path);
  }
}

/** Linux tells a process its limits; elsewhere nothing is known of them. */
function expectAddressSpace(mapSizeBytes: number): void {
  const limit = /^Max address space +(\d+)/m.exec(textOf("/proc/self/limits"))?.[1];
  const used = /^VmSize:\s+(\d+) kB/m.exec(textOf("/proc/self/status"))?.[1];
  if (limit !== undefined && mapSizeBytes + Number(used ?? 0) * 1024 > Number(limit)) {
    throw new Error(`its map of ${mapSizeBytes / 2 ** 20} MiB does not fit into the address space that this process may have (ulimit -v); lower store.lmdb.mapSizeMegabytes or raise the limit`);
  }
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/**
 * Pages at the end may be missing because nothing was ever written to them: there reading all of it tells, in a process
 * that dies for us if it must.
 */
function expectWholeData(file: string, folder: string): void {
  const state = stateOf(file);
  if (state === "damaged" || (state === "short" && !canBeRead(folder))) {
    throw new Error("its data.mdb is damaged; restore it from a backup");
  }
}

/** Only LMDB's own word or death speaks of damage; whatever else went wrong there says nothing of the file. */
function canBeRead(folder: string): boolean {
  const { signal, stderr } = spawnSync(process.execPath, [walker, folder], { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  return !["SIGBUS", "SIGSEGV", "SIGABRT"].includes(signal ?? "") && !/MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID)/.test(stderr);
}

/** Another process may be in the midst of a write: what it leaves half done for us to see is whole soon. */
const looks = 5;
const restBetweenLooksMs = 20;

function stateOf(file: string): "whole" | "short" | "damaged" {
  for (let look = 1; ; look += 1) {
    const state = seenState(file);
    if (state !== "damaged" || look === looks) {
      return state;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, restBetweenLooksMs);
  }
}

/** Whether the roots of both trees are there, and the file is as long as it says. The layout is that of lmdb's LMDB. */
function seenState(file: string): "whole" | "short" | "damaged" {
  const descriptor = openSync(file, "r");
  try {
    const first = metaPage(descriptor, 0);
    const second = first && metaPage(descriptor, first.pageSize);
    if (!first || !second) {
      return "damaged";
    }
    // Of the two the one of the later transaction counts.
    const { lastPage, roots } = first.transaction > second.transaction ? first : second;
    if (!roots.every((root) => root === noPage || isTreePage(descriptor, root, first.pageSize))) {
      return "damaged";
    }
    return (lastPage + 1n) * BigInt(first.pageSize) <= BigInt(fstatSync(descriptor).size) ? "whole" : "short";
  } finally {
    closeSync(descriptor);
  }
}

const noPage = 2n ** 64n - 1n;

function metaPage(descriptor: number, start: number): { pageSize: number; roots: bigint[]; lastPage: bigint; transaction: bigint } | undefined {
  const page = bytesAt(descriptor, start, 0xa0);
  const pageSize = page?.readUInt32LE(0x30) ?? 0;
  if (page?.readUInt32LE(0x18) !== 0xbeefc0de || pageSize < 256 || pageSize > 65_536) {
    return undefined;
  }
  return { pageSize, roots: [page.readBigUInt64LE(0x58), page.readBigUInt64LE(0x88)], lastPage: page.readBigUInt64LE(0x90), transaction: page.readBigUInt64LE(0x98) };
}

/** A page begins with its own number, and says that it is a branch (1) or a leaf (2). */
function isTreePage(descriptor: number, number: bigint, pageSize: number): boolean {
  const page = bytesAt(descriptor, Number(number) * pageSize, 0x18);
  return page?.readBigUInt64LE(0) === number && [1, 2].includes(page.readUInt16LE(0x12) & 3);
}

function bytesAt(descriptor: number, start: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(descriptor, bytes, 0, length, start) === length ? bytes : undefined;
}

function expectRoom(folder: string): void {
  const file = join(folder, `room-${process.pid}`);
  const descriptor = openSync(file, "w", 0o600);
  try {
    // A write that meets the end of the disk may be a short one; the next then fails.
    for (let written = 0; written < roomBytes; ) {
      written += writeSync(descriptor, Buffer.alloc(roomBytes - written, 1));
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
}
