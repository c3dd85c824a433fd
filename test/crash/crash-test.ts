import { randomInt } from "node:crypto";
import { expect } from "chai";
import type { StoreKind } from "./battered-bank.ts";
import { runCrashRounds } from "./crash-rounds.ts";

const rounds = Number(process.env["CRASH_ROUNDS"] ?? 10);
const seed = Number(process.env["CRASH_SEED"] ?? randomInt(2 ** 31));

/** The rounds on one store; each store has a file of its own, so that they run side by side. */
export function crashTest(store: StoreKind): void {
  describe("kill -9 at random moments loses nothing that was acknowledged and leaves nothing half done", () => {
    it(`on ${store} (${rounds} rounds, CRASH_SEED=${seed})`, async () => {
      expect(await runCrashRounds({ store, rounds, seed })).to.be.greaterThan(rounds);
    }).timeout(60_000 + rounds * 30_000);
  });
}
