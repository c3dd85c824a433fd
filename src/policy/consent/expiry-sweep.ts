import type { Log } from "../../kernel/log.ts";
import type { ClientRecords } from "../../store/client-records.ts";
import { isStoreUnavailable } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import type { Consents } from "./consents.ts";

export interface ExpirySweepNeeds {
  readonly store: Store;
  readonly clients: ClientRecords;
  readonly consents: Consents;
  readonly realm: string;
  readonly log: Log;
  /** Rest between two pages, in ms; 20 unless told. */
  readonly restMs?: number;
}

export interface ExpirySweep {
  /** Asks for its turn every minute. The returned function stops it and waits for the page under way. */
  start(): () => Promise<void>;
  /** One turn, unless another process has made it within the interval; false then. */
  turn(): Promise<boolean>;
}

const tag = "expiry-sweep";
const perPage = 50;
const minute = 60_000;
/** How often all processes together go through the consents. */
const intervalSeconds = 3_600;

/**
 * Writes down the end of consents that nobody reads: looks, slowly, at every consent under which a client holds a grant,
 * which settles what time alone has done to it. Whether data may flow never waits for this.
 */
export function createExpirySweep(needs: ExpirySweepNeeds): ExpirySweep {
  const { store, clients, consents, realm, log } = needs;
  const stopping = new AbortController();

  const sweepClient = async (clientId: string): Promise<void> => {
    for (let after: string | undefined; !stopping.signal.aborted; ) {
      ({ next: after } = await consents.listOfClient(clientId, { limit: perPage, ...(after === undefined ? {} : { after }) }));
      if (after === undefined) {
        return;
      }
      await rest(needs.restMs ?? 20);
    }
  };

  const turn = async (): Promise<boolean> => {
    // A turn that its process did not live to finish is made up for by the next.
    if (!(await store.putIfAbsent(tag, { name: realm, value: "", ttlSeconds: intervalSeconds }))) {
      return false;
    }
    for (let after: string | undefined; !stopping.signal.aborted; ) {
      const ids = await clients.list(realm, { limit: perPage, ...(after === undefined ? {} : { after }) });
      for (const clientId of ids) {
        await sweepClient(clientId).catch((error: unknown) => {
          // One record that cannot be read holds up nobody else's; a store out of reach ends the turn.
          if (isStoreUnavailable(error)) {
            throw error;
          }
          log.error({ clientId, problem: String(error) }, "the ends of a client's consents were not all written down");
        });
        await rest(needs.restMs ?? 20);
      }
      after = ids.at(-1);
      if (ids.length < perPage) {
        return true;
      }
    }
    return true;
  };

  return {
    start() {
      let underWay: Promise<unknown> = Promise.resolve();
      let timer: NodeJS.Timeout;
      const plan = (): void => {
        timer = setTimeout(() => (underWay = attempt()), minute).unref();
      };
      const attempt = async (): Promise<void> => {
        await turn().catch((error: unknown) => log.warn({ problem: String(error) }, "the ends of consents were not all written down; tried again within the hour"));
        if (!stopping.signal.aborted) {
          plan();
        }
      };
      plan();
      return async () => {
        stopping.abort();
        clearTimeout(timer);
        await underWay;
      };
    },
    turn,
  };
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
