import { randomInt } from "node:crypto";
import { expect } from "chai";
import { createBatteredBank } from "./battered-bank.ts";
import { runCrashRounds } from "./crash-rounds.ts";

const rounds = Number(process.env["CRASH_ROUNDS"] ?? 3);
const seed = Number(process.env["CRASH_SEED"] ?? randomInt(2 ** 31));

describe("kill -9 at random moments loses nothing that was acknowledged and leaves nothing half done", () => {
  for (const store of ["lmdb", "redis"] as const) {
    it(`on ${store} (${rounds} rounds, CRASH_SEED=${seed})`, async () => {
      expect(await runCrashRounds({ store, rounds, seed })).to.be.greaterThan(rounds);
    }).timeout(60_000 + rounds * 30_000);
  }

  it("a server whose Redis is gone stops when it is asked to", async () => {
    const bank = await createBatteredBank("redis");
    try {
      await bank.recover();
      await bank.strike("redis");
      expect(await bank.stopServer()).to.equal(0);
    } finally {
      await bank.stop();
    }
  });
});
