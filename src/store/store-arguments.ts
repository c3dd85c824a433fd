import { printable } from "../kernel/refusal.ts";
import type { Batch, Condition, Key, Listing, Put, ScanPage } from "./store.ts";

/** Printable ASCII without braces: Redis Cluster reads what stands between braces as the hash tag. */
const tagShape = /^[\x20-\x7a\x7c\x7e]{1,200}$/;
const nameShape = /^[\x20-\x7e]{1,300}$/;
const prefixShape = /^[\x20-\x7e]{0,300}$/;

/** A thousand years: beyond it milliseconds since the epoch stop being safe to add, and nobody means it. */
const longestTtlSeconds = 1000 * 365 * 86_400;

export function checkTag(tag: string): void {
  if (!tagShape.test(tag)) {
    throw new RangeError(`A store tag is 1 to 200 characters of printable ASCII without braces; got "${printable(tag)}".`);
  }
}

export function checkName(name: string): void {
  if (!nameShape.test(name)) {
    throw new RangeError(`A store name is 1 to 300 characters of printable ASCII; got "${printable(name)}".`);
  }
}

export function checkPut(put: Put): void {
  checkName(put.name);
  if (typeof put.value !== "string") {
    throw new TypeError(`A stored value is a string; got ${typeof put.value} for "${printable(put.name)}".`);
  }
  if (put.listedAs) {
    checkTag(put.listedAs.tag);
    checkName(put.listedAs.name);
  }
  if (put.ttlSeconds === undefined) return;
  if (!(put.ttlSeconds > 0 && put.ttlSeconds <= longestTtlSeconds)) {
    throw new RangeError(
      `ttlSeconds is more than 0 and at most ${longestTtlSeconds}; got ${put.ttlSeconds} for "${printable(put.name)}". ` +
        "Leave it out for an entry that stays.",
    );
  }
  if (put.ordered) {
    throw new RangeError(`An ordered entry carries no time-to-live; leave one of them out for "${printable(put.name)}".`);
  }
}

/** Everything a batch must be before a store looks at it; every name is written at most once. */
export function checkBatch(batch: Batch): void {
  checkTag(batch.tag);
  const put = batch.put ?? [];
  const remove = batch.remove ?? [];
  for (const { tag, name } of conditionsOf(batch)) {
    if (tag !== undefined) checkTag(tag);
    checkName(name);
  }
  for (const one of put) checkPut(one);
  for (const name of remove) checkName(name);
  checkKeys(batch.list);
  checkKeys(batch.unlist);
  if (repeats([...put.map(({ name }) => name), ...remove])) {
    throw new RangeError("A batch writes each name at most once; a name stands in its puts or removals twice.");
  }
}

function checkKeys(keys: readonly Key[] = []): void {
  for (const { tag, name } of keys) {
    checkTag(tag);
    checkName(name);
  }
}

/** As many are compared each with each. */
const fewNames = 16;

/** V8 enters every text that a Set is given into its own table of texts, and so keeps it until the next full collection. */
function repeats(names: readonly string[]): boolean {
  return names.length > fewNames ? new Set(names).size < names.length : names.some((name, place) => names.indexOf(name) < place);
}

export function checkScan(tag: string, prefix: string, page: ScanPage): void {
  checkTag(tag);
  if (!prefixShape.test(prefix)) {
    throw new RangeError(`A scan's prefix is at most 300 characters of printable ASCII; got "${printable(prefix)}".`);
  }
  if (page.after !== undefined) checkName(page.after);
  if (!Number.isInteger(page.limit) || page.limit < 1 || page.limit > 1000) {
    throw new RangeError(`A scan's limit is a whole number from 1 to 1,000; got ${page.limit}.`);
  }
}

/** Lifetime in whole milliseconds, the precision both stores keep; at least one. */
export function ttlMilliseconds(ttlSeconds: number): number {
  return Math.max(1, Math.round(ttlSeconds * 1000));
}

/** Whether the condition holds for the value there is now; undefined means that the entry is absent. */
export function holds(condition: Condition, value: string | undefined): boolean {
  if ("equals" in condition) return value === condition.equals;
  return (value === undefined) === (condition.is === "absent");
}

/** All conditions of a batch, in the order in which the first that fails is named. */
export function conditionsOf({ given = [], when = [] }: Batch): readonly Condition[] {
  return given.length === 0 ? when : [...given, ...when];
}

/** The listings that a batch writes, those of its puts and its own. */
export function listingsOf({ put = [], list = [] }: Batch): readonly Listing[] {
  const ofPuts = put.flatMap(({ listedAs }) => listedAs ?? []);
  return list.length === 0 ? ofPuts : [...ofPuts, ...list];
}
