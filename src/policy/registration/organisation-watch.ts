import type { Participants, ParticipantsReading } from "../../directory/participants.ts";
import { printable } from "../../kernel/refusal.ts";
import type { Log } from "../../kernel/log.ts";
import type { ClientRecords } from "../../store/client-records.ts";
import { isStoreUnavailable } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { changeByList, ClientChangedMeanwhile, type ClientLifecycle } from "./client-lifecycle.ts";

export interface OrganisationWatchNeeds {
  readonly participants: Participants;
  readonly clients: ClientRecords;
  readonly lifecycle: ClientLifecycle;
  readonly store: Store;
  readonly realm: string;
  readonly log: Log;
  /** How often the list is read. */
  readonly refreshSeconds: number;
}

export interface OrganisationWatch {
  /** Reads the list now and then again and again, without anybody waiting. The returned function stops it and waits for the pass under way. */
  start(): () => Promise<void>;
}

/** Looks a copy's fifth: the directory's client renews it in the last of them. */
const looksInARefresh = 5;
const pageSize = 200;
const byServer = { actor: { kind: "server" } } as const;

/**
 * Suspends the clients of organisations that the directory's participants list calls pending or withdrawn, and restores
 * those that it suspended when the list calls them active again. An organisation that the list does not name stays as
 * it is, since a list may be partial, and so does everybody while the directory does not answer.
 */
export function createOrganisationWatch(needs: OrganisationWatchNeeds): OrganisationWatch {
  const { participants, clients, lifecycle, store, realm, log } = needs;

  /** Of all processes on the store one goes through the clients for each list; should it die, the next list makes up for it. */
  const isOurs = (asOf: number): Promise<boolean> =>
    store.putIfAbsent("directory", { name: `participants-pass:${realm}:${asOf}`, value: "", ttlSeconds: 2 * needs.refreshSeconds });

  const judge = async (clientId: string, list: Extract<ParticipantsReading, { known: true }>): Promise<void> => {
    const client = await clients.find(clientId);
    const listed = client && list.statusOf(client.record.organisationId);
    const change = client && changeByList(client.record, listed);
    if (!client || !change) return;
    const { organisationId } = client.record;
    if (change === "restore") {
      await lifecycle.restore(client, byServer);
    } else {
      const reason = `organisation.not-active: ${printable(listed)} in the participants list of ${new Date(list.asOf).toISOString()}`;
      await lifecycle.suspend(client, { by: "directory", reason }, byServer);
    }
    log.warn({ clientId, organisationId, status: listed }, change === "restore" ? "client restored by the participants list" : "client suspended by the participants list");
  };

  const pass = async (list: Extract<ParticipantsReading, { known: true }>, mayGoOn: () => boolean): Promise<void> => {
    let after: string | undefined;
    do {
      const page: string[] = await clients.list(realm, { limit: pageSize, ...(after !== undefined && { after }) });
      for (const clientId of page) {
        if (!mayGoOn()) return;
        await judge(clientId, list).catch((error: unknown) => {
          // Whoever changed it meanwhile is right; the next list sees what came of it. One record that cannot be read
          // holds up no other; a store out of reach ends the pass.
          if (isStoreUnavailable(error)) throw error;
          if (!(error instanceof ClientChangedMeanwhile)) log.error({ clientId, problem: String(error) }, "a client was not compared with the participants list");
        });
      }
      after = page.length < pageSize ? undefined : page.at(-1);
    } while (after !== undefined);
  };

  return {
    start() {
      let stopped = false;
      let seen = -Infinity;
      let timer: NodeJS.Timeout | undefined;
      const look = async (): Promise<void> => {
        try {
          const list = await participants.current();
          if (list.known && list.failure === undefined && list.asOf !== seen && !stopped) {
            if (await isOurs(list.asOf)) await pass(list, () => !stopped);
            seen = list.asOf;
          }
        } catch (error) {
          log.error({ err: error }, "clients were not compared with the participants list");
        }
        if (!stopped) timer = setTimeout(() => (underWay = look()), (needs.refreshSeconds * 1000) / looksInARefresh).unref();
      };
      let underWay = look();
      return async () => {
        stopped = true;
        clearTimeout(timer);
        await underWay;
      };
    },
  };
}
