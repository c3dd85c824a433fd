import type { Store } from "../../store/store.ts";
import { noticeTag } from "./audit-log.ts";

const leaseName = "lease";
const leaseSeconds = 10;

/**
 * Lets one process among all on a store do the sequencer's work. It only saves work: what keeps the chain whole is
 * that every append is conditional on the head.
 */
export interface SequencerLease {
  /** True when this holder has the lease now, for ten seconds more. */
  hold(): Promise<boolean>;
  release(): Promise<void>;
}

export function createSequencerLease(store: Store, holder: string): SequencerLease {
  const lease = { name: leaseName, value: holder, ttlSeconds: leaseSeconds };
  const ours = { name: leaseName, equals: holder };
  return {
    async hold() {
      const current = await store.get({ tag: noticeTag, name: leaseName });
      if (current === holder) {
        return (await store.batch({ tag: noticeTag, when: [ours], put: [lease] })).done;
      }
      return current === undefined && (await store.putIfAbsent(noticeTag, lease));
    },
    async release() {
      await store.batch({ tag: noticeTag, when: [ours], remove: [leaseName] });
    },
  };
}
