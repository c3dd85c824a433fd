import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { expect } from "chai";
import { countsOf, openGround, upTo, type Ground } from "./audit-ground.ts";

const program = join(import.meta.dirname, "audit-process.ts");
const rounds = Number(process.env["CRASH_ROUNDS"] ?? 5);

describe("the audit trail with several processes on one store", () => {
  let ground: Ground;
  let children: ChildProcess[];
  beforeEach(() => {
    ground = openGround();
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map(kill));
    await ground.close();
  });

  async function start(...args: string[]): Promise<{ child: ChildProcess; output: () => string }> {
    const child = spawn(process.execPath, [program, args[0]!, ground.path, ...args.slice(1)], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    while (!output.includes("\n")) {
      await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => Promise.reject(new Error("the process ended")))]);
    }
    return { child, output: () => output };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
    }
  }

  /** Every acknowledged change is in the chain once and in order; the last ones may be there unacknowledged. */
  async function expectAll(outputs: readonly string[]): Promise<number> {
    // A commit whose writer was killed just before it told the readers is seen from the next commit on.
    await ground.store.put("after-the-crash", { name: "first-commit", value: "" });
    await ground.newSequencer().drain();
    const verdict = await ground.verify();
    expect(verdict.fault).to.equal(undefined);
    const acknowledged = new Map<string, number>();
    for (const line of outputs.join("").split("\n")) {
      const [tag, count] = line.split(" ");
      if (tag && count) acknowledged.set(tag, Number(count));
    }
    const records = await ground.records();
    const tags = new Set(records.map(({ entry }) => (entry["subject"] as { id: string }).id));
    expect([...acknowledged.keys()].filter((tag) => !tags.has(tag))).to.deep.equal([]);
    for (const tag of tags) {
      const counts = countsOf(records, tag);
      expect(counts, tag).to.deep.equal(upTo(counts.length));
      expect(counts.length, tag).to.be.at.least(acknowledged.get(tag) ?? 0);
      expect(await ground.store.scan(tag, "audit/", { limit: 1 })).to.deep.equal([]);
    }
    expect(new Set(records.map(({ entry }) => entry["id"])).size).to.equal(records.length);
    return records.length;
  }

  it("two sequencers at once neither fork the chain nor repeat an entry", async () => {
    await start("sequence");
    await start("sequence");
    const writer = await start("write", "a", "8");
    while (writer.output().split("\n").length < 400) {
      await rest(20);
    }
    await kill(writer.child);
    expect(await expectAll([writer.output()])).to.be.greaterThan(300);
  }).timeout(120_000);

  it(`kill -9 of sequencers and writers at random moments loses and repeats nothing (${rounds} rounds)`, async () => {
    const outputs: string[] = [];
    const steady = await start("write", "steady");
    for (const round of upTo(rounds)) {
      const sequencer = await start("sequence");
      const writer = await start("write", `round${round}-`);
      const before = await ground.records();
      while ((await ground.records()).length === before.length) {
        await rest(5);
      }
      await rest(Math.random() * 80);
      await kill(sequencer.child);
      await kill(writer.child);
      outputs.push(writer.output());
      const verdict = await ground.verify();
      expect(verdict.fault).to.equal(undefined);
    }
    await kill(steady.child);
    expect(await expectAll([...outputs, steady.output()])).to.be.greaterThan(rounds);
  }).timeout(180_000);
});
