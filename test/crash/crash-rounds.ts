import { setTimeout as rest } from "node:timers/promises";
import { rawBrowser } from "../support/authorization.ts";
import { expectAllKept, expectWholeInStore } from "./after-the-blow.ts";
import { createBatteredBank, type BatteredBank, type Blow, type StoreKind } from "./battered-bank.ts";
import { expectTrail } from "./expect-trail.ts";
import { seededChoices, type SeededChoices } from "./seeded-choices.ts";
import { workUntilStruck } from "./tpp-at-work.ts";
import { newBooks, type TppBooks } from "./tpp-books.ts";

export interface CrashRun {
  readonly store: StoreKind;
  readonly rounds: number;
  /** Decides who asks for what, and when the blow falls; not how requests and blow meet. */
  readonly seed: number;
  /** Gets a line after each round. */
  readonly report?: (line: string) => void;
}

const tppCount = 4;
const blows: Readonly<Record<StoreKind, readonly Blow[]>> = { lmdb: ["server"], redis: ["server and redis", "redis", "server"] };

/**
 * Kills what serves several TPPs at work, starts it again and looks whether all that was acknowledged is there and
 * nothing is half done; round after round on the same store.
 * @returns how many answers the TPPs got in all
 * @throws AssertionError at the first thing that is not as it must be
 */
export async function runCrashRounds({ store, rounds, seed, report = () => {} }: CrashRun): Promise<number> {
  const choices = seededChoices(seed);
  const bank = await createBatteredBank(store);
  try {
    const books = await Promise.all(Array.from({ length: tppCount }, () => openBooks(bank)));
    await bank.recover();
    // Everybody registers, so that the first round too meets a server at work.
    await Promise.all(books.map((one) => expectAllKept(one, bank.server)));
    for (let round = 1; round <= rounds; round += 1) {
      const blow = blows[store][round % blows[store].length] ?? "server";
      const before = acknowledgedIn(books);
      const after = await oneRound(bank, books, blow, choices);
      report(
        `${store} round ${round}/${rounds}: kill -9 of ${blow} after ${after.milliseconds} ms, ${acknowledgedIn(books) - before} answers, ` +
          `under way: ${after.underWay.join(", ") || "nothing"}; all kept, trail of ${after.entries} entries whole`,
      );
    }
    return acknowledgedIn(books);
  } finally {
    await bank.stop();
  }
}

async function openBooks({ directory, server }: BatteredBank): Promise<TppBooks> {
  const redirectUris = ["one", "two", "three", "four"].map((name) => `https://tpp.example/callback/${name}`);
  return newBooks(await directory.createTpp({ redirectUris }), rawBrowser(server.ca));
}

async function oneRound(bank: BatteredBank, books: readonly TppBooks[], blow: Blow, choices: SeededChoices) {
  const milliseconds = Math.round(choices.between(100, 1000));
  const work = Promise.allSettled(books.map((one) => workUntilStruck(one, bank, choices.branch())));
  await rest(milliseconds);
  await bank.strike(blow);
  const failed = (await work).find((one) => one.status === "rejected");
  if (failed) {
    throw failed.reason;
  }
  const underWay = books.flatMap(({ attempt }) => attempt?.kind ?? []);
  await bank.recover();
  const entries = await bank.withStore(async (store, trail) => {
    // On LMDB a commit whose writer was killed just before it told the readers is seen from the next commit on.
    await store.put("crash-test", { name: "first-commit", value: "" });
    await Promise.all(books.map((one) => expectWholeInStore(one, store)));
    await Promise.all(books.map((one) => expectAllKept(one, bank.server)));
    await Promise.all(books.map((one) => expectWholeInStore(one, store)));
    return expectTrail(books, { store, ...trail });
  });
  return { milliseconds, underWay, entries };
}

function acknowledgedIn(books: readonly TppBooks[]): number {
  return books.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
}
