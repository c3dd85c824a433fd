import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, cpSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { systemClock } from "../../src/kernel/clock.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import { runPorteiro } from "../cli/run-porteiro.ts";

const program = fileURLToPath(new URL("open-lmdb.ts", import.meta.url));
const smallMap = 64 * 2 ** 20;

describe("an LMDB store that cannot be opened ends as one sentence, never as a signal", () => {
  let folder: string;
  const place = (name: string) => join(folder, name);
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "porteiro-lmdb-troubles-"));
    chmodSync(folder, 0o755);
    const store = openLmdbStore({ path: place("sound"), clock: systemClock });
    await Promise.all(Array.from({ length: 500 }, (_, number) => store.put("t", { name: `n${number}`, value: "x".repeat(1_000), ttlSeconds: 60 })));
    await store.close();
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Opens it in a process of its own, under the limits that these words of the shell set. */
  const opened = (path: string, { limits = ":", mapSize = smallMap, user = "us" } = {}) => {
    const { stdout, signal, stderr } = spawnSync("sh", ["-c", `${limits}; exec "$0" "$@"`, process.execPath, program, path, String(mapSize), user], { encoding: "utf8", timeout: 20_000 });
    return { said: stdout.trim() || stderr, signal };
  };
  const cannotOpen = (path: string, reason: string) => ({ said: `The LMDB store in ${path} cannot be opened: ${reason}.`, signal: null });
  /** A copy of the sound store's data, with something done to it. */
  const copy = (name: string, damage: (data: string) => void): string => {
    mkdirSync(place(name));
    cpSync(place("sound/data.mdb"), place(`${name}/data.mdb`));
    damage(place(`${name}/data.mdb`));
    return place(name);
  };
  const overwrite = (data: string, start: number, length: number) => {
    const descriptor = openSync(data, "r+");
    writeSync(descriptor, Buffer.alloc(length, 0x5a), 0, length, start);
    closeSync(descriptor);
  };

  it("but a sound one opens", () => {
    expect(opened(place("sound"))).to.deep.equal({ said: "opened", signal: null });
    expect(opened(copy("without-locks", () => {}))).to.deep.equal({ said: "opened", signal: null });
  });

  it("a file in its place, or in its way", () => {
    writeFileSync(place("file"), "");
    expect(opened(place("file"))).to.deep.equal(cannotOpen(place("file"), "it is a file, not a folder"));
    expect(opened(place("file/store"))).to.deep.equal(cannotOpen(place("file/store"), "there is a file in its way, not a folder"));
  });

  it("a place where nothing can be made", () => {
    expect(opened("/proc/porteiro-store")).to.deep.equal(cannotOpen("/proc/porteiro-store", "the folder cannot be made there"));
  });

  it("a folder, or files, of another user", () => {
    mkdirSync(place("private"));
    chmodSync(place("private"), 0o500);
    const noRight = "this user has no right to it";
    expect(opened(place("private"), { user: "somebody" })).to.deep.equal(cannotOpen(place("private"), noRight));
    expect(opened(place("private/below"), { user: "somebody" })).to.deep.equal(cannotOpen(place("private/below"), noRight));
    const files = copy("files", (data) => chmodSync(data, 0o400));
    chmodSync(files, 0o777);
    expect(opened(files, { user: "somebody" })).to.deep.equal(cannotOpen(files, noRight));
  });

  it("no room for its locks", () => {
    expect(opened(place("no-room"), { limits: "ulimit -f 8" })).to.deep.equal(cannotOpen(place("no-room"), "files may not grow so large here (ulimit -f)"));
  });

  it("no address space for its map", () => {
    const { said, signal } = opened(place("no-map"), { limits: "ulimit -v 8000000", mapSize: 64 * 2 ** 30 });
    expect(said).to.match(/cannot be opened: its map of 65536 MiB does not fit into the address space .*store\.lmdb\.mapSizeMegabytes/);
    expect(signal).to.equal(null);
  });

  const damaged: Record<string, (data: string) => void> = {
    "is something else": (data) => writeFileSync(data, Buffer.alloc(100_000, 7)),
    "is cut off in its head": (data) => truncateSync(data, 5_000),
    "is cut off in the middle": (data) => truncateSync(data, Math.floor(statSync(data).size / 8192) * 4096),
    "has lost its first page": (data) => overwrite(data, 0, 4096),
    "has lost everything but its head": (data) => overwrite(data, 8192, statSync(data).size - 8192),
  };
  for (const [name, damage] of Object.entries(damaged)) {
    it(`a data file that ${name}`, () => {
      const path = copy(name.replaceAll(" ", "-"), damage);
      expect(opened(path)).to.deep.equal(cannotOpen(path, "its data.mdb is damaged; restore it from a backup"));
    });
  }

  it("and so every command says it", async () => {
    const path = copy("of-a-command", (data) => writeFileSync(data, "no store at all"));
    const { code, err } = await runPorteiro({ PORTEIRO_STORE_LMDB_PATH: path }, "clients", "list");
    expect({ code, err }).to.deep.equal({ code: 1, err: `porteiro: The LMDB store in ${path} cannot be opened: its data.mdb is damaged; restore it from a backup.\n` });
  });
});
