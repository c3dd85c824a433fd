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

/**
 * The place of a grant in its client's list of grants, with the name of the refresh token that it gave, once it gave one.
 * Neither has an end of its own, and neither is found by the consent or the client that it ends with but by this.
 */
export function listedGrant(clientId: string, grantId: string, refreshTokenName = ""): Put {
  return { name: clientNames.granted(clientId, sha256(grantId)), value: refreshTokenName, ordered: true };
}

/** The name of a grant in the tag of its client. */
export function grantName(grantId: string): string {
  return clientNames.grant(sha256(grantId));
}

/** The grant with what it gave, as they are to be removed in one batch of the client's tag. */
export async function endingOf(store: Store, clientId: string, grantId: string): Promise<GrantEnding> {
  const name = clientNames.granted(clientId, sha256(grantId));
  const refreshTokenName = await store.get({ tag: tagOfClient(clientId), name });
  return {
    when: [refreshTokenName === undefined ? { name, is: "absent" } : { name, equals: refreshTokenName }],
    remove: [grantName(grantId), name, ...(refreshTokenName ? [refreshTokenName] : [])],
  };
}
