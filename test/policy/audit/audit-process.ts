import { Command } from "commander";
import pino from "pino";
import { systemClock } from "../../../src/kernel/clock.ts";
import { systemRandomness } from "../../../src/kernel/identifiers.ts";
import { registerAuditCommands } from "../../../src/cli/audit-commands.ts";
import { openLmdbStore } from "../../../src/store/lmdb-store.ts";
import { encryptionKey, groundOn, openGround, upTo } from "./audit-ground.ts";

/**
 * A process of its own on a store: `sequence PATH` drains again and again, `write PATH NAME TAGS` makes changes and
 * prints each one that was acknowledged, `run PATH ...` is the porteiro command.
 */
const [task, path = "", ...rest] = process.argv.slice(2);

async function sequence(): Promise<void> {
  const sequencer = openGround({ path }).newSequencer();
  process.stdout.write("ready\n");
  for (;;) {
    await sequencer.drain();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function write(name: string, tags: number): Promise<void> {
  const ground = openGround({ path });
  process.stdout.write("ready\n");
  for (let count = 1; ; count += 1) {
    await Promise.all(
      upTo(tags).map(async (number) => {
        const tag = `client:${name}${number}`;
        await ground.change(tag, count);
        process.stdout.write(`${tag} ${count}\n`);
      }),
    );
  }
}

async function run(): Promise<void> {
  const program = new Command("porteiro");
  registerAuditCommands(program, async () => {
    const store = openLmdbStore({ path, clock: systemClock });
    const log = pino({ level: "silent" });
    const { beginning } = groundOn(store);
    return { store, beginning, clock: systemClock, randomness: systemRandomness, log, encryptionKey, close: () => store.close() };
  });
  await program.parseAsync(["node", "porteiro", ...rest]);
}

const [name = "", tags = "4"] = rest;
await (task === "sequence" ? sequence() : task === "write" ? write(name, Number(tags)) : run());
