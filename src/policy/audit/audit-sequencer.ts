import { setTimeout as rest } from "node:timers/promises";
import { z } from "zod";
import type { Clock } from "../../kernel/clock.ts";
import { timeOrderedId, type Randomness } from "../../kernel/identifiers.ts";
import type { Log } from "../../kernel/log.ts";
import type { Store } from "../../store/store.ts";
import { noticeTag } from "./audit-log.ts";
import { chainOn, entryName, entryPrefix, genesisHash, headName, readCheckpoint, readRecord, sealCheckpoint, type Checkpoint } from "./audit-chain.ts";
import { createAuditNotices, type Notice } from "./audit-notices.ts";
import { collectPending, removePending, type PendingEntry } from "./pending-entries.ts";
import { createSequencerLease } from "./sequencer-lease.ts";
import { whyNotEmpty, type TrailBeginning } from "./trail-beginning.ts";

export interface AuditSequencerNeeds {
  readonly store: Store;
  readonly beginning: TrailBeginning;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Seals the head; must lie outside the store. */
  readonly sealKey: Uint8Array;
  /** How long the sequencer rests between two passes; 1,000 ms unless told. */
  readonly intervalMs?: number;
}

export interface AuditSequencer {
  /** Chains what waits, again and again. The returned function stops it and waits for the pass under way. */
  start(): () => Promise<void>;
  /**
   * Chains everything that was waiting at the moment of the call, whoever else is at it.
   * @throws TrailDamagedError when the trail's end or its beginning is not what was written: then nothing is appended
   */
  drain(): Promise<void>;
}

/** The trail was tampered with, or is gone. Appending would seal that anew, so entries wait until somebody has looked. */
export class TrailDamagedError extends Error {
  override readonly name = "TrailDamagedError";

  constructor(what: string) {
    super(`the audit trail was not carried on: ${what}. Entries wait unharmed. Run "porteiro audit verify", then restore the trail from a backup`);
  }
}

/** Another sequencer appended first: whatever was collected since the head was read may be chained already. */
class HeadMoved extends Error {
  override readonly name = "HeadMoved";

  constructor() {
    super("other processes were appending to the audit trail all the while; try again");
  }
}

/** What the head's batch appended, kept beside the head until it is gone from the tags where it waited. */
const chainingName = "chaining";
const chainingSchema = z.object({ sequence: z.int(), entries: z.array(z.tuple([z.string(), z.string()])) });

const tagsPerRound = 256;
const entriesPerBatch = 256;
const attempts = 50;

type Head = Checkpoint & { readonly text: string | undefined };

/**
 * Carries waiting entries over into the one chain. What is appended, the head and the list of what was appended are
 * one batch, conditional on the head that was read before anything was collected; whoever reads the head first takes
 * the listed entries out of their tags. So an entry is chained once, whatever dies or races.
 */
