import type { Clock } from "../../kernel/clock.ts";
import type { Store } from "../../store/store.ts";
import { noticePrefix, noticeTag } from "./audit-log.ts";

const pageSize = 1_000;
const removedAtOnce = 200;
/** A notice precedes its change; after this long the change has been made or will never be. */
const settledAfter = 60_000;
/** Ages at which a tag that was found empty is looked into once more. */
const looksAtAge = [2_000, 10_000, settledAfter];

/** Says that entries may wait in a tag. */
export interface Notice {
  readonly tag: string;
  /** New with every announcement; begins with its time. */
  readonly value: string;
}

/** The notices in the store, with what this process remembers of when it looked into their tags. */
export interface AuditNotices {
  /** Every notice there is. */
  all(): Promise<Notice[]>;
  /** Those whose tag may hold something that the last look did not see. */
  due(notices: readonly Notice[]): Notice[];
  /** To be told after a look: the notices of tags in which nothing waited go when they have settled. */
  looked(notices: readonly Notice[], emptyTags: ReadonlySet<string>): Promise<void>;
}

export function createAuditNotices({ store, clock }: { store: Store; clock: Clock }): AuditNotices {
  let lastLooks = new Map<string, { value: string; at: number }>();

  return {
    async all() {
      const notices: Notice[] = [];
      for (let after: string | undefined; ; ) {
        const page = await store.scan(noticeTag, noticePrefix, { ...(after !== undefined && { after }), limit: pageSize });
        notices.push(...page.map(({ name, value }) => ({ tag: name.slice(noticePrefix.length), value })));
        after = page.at(-1)?.name;
        if (page.length < pageSize) {
          break;
        }
      }
      lastLooks = new Map(notices.flatMap(({ tag }) => (lastLooks.has(tag) ? [[tag, lastLooks.get(tag)!]] : [])));
      return notices;
    },

    due(notices) {
      const now = clock();
      return notices.filter(({ tag, value }) => {
        const last = lastLooks.get(tag);
        const made = timeOf(value);
        return last?.value !== value || looksAtAge.some((age) => last.at < made + age && made + age <= now);
      });
    },

    async looked(notices, emptyTags) {
      const now = clock();
      const settled = notices.filter(({ tag, value }) => emptyTags.has(tag) && timeOf(value) + settledAfter <= now);
      for (let start = 0; start < settled.length; start += removedAtOnce) {
        await removeUnchanged(store, settled.slice(start, start + removedAtOnce));
      }
      notices.forEach(({ tag, value }) => lastLooks.set(tag, { value, at: now }));
    },
  };
}

/** A notice that was made anew meanwhile stays: its condition fails, and the others are tried without it. */
async function removeUnchanged(store: Store, notices: readonly Notice[]): Promise<void> {
  let left = notices.map(({ tag, value }) => ({ name: `${noticePrefix}${tag}`, equals: value }));
  while (left.length > 0) {
    const result = await store.batch({ tag: noticeTag, when: left, remove: left.map(({ name }) => name) });
    if (result.done) {
      return;
    }
    const { failed } = result;
    left = left.filter(({ name }) => name !== failed.name);
  }
}

/** Milliseconds since the epoch at which a time-ordered id was made; what is none is long past. */
function timeOf(id: string): number {
  const milliseconds = Number.parseInt(id.slice(0, 12), 16);
  return Number.isNaN(milliseconds) ? 0 : milliseconds;
}
