import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { noticeTag } from "../../../src/policy/audit/audit-log.ts";
import { openGround, recordTexts, upTo, type Ground } from "./audit-ground.ts";

const program = join(import.meta.dirname, "audit-process.ts");

describe("porteiro audit", () => {
  let ground: Ground;
  let now: number;
  beforeEach(async () => {
    now = Date.UTC(2026, 0, 30);
    ground = openGround({ clock: () => (now += 1000) });
    await ground.changes("client:a", upTo(3));
    now = Date.UTC(2026, 0, 31);
    await ground.changes("client:b", upTo(3));
  });
  afterEach(() => ground.close());

  const file = (name: string) => join(ground.path, name);

  function porteiro(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [program, "run", ground.path, "audit", ...args], (error, out, err) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, out, err });
      });
    });
  }

  it("show prints what waited to be chained too, oldest first, in UTC", async () => {
    const { code, out } = await porteiro("show");
    expect(code).to.equal(0);
    const lines = out.trimEnd().split("\n");
    expect(lines.length).to.equal(7);
    expect(lines[0]).to.match(/^ENTRY {2}TIME \(UTC\) +ACTION +SUBJECT +BY +DETAILS$/);
    expect(lines[1]).to.match(/^1 +2026-01-30 00:00:\d\d\.000 {2}client\.updated {2}client client:a {2}operator ana {2}count=1 note=Padaria São João \? /u);
    expect(lines[6]).to.match(/^6 +2026-01-31 .* client client:b .* count=3 /);
  });

  it("show filters by client, action, time and number", async () => {
    const sequences = async (...args: string[]) => {
      const { out } = await porteiro("show", "--json", ...args);
      return out.split("\n").filter(Boolean).map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    };
    expect(await sequences("--client", "client:b")).to.deep.equal([4, 5, 6]);
    expect(await sequences("--since", "2026-01-31", "--limit", "2")).to.deep.equal([5, 6]);
    expect(await sequences("--since", "2026-01-30T21:00:00-03:00")).to.deep.equal([4, 5, 6]);
    expect(await sequences("--action", "client")).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(await sequences("--action", "key")).to.deep.equal([]);
  });

  it("show says what is wrong with an option, and when nothing matches", async () => {
    expect((await porteiro("show", "--since", "2026-01-31T10:00")).err).to.contain("a time with its offset");
    expect((await porteiro("show", "--limit", "0")).code).to.equal(1);
    expect((await porteiro("show", "--client", "nobody")).out).to.equal("No entries match.\n");
  });

  it("show ends quietly when its reader has seen enough", async () => {
    await ground.changes("client:many", upTo(1_000));
    const child = spawn(process.execPath, [program, "run", ground.path, "audit", "show", "--json", "--limit", "1000"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let err = "";
    child.stderr.on("data", (text: Buffer) => (err += text.toString()));
    child.stdout.once("data", () => child.stdout.destroy());
    const [code] = (await once(child, "close")) as [number];
    expect(err).to.equal("");
    expect(code).to.equal(0);
  });

  it("verify proves a whole trail, and names the fault of one that is not", async () => {
    const whole = await porteiro("verify");
    expect(whole.code).to.equal(0);
    expect(whole.out).to.match(/^The audit trail is whole: 6 entries, head [0-9a-f]{64} of \S+Z \(seal checked\)\n$/);
    const value = (await recordTexts(ground.store))[2]!.replace("ana", "eva");
    await ground.store.put(noticeTag, { name: "entry/0000000000000003", value, ordered: true });
    const broken = await porteiro("verify");
    expect(broken.code).to.equal(1);
    expect(broken.err).to.contain("NOT whole").and.contain("First fault, at entry 3 (altered): entry/0000000000000003 was altered");
  });

  it("verify says that a cut trail is cut, and that the sequencer left it alone", async () => {
    await ground.newSequencer().drain();
    await ground.store.remove({ tag: noticeTag, name: "entry/0000000000000006" });
    const { code, err } = await porteiro("verify");
    expect(code).to.equal(1);
    expect(err).to.contain("the audit trail was not carried on").and.contain("(cut): the end is cut off");
  });

  it("export writes a file that verifies by itself, for its owner's eyes only", async () => {
    const out = file("trail.jsonl");
    expect((await porteiro("export", "--out", out)).out).to.equal(`Wrote 6 entries to ${out}\n`);
    expect(statSync(out).mode & 0o777).to.equal(0o600);
    const lines = readFileSync(out, "utf8").split("\n");
    expect(lines.slice(0, 6)).to.deep.equal(await recordTexts(ground.store));
    expect(lines[6]).to.match(/^\{"checkpoint":\{"sequence":6,/);
    expect((await porteiro("verify", "--file", out)).out).to.contain("is whole: 6 entries").and.contain("seal not checked");
    expect((await porteiro("verify", "--file", out, "--seal")).out).to.contain("(seal checked)");
    expect((await porteiro("export")).out).to.equal(readFileSync(out, "utf8"));

    writeFileSync(out, lines.toSpliced(2, 1).join("\n"));
    const { code, err } = await porteiro("verify", "--file", out);
    expect(code).to.equal(1);
    expect(err).to.contain("First fault, at entry 3 (removed): entry 3 is missing: line 3 holds entry 4");
  });

  it("an export of an empty trail verifies too", async () => {
    await ground.close();
    ground = openGround();
    const target = file("empty.jsonl");
    expect((await porteiro("export", "--out", target)).code).to.equal(0);
    expect((await porteiro("verify", "--file", target, "--seal")).out).to.contain("is whole: 0 entries (seal checked)");
  });

  it("verify says of a store that nothing was ever served from that its trail is empty, and speaks of no seal", async () => {
    await ground.close();
    ground = openGround();
    const { code, out } = await porteiro("verify");
    expect({ code, out }).to.deep.equal({ code: 0, out: "The audit trail is empty: no entry was ever written (nothing is sealed yet)\n" });
  });

  it("verify finds a trail that was removed as a whole, and one that was begun anew after that", async () => {
    await ground.serveOnce();
    expect((await porteiro("verify")).code).to.equal(0);
    const kept = await wipe();
    const { code, out, err } = await porteiro("verify");
    expect({ code, out }).to.deep.equal({ code: 1, out: "" });
    expect(err).to.contain("the audit trail was not carried on: it is gone: it began with entry");
    expect(err).to.contain("NOT whole: 0 entries (no seal that holds)").and.contain("First fault, at entry 1 (gone): nothing is left of the trail: it began with entry");
    expect((await porteiro("export", "--out", file("gone.jsonl"))).code).to.equal(1);
    expect(readFileSync(file("gone.jsonl"), "utf8")).to.equal("");

    // Somebody with the key, or a server of an earlier version, begins it anew.
    const { place } = ground.beginning;
    await ground.change("client:c", 1);
    await ground.newSequencer({ beginning: { place, read: async () => undefined, keep: async () => {} } }).drain();
    const anew = await porteiro("verify");
    expect(anew.code).to.equal(1);
    expect(anew.err).to.contain("First fault, at entry 1 (replaced)").and.contain("it was begun anew");

    await wipe();
    await ground.store.batch({ tag: noticeTag, put: kept });
    expect((await porteiro("verify")).out).to.contain("is whole: 7 entries").and.contain("(seal checked)");
  });

  it("verify does not call a trail whole when the note of its beginning was altered", async () => {
    await ground.serveOnce();
    expect((await porteiro("verify")).code).to.equal(0);
    const { place } = ground.beginning;
    const value = (await ground.store.get(place))!;
    await ground.store.put(place.tag, { name: place.name, value: `${value.slice(0, -4)}AAAA` });
    const { code, err } = await porteiro("verify");
    expect(code).to.equal(1);
    expect(err).to.contain("First fault, at entry 1 (replaced): where the trail began cannot be read");
    await ground.store.put(place.tag, { name: place.name, value });
  });

  /** What somebody with access to the store can take away of the tag `audit`; the result puts it back. */
  async function wipe() {
    const entries = await ground.store.scan(noticeTag, "entry/", { limit: 1000 });
    const head = (await ground.store.get({ tag: noticeTag, name: "head" }))!;
    await ground.store.batch({ tag: noticeTag, remove: ["head", "chaining", ...entries.map(({ name }) => name)] });
    return [...entries.map((entry) => ({ ...entry, ordered: true })), { name: "head", value: head }];
  }

  it("verify --against finds a trail that was exchanged for an older one with its own good seal", async () => {
    const [early, late] = [file("early.jsonl"), file("late.jsonl")];
    await porteiro("export", "--out", early);
    const head = (await ground.store.get({ tag: noticeTag, name: "head" }))!;
    await ground.change("client:c", 1);
    await porteiro("export", "--out", late);
    expect((await porteiro("verify", "--against", early)).code).to.equal(0);
    await ground.store.put(noticeTag, { name: "head", value: head });
    await ground.store.remove({ tag: noticeTag, name: "entry/0000000000000007" });
    await ground.store.remove({ tag: noticeTag, name: "chaining" });
    expect((await porteiro("verify")).code).to.equal(0);
    const { code, err } = await porteiro("verify", "--against", late);
    expect(code).to.equal(1);
    expect(err).to.contain("(cut): the end is cut off: the earlier export holds 7 entries");
  });
});
