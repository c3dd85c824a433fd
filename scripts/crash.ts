import { randomInt } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { runCrashRounds } from "../test/crash/crash-rounds.ts";

/** The rounds of the crash test, as many as wanted, telling of each. */
const command = new Command("npm run crash --")
  .description("kill -9 the server (and Redis) at random moments, and look whether all that was acknowledged is there")
  .addOption(new Option("--store <kind>", "only on this store").choices(["lmdb", "redis"]))
  .option("--rounds <count>", "rounds on each store", wholeNumber, 10)
  .option("--seed <number>", "choices of an earlier run", wholeNumber, randomInt(2 ** 31))
  .addHelpText("after", "\nExample: npm run crash -- --rounds 50 --store redis");
const { store, rounds, seed } = command.parse().opts<{ store?: "lmdb" | "redis"; rounds: number; seed: number }>();

console.log(`seed ${seed}`);
for (const kind of store === undefined ? (["lmdb", "redis"] as const) : [store]) {
  const start = performance.now();
  const answers = await runCrashRounds({ store: kind, rounds, seed, report: (line) => console.log(line) });
  console.log(`${kind}: ${rounds} rounds, ${answers} acknowledged answers, nothing lost (${Math.round((performance.now() - start) / 1000)} s)`);
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new InvalidArgumentError("Expected a whole number.");
  }
  return count;
}
