import { open, type Database } from "lmdb";

/**
 * A process of its own that reads all of a store and writes to it, which takes it through the list of free pages too:
 * where pages are missing, that is its end.
 */
const root = open({ path: process.argv[2] ?? "", noSubdir: false, maxDbs: 2, overlappingSync: false });
for (const name of ["entries", "expiries"]) {
  for (const entry of root.openDB<string, string>(name, { encoding: "string", useVersions: name === "entries" }).getRange()) {
    void entry;
  }
}
const scratch: Database<string, string> = root.openDB("expiries", { encoding: "string" });
// Sorts behind every end of an entry, so that no sweep comes upon it.
await scratch.put("walk", "");
await scratch.remove("walk");
await root.close();
