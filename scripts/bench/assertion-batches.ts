import { writeFile } from "node:fs/promises";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { epochSeconds, type Clock } from "../../src/kernel/clock.ts";
import { signAssertions } from "./assertions.ts";
import type { RunningSubject } from "./subject.ts";

/** Signs client assertions ahead of a measurement and lays them down where the load generator finds them. */
export interface AssertionBatches {
  /**
   * A file with at least `count` fresh assertions for the subject's clients. Servers with the same audience and the same
   * clients share one within a step, because each of them keeps its own memory of what it has seen.
   */
  batchFor(subject: RunningSubject, count: number): Promise<string>;
  /** Begins the next step: nothing signed before is used again. */
  nextStep(): void;
}

/** Signing takes a third of a millisecond each, so that nothing is signed twice. Files go to the folder. */
export function createAssertionBatches(folder: string, clock: Clock): AssertionBatches {
  const batches = new Map<string, { readonly file: string; readonly count: number }>();
  return {
    async batchFor(subject, count) {
      const key = [subject.audience, subject.clients.length, subject.clients[0]?.clientId].join(" ");
      const known = batches.get(key);
      if (known && known.count >= count) return known.file;
      const file = join(folder, `assertions-${randomUUID()}.txt`);
      const needs = { clients: subject.clients, audience: subject.audience, now: epochSeconds(clock), newJti: randomUUID };
      await writeFile(file, (await signAssertions(needs, count)).join("\n"));
      batches.set(key, { file, count });
      return file;
    },
    nextStep() {
      for (const { file } of batches.values()) rmSync(file);
      batches.clear();
    },
  };
}
