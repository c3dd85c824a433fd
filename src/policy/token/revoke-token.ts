import type { Refusal } from "../../kernel/refusal.ts";
import { clientTag, routeOf, sha256 } from "../../kernel/identifiers.ts";
import { clientNames, whileUnchanged } from "../../store/client-records.ts";
import type { Store } from "../../store/store.ts";
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
    const route = clientId.slice(0, 16);
    const own = routeOf(token) === route;
    const hash = sha256(token);
    if (own) {
      await audit.announce(clientTag(route));
    }
    const result = await store.batch({
      tag: clientTag(route),
      when: [whileUnchanged(client), use.unused, ...(own ? [{ name: clientNames.token(hash), is: "present" } as const] : [])],
      put: own
        ? [use.mark, audit.entry({ action: "token.revoked", realm, subject: { kind: "client", id: clientId }, ...by, details: { token: hash } })]
        : [use.mark],
      remove: own ? [clientNames.token(hash)] : [],
    });
    if (result.done || result.failed.name === clientNames.token(hash)) {
      return { revoked: true };
    }
    return result.failed.name === use.unused.name ? { refusal: usedAssertion } : { outdated: true };
  };
}

export type RevokeToken = ReturnType<typeof createTokenRevocation>;
