import type { Refusal } from "../../kernel/refusal.ts";
import { clientTag, routeOf, sha256 } from "../../kernel/identifiers.ts";
import { clientNames, whileUnchanged } from "../../store/client-records.ts";
import type { BatchResult, Store } from "../../store/store.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { ChangedBy } from "../registration/client-lifecycle.ts";
import { usedAssertion, type AuthenticatedClient } from "./authenticate-client.ts";

export type RevocationOutcome = { readonly revoked: true } | { readonly refusal: Refusal } | { readonly outdated: true };

/**
 * Ends a token of the authenticated client (RFC 7009). A token that is unknown, expired or another client's is left
 * alone and answered like one that was revoked (RFC 7009 section 2.2): nothing is told about it.
 */
export function createTokenRevocation(needs: { store: Store; audit: AuditLog }) {
  const { store, audit } = needs;
  return async function revokeToken({ client, use }: AuthenticatedClient, token: string, by: ChangedBy): Promise<RevocationOutcome> {
    const { clientId, realm } = client.record;
    const tag = clientTag(clientId.slice(0, 16));
    const when = [whileUnchanged(client), use.unused];
    const name = clientNames.token(sha256(token));
    // A token of another route is another client's.
    if (routeOf(token) === clientId.slice(0, 16)) {
      await audit.announce(tag);
      const entry = audit.entry({ action: "token.revoked", realm, subject: { kind: "client", id: clientId }, ...by });
      const ended = await store.batch({ tag, when: [...when, { name, is: "present" }], put: [use.mark, entry], remove: [name] });
      if (ended.done || ended.failed.name !== name) {
        return outcomeOf(ended, use.unused.name);
      }
    }
    return outcomeOf(await store.batch({ tag, when, put: [use.mark] }), use.unused.name);
  };
}

function outcomeOf(result: BatchResult, assertionName: string): RevocationOutcome {
  if (result.done) {
    return { revoked: true };
  }
  return result.failed.name === assertionName ? { refusal: usedAssertion } : { outdated: true };
}

export type RevokeToken = ReturnType<typeof createTokenRevocation>;
