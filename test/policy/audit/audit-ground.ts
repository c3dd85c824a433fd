import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { systemClock, type Clock } from "../../../src/kernel/clock.ts";
import { systemRandomness, timeOrderedId } from "../../../src/kernel/identifiers.ts";
import { createSecretBox, derivedKey } from "../../../src/kernel/secret-box.ts";
import { createTrailBeginning, loadSigningKeys } from "../../../src/oidc/signing-keys.ts";
import { readRecord, type ChainRecord } from "../../../src/policy/audit/audit-chain.ts";
import { createAuditLog, noticePrefix, noticeTag } from "../../../src/policy/audit/audit-log.ts";
import { createAuditSequencer } from "../../../src/policy/audit/audit-sequencer.ts";
import type { TrailBeginning } from "../../../src/policy/audit/trail-beginning.ts";
import { walkTrail } from "../../../src/policy/audit/read-trail.ts";
import { openLmdbStore } from "../../../src/store/lmdb-store.ts";
import type { Store } from "../../../src/store/store.ts";

export const encryptionKey = Buffer.alloc(32, 7).toString("base64url");
export const sealKey = derivedKey(encryptionKey, "audit");

/** A store in a folder of its own, with what writes and chains audit entries on it. */
export function openGround(options: { path?: string; clock?: Clock; intervalMs?: number } = {}) {
  const path = options.path ?? mkdtempSync(join(tmpdir(), "porteiro-audit-"));
  const store = openLmdbStore({ path, clock: options.clock ?? systemClock });
  const ground = groundOn(store, options);
  return {
    ...ground,
    path,
    async close(): Promise<void> {
      await store.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The same on a store that is open already. */
export function groundOn(store: Store, options: { clock?: Clock; intervalMs?: number } = {}) {
  const clock = options.clock ?? systemClock;
  const log = createAuditLog({ clock, randomness: systemRandomness });
  const keys = { store, box: createSecretBox(encryptionKey, "signing-keys", systemRandomness), realm: "openbanking_brasil" };
  const beginning = createTrailBeginning(keys);
  const newSequencer = (given: Partial<{ sealKey: Uint8Array; store: Store; beginning: TrailBeginning }> = {}) =>
    createAuditSequencer({
      store,
      beginning,
      clock,
      randomness: systemRandomness,
      log: pino({ level: "silent" }),
      sealKey,
      ...(options.intervalMs !== undefined && { intervalMs: options.intervalMs }),
      ...given,
    });

  return {
    store,
    log,
    beginning,
    newSequencer,
    /** What a server does before it serves: it makes its signing keys, and that is the first entry. */
    serveOnce: () => loadSigningKeys({ ...keys, audit: log, clock, randomness: systemRandomness }),
    /** A change of an aggregate with its entry, as the server makes it. */
    async change(tag: string, count: number): Promise<void> {
      await store.batch({ tag, put: [{ name: "count", value: String(count) }, entryOf(log, tag, count)] });
    },
    /** A notice whose change has not come, as a Redis Cluster may show it. */
    async announce(tag: string): Promise<void> {
      await store.put(noticeTag, { name: `${noticePrefix}${tag}`, value: timeOrderedId(clock(), systemRandomness), ordered: true });
    },
    /** Many changes of one aggregate at once. */
    async changes(tag: string, counts: readonly number[]): Promise<void> {
      await store.batch({ tag, put: counts.map((count) => entryOf(log, tag, count)) });
    },
    async records(): Promise<ChainRecord[]> {
      return (await recordTexts(store)).map(recordOf);
    },
    verify: async () => (await walkTrail({ store, beginning, sealKey })).verdict,
  };
}

export type Ground = ReturnType<typeof openGround>;

export function entryOf(log: Ground["log"], tag: string, count: number) {
  return log.entry(tag, {
    action: "client.updated",
    realm: "openbanking_brasil",
    subject: { kind: "client", id: tag },
    actor: { kind: "operator", operator: "ana" },
    details: { count, note: "Padaria São João \u2028 \u{1F956} 50% \"off\"" },
  });
}

export async function recordTexts(store: Store): Promise<string[]> {
  const texts: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.scan(noticeTag, "entry/", { ...(after !== undefined && { after }), limit: 1000 });
    texts.push(...page.map(({ value }) => value));
    after = page.at(-1)?.name;
    if (page.length < 1000) return texts;
  }
}

export function recordOf(text: string): ChainRecord {
  const reading = readRecord(text);
  if ("problem" in reading) throw new Error(reading.problem);
  return reading.value;
}

/** The counts that `change` wrote for a tag, in the order of the chain. */
export function countsOf(records: readonly ChainRecord[], tag: string): number[] {
  return records
    .filter(({ entry }) => (entry["subject"] as { id: string }).id === tag)
    .map(({ entry }) => (entry["details"] as { count: number }).count);
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
