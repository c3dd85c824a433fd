import { openLmdbStore } from "../../src/store/lmdb-store.ts";

/** A process that opens a store as an ordinary user, writes to it and prints what came of it. */
const [path = "", mapSizeBytes, user] = process.argv.slice(2);
if (user === "somebody" && process.getuid?.() === 0) {
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}
try {
  const store = openLmdbStore({ path, clock: Date.now, mapSizeBytes: Number(mapSizeBytes) });
  await store.put("t", { name: "opened", value: "yes" });
  await store.close();
  console.log("opened");
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