export function createAuditSequencer(needs: AuditSequencerNeeds): AuditSequencer {
  const { store, beginning, clock, sealKey, log } = needs;
  const notices = createAuditNotices(needs);
  const lease = createSequencerLease(store, timeOrderedId(clock(), needs.randomness));
  let beginningIsSettled = false;

  /** The head, once everything that it ends with is gone from where it waited. */
  const settledHead = async (): Promise<Head> => {
    const [text, chaining] = await store.getMany(noticeTag, [headName, chainingName]);
    const head = await soundHead(text);
    if (chaining !== undefined) {
      const { sequence, entries } = chainingSchema.parse(JSON.parse(chaining));
      if (sequence !== head.sequence) {
        const moved = (await store.get({ tag: noticeTag, name: headName })) !== text;
        throw moved ? new HeadMoved() : new TrailDamagedError("its head and the list of what it appended disagree");
      }
      await removePending(store, entries.map(([tag, name]) => ({ tag, name })));
      await forget(chaining);
    }
    return head;
  };

  const forget = async (chaining: string): Promise<void> => {
    await store.batch({ tag: noticeTag, when: [{ name: chainingName, equals: chaining }], remove: [chainingName] });
  };

  const soundHead = async (text: string | undefined): Promise<Head> => {
    if (text === undefined) {
      const [first] = await store.scan(noticeTag, entryPrefix, { limit: 1 });
      const damage = first === undefined ? await whyNotEmpty(store, beginning) : "its head is missing";
      if (damage === undefined) {
        return { sequence: 0, hash: genesisHash, at: "", text };
      }
      // The first batch of all may have come between these readings.
      const begunMeanwhile = (await store.get({ tag: noticeTag, name: headName })) !== undefined;
      throw begunMeanwhile ? new HeadMoved() : new TrailDamagedError(first === undefined ? `it is gone: ${damage}` : damage);
    }
    const head = readCheckpoint(text, sealKey);
    if ("problem" in head) {
      throw new TrailDamagedError(`its head is not genuine: ${head.problem}`);
    }
    const last = readRecord((await store.get({ tag: noticeTag, name: entryName(head.value.sequence) })) ?? "");
    if ("problem" in last || last.value.hash !== head.value.hash) {
      throw new TrailDamagedError(`entry ${head.value.sequence}, the last one, is missing or was altered`);
    }
    await settleBeginning();
    return { ...head.value, text };
  };

  /** Once a process: that the trail begins with the entry that is kept as its first, which is kept from here on. */
  const settleBeginning = async (): Promise<void> => {
    if (beginningIsSettled) {
      return;
    }
    const kept = await beginning.read();
    if (kept !== undefined && "problem" in kept) {
      throw new TrailDamagedError(kept.problem);
    }
    const first = readRecord((await store.get({ tag: noticeTag, name: entryName(1) })) ?? "");
    if (kept?.value.first !== undefined && ("problem" in first || first.value.hash !== kept.value.first)) {
      throw new TrailDamagedError(`it began with entry ${kept.value.first}, and its first entry is missing or another one`);
    }
    if (kept !== undefined && kept.value.first === undefined && "value" in first) {
      await beginning.keep(first.value.hash);
    }
    beginningIsSettled = kept?.value.first !== undefined;
  };

  const append = async (head: Head, pending: readonly PendingEntry[]): Promise<Head> => {
    const records = chainOn(head, pending.map(({ entry }) => entry));
    const last = records.at(-1)?.record ?? head;
    const checkpoint = { sequence: last.sequence, hash: last.hash, at: new Date(clock()).toISOString() };
    const text = sealCheckpoint(checkpoint, sealKey);
    const chaining = JSON.stringify({ sequence: last.sequence, entries: pending.map(({ tag, name }) => [tag, name]) });
    const result = await store.batch({
      tag: noticeTag,
      when: [
        head.text === undefined ? { name: headName, is: "absent" } : { name: headName, equals: head.text },
        { name: entryName(head.sequence + 1), is: "absent" },
      ],
      put: [
        ...records.map(({ record, text }) => ({ name: entryName(record.sequence), value: text, ordered: true })),
        { name: headName, value: text },
        { name: chainingName, value: chaining },
      ],
    });
    if (!result.done) {
      throw result.failed.name === headName ? new HeadMoved() : new TrailDamagedError(`an entry stands behind its end, at ${head.sequence + 1}`);
    }
    await settleBeginning();
    await removePending(store, pending);
    await forget(chaining);
    return { ...checkpoint, text };
  };

  /** Chains what waits in the tags of these notices, round by round while it may. */
  const chainAll = async (found: readonly Notice[], mayGoOn: () => Promise<boolean>): Promise<void> => {
    let head = await settledHead();
    for (let start = 0; start < found.length && (await mayGoOn()); start += tagsPerRound) {
      const round = found.slice(start, start + tagsPerRound);
      const empty = new Set<string>();
      for (let tags = round.map(({ tag }) => tag); tags.length > 0; ) {
        const collected = await collectPending(needs, tags);
        for (let first = 0; first < collected.entries.length; first += entriesPerBatch) {
          head = await append(head, collected.entries.slice(first, first + entriesPerBatch));
        }
        collected.empty.forEach((tag) => empty.add(tag));
        tags = collected.more;
      }
      await notices.looked(round, empty);
    }
  };

  const chain = async (found: readonly Notice[], mayGoOn: () => Promise<boolean>): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await chainAll(found, mayGoOn);
        return;
      } catch (error) {
        if (!(error instanceof HeadMoved) || attempt === attempts) {
          throw error;
        }
        await rest(10 + (needs.randomness(1)[0] ?? 0) / 4);
      }
    }
  };

  const pass = async (): Promise<void> => {
    if (await lease.heldByAnother()) {
      return;
    }
    const due = notices.due(await notices.all());
    if (due.length > 0) {
      await chain(due, lease.hold);
    }
  };

  return {
    start() {
      let stopped = false;
      let reported = "";
      let underWay = Promise.resolve();
      let timer: NodeJS.Timeout;
      const tick = async (): Promise<void> => {
        try {
          await pass();
          reported = "";
        } catch (error) {
          const problem = problemOf(error);
          if (problem !== reported) {
            log.error({ problem }, "audit entries wait to be chained");
          }
          reported = problem;
        }
        plan();
      };
      const plan = (): void => {
        if (!stopped) {
          timer = setTimeout(() => (underWay = tick()), needs.intervalMs ?? 1_000).unref();
        }
      };
      plan();
      return async () => {
        stopped = true;
        clearTimeout(timer);
        await underWay;
        // The lease ends by itself; a store that is gone keeps no server from stopping.
        await lease.release().catch((error: unknown) => log.warn({ problem: problemOf(error) }, "the audit sequencer's lease was not given back"));
      };
    },
    drain: async () => chain(await notices.all(), async () => true),
  };
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
