import { sha256, tagOfClient } from "../kernel/identifiers.ts";
import { clientNames } from "./client-records.ts";
import type { Condition, Put, Store } from "./store.ts";

/** What a customer's approval gives the client: the engine's grant, as the entry to be written. */
export interface ApprovedGrant {
  readonly grantId: string;
  readonly put: Put;
}

/** What ends with a consent, and what must hold at that moment for it to be all. */
export interface GrantEnding {
  readonly when: readonly Condition[];
  readonly remove: readonly string[];
}

/** The name of a grant in the tag of its client. */
export function grantName(grantId: string): string {
  return clientNames.grant(sha256(grantId));
}

/**
 * The place of a consent in the list of what its client was granted, with the names of the grant and of the refresh token
 * that it gave, once it gave one. Neither has an end of its own: this is how they are found when consent or client ends.
 */
export function listedGrant(clientId: string, consentId: string, names: readonly string[]): Put {
  return { name: clientNames.granted(clientId, consentId), value: JSON.stringify(names), ordered: true };
}

/** What was granted under a consent, as it is to be removed in one batch of the client's tag. */
export async function endingOf(store: Store, clientId: string, consentId: string): Promise<GrantEnding> {
  const name = clientNames.granted(clientId, consentId);
  const listed = await store.get({ tag: tagOfClient(clientId), name });
  return listed === undefined
    ? { when: [{ name, is: "absent" }], remove: [] }
    : // The list's own JSON, written by `listedGrant`.
      { when: [{ name, equals: listed }], remove: [name, ...(JSON.parse(listed) as string[])] };
}
