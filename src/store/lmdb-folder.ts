import { existsSync, realpathSync } from "node:fs";
import { open, type Database, type RootDatabase } from "lmdb";
import { cannotOpen, prepareLmdbFolder } from "./lmdb-folder-checks.ts";

/** One folder of LMDB, open in this process. */
export interface LmdbFolder {
  /** Runs transactions over both tables. */
  readonly root: RootDatabase;
  /** What the store holds; an entry's version is its end in ms, or what stands for "stays". */
  readonly entries: Database<string, string>;
  /** Keys are the end in ms (15 digits) and the entry's key; values are empty. */
  readonly expiries: Database<string, string>;
  /** Gives the folder back; the last one who does closes it. The caller's own writes must be over. */
  close(): Promise<void>;
}

/**
 * LMDB's thread starts when the turn of the event loop is over, never in the middle of a batch: it would overtake this
 * thread and be woken for each single write of the rest. A documented option that lmdb's types leave out.
 */
const writeAtTheEndOfTheTurn = { txnStartThreshold: Number.MAX_SAFE_INTEGER };

const defaultMapSizeBytes = 64 * 2 ** 30;

interface OpenFolder extends Omit<LmdbFolder, "close"> {
  users: number;
}

/**
 * By real path. LMDB may be opened only once by a process; opened again in the midst of a write, lmdb stops this thread
 * until the write is over, which waits for this thread: the process would stand still for ever.
 */
const openFolders = new Map<string, OpenFolder>();

/**
 * Opens a folder, or shares it if this process has it open already (with the size of map that it was opened with).
 * @param mapSizeBytes address space set aside for the file; outgrowing it costs a remap. 64 GiB unless told.
 * @throws Error with one sentence when the folder cannot be made or opened.
 */
export function openLmdbFolder(path: string, mapSizeBytes = defaultMapSizeBytes): LmdbFolder {
  const open = existsSync(path) ? openFolders.get(realpathSync(path)) : undefined;
  const realPath = open === undefined ? prepareLmdbFolder(path, mapSizeBytes) : realpathSync(path);
  const folder = open ?? openTables(realPath, mapSizeBytes);
  folder.users += 1;
  openFolders.set(realPath, folder);
  const { root, entries, expiries } = folder;
  return {
    root,
    entries,
    expiries,
    async close() {
      folder.users -= 1;
      if (folder.users > 0) return;
      openFolders.delete(realPath);
      await root.close();
    },
  };
}

function openTables(path: string, mapSize: number): OpenFolder {
  try {
    return openTablesIn(path, mapSize);
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

function openTablesIn(path: string, mapSize: number): OpenFolder {
  const root = open({
    path,
    noSubdir: false,
    mapSize,
    overlappingSync: false,
    // With it lmdb makes a promise a turn that nobody sees: a failed commit would end the process as unhandled.
    eventTurnBatching: false,
    ...writeAtTheEndOfTheTurn,
    maxDbs: 2,
    maxReaders: 512,
  });
  return {
    root,
    entries: root.openDB<string, string>("entries", { encoding: "string", useVersions: true }),
    expiries: root.openDB<string, string>("expiries", { encoding: "string" }),
    users: 0,
  };
}
