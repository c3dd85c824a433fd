import { z } from "zod";
import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Store } from "../store/store.ts";
import { createCachedDocuments, type CacheTimes, type DocumentFailure, type DocumentState } from "./cached-documents.ts";
import type { GuardedHttp } from "./guarded-http.ts";

export interface ParticipantsNeeds {
  readonly http: GuardedHttp;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Address of the participants list. */
  readonly url: string;
  /** `freshness` is the setting `participantsRefreshSeconds`. */
  readonly times: CacheTimes;
}

export type ParticipantsReading =
  | {
      readonly known: true;
      /** When the list was asked for (ms). */
      readonly asOf: number;
      /** Present when the directory did not answer the latest call: the list is then the last good one. */
      readonly failure: DocumentFailure | undefined;
      /** `Active`, `Pending` or `Withdrawn`; undefined for an organisation that the list does not name. */
      statusOf(organisationId: string): string | undefined;
    }
  | { readonly known: false; readonly failure: DocumentFailure };

export interface Participants {
  /** What the list says; facts with their age, not a decision. Never rejects. */
  current(): Promise<ParticipantsReading>;
  state(): DocumentState;
  /** Resolves when no call is under way: to be waited for before the store is closed. */
  settled(): Promise<void>;
}

/** The ecosystem's list has grown past 20 MB. */
const largestList = 64 * 1024 * 1024;

/** What we use of the list; everything else is passed over, and what is kept in the store has this same shape. */
const participantsSchema = z.array(z.object({ OrganisationId: z.string().min(1), Status: z.string() }));

interface ParticipantsList {
  readonly statuses: ReadonlyMap<string, string>;
  readonly wire: z.infer<typeof participantsSchema>;
}

/** Makes the client of the participants list. A list that does not read as one counts as no answer. */
export function createParticipants(needs: ParticipantsNeeds): Participants {
  const documents = createCachedDocuments<ParticipantsList>({
    ...needs,
    kind: "participants",
    accept: "application/json",
    maxBytes: largestList,
    capacity: 1,
    read: readParticipants,
    keep: (list) => JSON.stringify(list.wire),
  });

  return {
    async current() {
      const reading = await documents.current(needs.url);
      if (!reading.available) return { known: false, failure: reading.failure };
      const { statuses } = reading.value;
      return { known: true, asOf: reading.fetchedAt, failure: reading.failure, statusOf: (id) => statuses.get(idKey(id)) };
    },
    state: () => documents.state(needs.url),
    settled: documents.settled,
  };
}

function readParticipants(text: string): ParticipantsList {
  const parsed = participantsSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error("Expected the directory's participants list, received other JSON");
  return { wire: parsed.data, statuses: new Map(parsed.data.map(({ OrganisationId, Status }) => [idKey(OrganisationId), Status])) };
}

/** Ids of the directory are compared without regard to letter case (RFC 9562 4). */
function idKey(organisationId: string): string {
  return organisationId.toLowerCase();
}
