import type Provider from "oidc-provider";
import { sha256 } from "../kernel/identifiers.ts";
import type { ApprovedGrant } from "../store/grant-records.ts";
import { grantName } from "../store/grant-records.ts";

export interface Approval {
  /** The interaction in which the customer approved. */
  readonly interaction: string;
  readonly customerId: string;
  readonly clientId: string;
  readonly scope: string;
  /** Names of the claims that the request asked for. */
  readonly claims: readonly string[];
}

/** The id of the grant that an interaction gives: a form that comes twice gives one grant, not two. */
export function grantIdOf({ interaction, clientId }: Pick<Approval, "interaction" | "clientId">): string {
  return `${clientId.slice(0, 16)}${sha256(`grant ${interaction}`)}`;
}

/** The engine's grant for what the request asked for, as the entry that is written in one batch with the approval. */
export async function approvedGrant(provider: Provider, approval: Approval): Promise<ApprovedGrant> {
  const { customerId, clientId, scope, claims } = approval;
  const grantId = grantIdOf(approval);
  const grant = new provider.Grant({ accountId: customerId, clientId });
  grant.addOIDCScope(scope);
  grant.addOIDCClaims([...claims]);
  // What the engine's own `save` hands to the adapter; not in its types.
  const { payload } = await (grant as unknown as { getValueAndPayload(): Promise<{ payload: { iat: number; exp: number } }> }).getValueAndPayload();
  return { grantId, put: { name: grantName(grantId), value: JSON.stringify(payload), ttlSeconds: payload.exp - payload.iat } };
}
