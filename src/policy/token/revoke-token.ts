import type { Refusal } from "../../kernel/refusal.ts";
import { routeOf, sha256, tagOfClient } from "../../kernel/identifiers.ts";
import { clientNames, whileUnchanged } from "../../store/client-records.ts";
import type { BatchResult, Store } from "../../store/store.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { ChangedBy } from "../registration/client-lifecycle.ts";
import { usedAssertion, type AuthenticatedClient } from "./authenticate-client.ts";

export type RevocationOutcome = { readonly revoked: true } | { readonly refusal: Refusal } | { readonly outdated: true };

/**
 * Ends a token of the authenticated client (RFC 7009); with a refresh token the whole grant, and so every access token
 * that it gave (section 2.1). A token that is unknown, expired or another client's is left alone and answered like one
 * that was revoked (section 2.2): nothing is told about it.
 */
export function createTokenRevocation(needs: { store: Store; audit: AuditLog }) {
  const { store, audit } = needs;

  /** The entry that must be there, and all that goes with it; undefined when the token is none of this client's. */
  const endedBy = async (tag: string, token: string): Promise<{ name: string; remove: readonly string[] } | undefined> => {
    const hash = sha256(token);
    const [access, refresh] = [clientNames.token(hash), clientNames.refreshToken(hash)];
    const [foundAccess, foundRefresh] = await store.getMany(tag, [access, refresh]);
    if (foundRefresh !== undefined) {
      // The engine's own record of a refresh token, which names its grant.
      const { grantId } = JSON.parse(foundRefresh) as { grantId: string };
      return { name: refresh, remove: [refresh, clientNames.grant(sha256(grantId))] };
    }
    return foundAccess === undefined ? undefined : { name: access, remove: [access] };
  };

  return async function revokeToken({ client, use }: AuthenticatedClient, token: string, by: ChangedBy): Promise<RevocationOutcome> {
    const { clientId, realm } = client.record;
    const tag = tagOfClient(clientId);
    const given = [whileUnchanged(client)];
    const when = [use.unused];
    // A token of another route is another client's.
    const ending = routeOf(token) === clientId.slice(0, 16) ? await endedBy(tag, token) : undefined;
    if (ending) {
      const entry = audit.entry(tag, { action: "token.revoked", realm, subject: { kind: "client", id: clientId }, ...by });
      const ended = await store.batch({ tag, given, when: [...when, { name: ending.name, is: "present" }], put: [use.mark, entry], remove: ending.remove });
      if (ended.done || ended.failed.name !== ending.name) {
        return outcomeOf(ended, use.unused.name);
      }
    }
    return outcomeOf(await store.batch({ tag, given, when, put: [use.mark] }), use.unused.name);
  };
}

function outcomeOf(result: BatchResult, assertionName: string): RevocationOutcome {
  if (result.done) {
    return { revoked: true };
  }
  return result.failed.name === assertionName ? { refusal: usedAssertion } : { outdated: true };
}

export type RevokeToken = ReturnType<typeof createTokenRevocation>;
