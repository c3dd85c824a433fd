/**
 * A second process on the same store, for the contract test: forked with the store's options, it makes the calls its
 * parent sends, all of one message at once, and sends back their results.
 */
import { systemClock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import { openStore, type StoreOptions } from "../../src/store/open-store.ts";
import type { Batch, Put } from "../../src/store/store.ts";

export type ChildCall =
  | { readonly call: "putIfAbsent"; readonly tag: string; readonly put: Put }
  | { readonly call: "take"; readonly tag: string; readonly name: string }
  | { readonly call: "batch"; readonly batch: Batch };

export type ChildOrder =
  | { readonly all: readonly ChildCall[] }
  /** Batches of two entries each, many at a time, for ever; the number of every acknowledged one is sent. */
  | { readonly streamTo: string };

// The parent wrote the options from this very type.
const options = JSON.parse(process.argv[2] ?? "{}") as StoreOptions;
const store = await openStore(options, { clock: systemClock, log: createLog("silent") });

/** What a call that did not succeed sends back in place of its result. */
export interface ChildFailure {
  readonly failure: string;
}

function make(order: ChildCall): Promise<unknown> {
  switch (order.call) {
    case "putIfAbsent":
      return store.putIfAbsent(order.tag, order.put);
    case "take":
      return store.take({ tag: order.tag, name: order.name });
    case "batch":
      return store.batch(order.batch);
  }
}

async function stream(tag: string): Promise<void> {
  let number = 0;
  const worker = async () => {
    for (;;) {
      const mine = number++;
      const value = `${mine} ${"x".repeat((mine % 7) * 400)}`;
      await store.batch({
        tag,
        when: [{ name: `left-${mine}`, is: "absent" }],
        put: [{ name: `left-${mine}`, value, ttlSeconds: 600 }, { name: `right-${mine}`, value, ttlSeconds: 600 }],
        remove: [`left-${mine - 500}`, `right-${mine - 500}`].filter((name) => !name.includes("--")),
      });
      process.send?.(mine);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

function failureOf(error: unknown): ChildFailure {
  return { failure: String(error) };
}

process.on("message", async (order: ChildOrder) => {
  if ("streamTo" in order) await stream(order.streamTo);
  else process.send?.(await Promise.all(order.all.map((call) => make(call).catch(failureOf))));
});
process.on("disconnect", () => process.exit());
process.send?.("open");
