import type { Log } from "../../kernel/log.ts";
import type { Store } from "../../store/store.ts";
import type { ChainRecord } from "./audit-chain.ts";
import { pendingPrefix } from "./audit-log.ts";

/** An entry that waits, beside the change that it reports, to be chained. */
export interface PendingEntry {
  readonly tag: string;
  readonly name: string;
  readonly entry: ChainRecord["entry"];
}

const pageSize = 500;
const tagsAtOnce = 8;

/** A first page of what waits in each tag, in the order of the entries' ids, and the tags in which nothing waits. */
export async function collectPending(
  needs: { store: Store; log: Log },
  tags: readonly string[],
): Promise<{ entries: PendingEntry[]; empty: string[]; more: string[] }> {
  const entries: PendingEntry[] = [];
  const empty: string[] = [];
  const more: string[] = [];
  await eachOf(tags, async (tag) => {
    const page = await needs.store.scan(tag, pendingPrefix, { limit: pageSize });
    if (page.length === 0) {
      empty.push(tag);
    }
    const readable = page.map(({ name, value }) => ({ tag, name, entry: readEntry(value) }));
    const sound = readable.filter((one): one is PendingEntry => one.entry !== undefined);
    if (sound.length < page.length) {
      needs.log.error({ tag, entries: page.length - sound.length }, "audit entries are unreadable and stay unchained");
    }
    if (page.length === pageSize && sound.length > 0) {
      more.push(tag);
    }
    entries.push(...sound);
  });
  return { entries: entries.sort((one, other) => compare(one.name, other.name)), empty, more };
}

/** Takes chained entries out of their tags; those that are gone already are left alone. */
export async function removePending(store: Store, entries: readonly Pick<PendingEntry, "tag" | "name">[]): Promise<void> {
  const byTag = Map.groupBy(entries, ({ tag }) => tag);
  await eachOf([...byTag], async ([tag, of]) => {
    await store.batch({ tag, remove: of.map(({ name }) => name) });
  });
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += tagsAtOnce) {
    await Promise.all(items.slice(start, start + tagsAtOnce).map(work));
  }
}

function readEntry(text: string): ChainRecord["entry"] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // An object that is no array has the members of a record.
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as ChainRecord["entry"]) : undefined;
  } catch {
    return undefined;
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
