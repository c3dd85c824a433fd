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

/** A regulatory role of an organisation, as the participants list shows it. */
export interface ParticipantRole {
  readonly role: string;
  readonly authorisationDomain: string | undefined;
  readonly status: string;
}

/** An organisation of the ecosystem. */
export interface Participant {
  readonly organisationId: string;
  readonly name: string | undefined;
  /** `Active`, `Pending` or `Withdrawn`. */
  readonly status: string;
  readonly roles: readonly ParticipantRole[];
}

export type ParticipantReading =
  /** `asOf`: when the list was asked for (ms). */
  | { readonly known: true; readonly participant: Participant; readonly asOf: number }
  | { readonly known: false; readonly why: "not-listed"; readonly asOf: number }
  | { readonly known: false; readonly why: "unreachable"; readonly failure: DocumentFailure };

export interface Participants {
  /** What the list says of an organisation; a fact with its age, not a decision. Never rejects. */
  organisationStatus(organisationId: string): Promise<ParticipantReading>;
  state(): DocumentState;
  /** Resolves when no call is under way: to be waited for before the store is closed. */
  settled(): Promise<void>;
}

/** The ecosystem's list has grown past 20 MB. */
const largestList = 64 * 1024 * 1024;

/** What we use of the list; everything else is passed over, and what is kept in the store has this same shape. */
const participantsSchema = z.array(
  z.object({
    OrganisationId: z.string().min(1),
    OrganisationName: z.string().nullish(),
    Status: z.string(),
    OrgDomainRoleClaims: z
      .array(z.object({ Role: z.string(), AuthorisationDomain: z.string().nullish(), Status: z.string() }))
      .nullish(),
  }),
);

type WireParticipant = z.infer<typeof participantsSchema>[number];

interface ParticipantsList {
  readonly byOrganisation: ReadonlyMap<string, Participant>;
  readonly wire: readonly WireParticipant[];
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
    async organisationStatus(organisationId) {
      const reading = await documents.current(needs.url);
      if (!reading.available) return { known: false, why: "unreachable", failure: reading.failure };
      const participant = reading.value.byOrganisation.get(organisationId);
      return participant
        ? { known: true, participant, asOf: reading.fetchedAt }
        : { known: false, why: "not-listed", asOf: reading.fetchedAt };
    },
    state: () => documents.state(needs.url),
    settled: documents.settled,
  };
}

function readParticipants(text: string): ParticipantsList {
  const parsed = participantsSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error("Expected the directory's participants list, received other JSON");
  return {
    wire: parsed.data,
    byOrganisation: new Map(parsed.data.map((participant) => [participant.OrganisationId, participantOf(participant)])),
  };
}

function participantOf(wire: WireParticipant): Participant {
  return {
    organisationId: wire.OrganisationId,
    name: wire.OrganisationName ?? undefined,
    status: wire.Status,
    roles: (wire.OrgDomainRoleClaims ?? []).map((claim) => ({
      role: claim.Role,
      authorisationDomain: claim.AuthorisationDomain ?? undefined,
      status: claim.Status,
    })),
  };
}
