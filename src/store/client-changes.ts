import { lastClientChange, whileUnchanged, type VersionedClient } from "./client-records.ts";
import type { Batch, BatchResult, Condition, Store } from "./store.ts";

/** A client as it was read, and the last change of any client at which it was last seen to be so still. */
export interface SeenClient extends VersionedClient {
  /** For `createClientChanges` alone. */
  seenAt: Condition | undefined;
}

export interface ClientChanges {
  /** Commits a batch while the client is as it was read, else nothing; `failed` is then `whileUnchanged`. */
  commitWhileUnchanged(client: SeenClient, batch: Omit<Batch, "given">): Promise<BatchResult>;
}

/**
 * Clients change a few times a day and get tokens thousands of times a second. So the store is not asked for the version of
 * each of them each time, which no processor cache holds when there are thousands, but for the last change of any client,
 * one entry for all: a client that was at its version then is at its version now. After a change each client's next batch
 * asks for both, in one step, and no more round trips are made but one for the first batch that meets the new change.
 */
export function createClientChanges(store: Store): ClientChanges {
  /** That the last change is still the one that was last read. The object itself stands for it: see `seenAt`. */
  let sameChange: Condition | undefined;

  const readLastChange = async (): Promise<void> => {
    const equals = await store.get(lastClientChange);
    sameChange = equals === undefined ? { ...lastClientChange, is: "absent" } : { ...lastClientChange, equals };
  };

  const commitAtVersion = (client: SeenClient, batch: Omit<Batch, "given">): Promise<BatchResult> => store.batch({ ...batch, given: [whileUnchanged(client)] });

  /** Whether the store answers the batch itself will say. */
  const commitAndLookUp = async (client: SeenClient, batch: Omit<Batch, "given">): Promise<BatchResult> => {
    const [result] = await Promise.all([commitAtVersion(client, batch), readLastChange().catch(() => undefined)]);
    return result;
  };

  return {
    async commitWhileUnchanged(client, batch) {
      if (!store.spansTags) {
        return commitAtVersion(client, batch);
      }
      const same = sameChange;
      if (same === undefined) {
        return commitAndLookUp(client, batch);
      }
      const result = await store.batch({ ...batch, given: client.seenAt === same ? [same] : [same, whileUnchanged(client)] });
      if (result.done) {
        client.seenAt = same;
        return result;
      }
      return result.failed === same ? commitAndLookUp(client, batch) : result;
    },
  };
}
