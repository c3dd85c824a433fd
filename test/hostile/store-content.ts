import { openLmdbFolder } from "../../src/store/lmdb-folder.ts";
import type { TestServer } from "../support/server.ts";

/**
 * What changes by itself, whatever is asked: copies of the directory's documents and lists, entries on their way into the
 * trail, the record of the signing keys, where the trail's beginning is noted.
 */
const ownBusiness = /^\{(directory|crl|audit|keys:\w+)\}|^\{[^}]*\}:audit\//;

/** Every entry of the store as `key value`, but for the server's own business. The server may be running. */
export async function storeContent(server: TestServer): Promise<string[]> {
  const { path } = (server.settings["store"] as { lmdb: { path: string } }).lmdb;
  const folder = openLmdbFolder(path);
  try {
    return [...folder.entries.getRange({})].filter(({ key }) => !ownBusiness.test(key)).map(({ key, value }) => `${key} ${value}`);
  } finally {
    await folder.close();
  }
}
