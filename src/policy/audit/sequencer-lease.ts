import type { Store } from "../../store/store.ts";
import { noticeTag } from "./audit-log.ts";

const leaseName = "lease";
const leaseSeconds = 10;

/**
 * Lets one process among all on a store do the sequencer's work. It only saves work: what keeps the chain whole is
 * that every append is conditional on the head.
 */
export interface SequencerLease {
  heldByAnother(): Promise<boolean>;
  /** True when this holder has the lease now, for ten seconds more. */
  hold(): Promise<boolean>;
  release(): Promise<void>;
}

export function createSequencerLease(store: Store, holder: string): SequencerLease {
  const lease = { name: leaseName, value: holder, ttlSeconds: leaseSeconds };
  const ours = { name: leaseName, equals: holder };
  const current = () => store.get({ tag: noticeTag, name: leaseName });
  return {
    async heldByAnother() {
      return ![undefined, holder].includes(await current());
    },
    async hold() {
      return (await store.putIfAbsent(noticeTag, lease)) || (await store.batch({ tag: noticeTag, when: [ours], put: [lease] })).done;
    },
    async release() {
      await store.batch({ tag: noticeTag, when: [ours], remove: [leaseName] });
    },
  };
}
