import slotOf from "cluster-key-slot";
import { Cluster } from "ioredis";
import type { RedisClient } from "./redis-connection.ts";

const slotCount = 16_384;
const probeTag = "state";

/** Tags of which at least one lies on every master of a Cluster, and in what no master serves; one tag anywhere else. */
export function tagsOnEveryMaster(client: RedisClient): string[] {
  if (!(client instanceof Cluster)) return [probeTag];
  // As the Cluster told last: the master of every slot, with a gap where nobody serves it.
  const masterOf = Array.from({ length: slotCount }, (_, slot) => client.slots[slot]?.[0]);
  const masters = new Set(masterOf);
  const tags = new Map<string | undefined, string>();
  for (let number = 0; tags.size < masters.size && number < slotCount * 4; number += 1) {
    const tag = `${probeTag}-${number}`;
    const master = masterOf[slotOf(tag)];
    if (!tags.has(master)) tags.set(master, tag);
  }
  return [...tags.values()];
}
