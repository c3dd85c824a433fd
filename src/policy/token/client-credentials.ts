import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { clientTag, newToken, sha256, type Randomness } from "../../kernel/identifiers.ts";
import { printable, type Refusal } from "../../kernel/refusal.ts";
import { clientNames, whileUnchanged, type ClientRecord } from "../../store/client-records.ts";
import type { Store } from "../../store/store.ts";
import { scopeValues } from "../scope/role-scopes.ts";
import { usedAssertion, type AuthenticatedClient } from "./authenticate-client.ts";
import type { TokenRecord } from "./token-record.ts";

/** Of the Open Finance scopes, those that open without a customer: the ones that create consents. */
const scopesWithoutCustomer = ["consents", "payments"];

export interface ClientCredentialsNeeds {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly lifetimeSeconds: number;
}

export interface IssuedToken {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly scope: string;
}

export type ClientCredentialsOutcome =
  | { readonly issued: IssuedToken }
  | { readonly refusal: Refusal }
  /** The client was changed or deleted since it was read: authenticate again from the store. */
  | { readonly outdated: true };

export interface ClientCredentialsGrant {
  /** One round trip: uses up the assertion and writes the token, both or neither. */
  issue(authenticated: AuthenticatedClient, request: { scope: string | undefined; thumbprint: string }): Promise<ClientCredentialsOutcome>;
}

export function createClientCredentialsGrant(needs: ClientCredentialsNeeds): ClientCredentialsGrant {
  return {
    async issue({ client, use }, { scope, thumbprint }) {
      const granted = scopeOf(client.record, scope);
      if (typeof granted !== "string") {
        return { refusal: granted };
      }
      const route = client.record.clientId.slice(0, 16);
      const accessToken = newToken(route, needs.randomness);
      const iat = epochSeconds(needs.clock);
      const record: TokenRecord = {
        kind: "ClientCredentials",
        clientId: client.record.clientId,
        scope: granted,
        iat,
        exp: iat + needs.lifetimeSeconds,
        "x5t#S256": thumbprint,
      };
      const token = { name: clientNames.token(sha256(accessToken)), value: JSON.stringify(record), ttlSeconds: needs.lifetimeSeconds };
      const result = await needs.store.batch({
        tag: clientTag(route),
        // Changed or deleted behind this, a client makes its tokens inactive at once.
        given: [whileUnchanged(client)],
        when: [use.unused],
        put: [use.mark, token],
      });
      if (result.done) {
        return { issued: { accessToken, expiresIn: needs.lifetimeSeconds, scope: granted } };
      }
      return result.failed.name === use.unused.name ? { refusal: usedAssertion } : { outdated: true };
    },
  };
}

/** What this grant gives the client: everything eligible without a request, never nothing (RFC 6749 3.3). */
function scopeOf(client: ClientRecord, requested: string | undefined): string | Refusal {
  const grantTypes = client.metadata["grant_types"];
  if (!Array.isArray(grantTypes) || !grantTypes.includes("client_credentials")) {
    return { code: "grant-type.not-registered", expected: "client_credentials in the client's grant_types", received: "not among them" };
  }
  const eligible = eligibleScopes(client);
  const asked = scopeValues(requested);
  const uncovered = asked?.filter((scope) => !eligible.includes(scope)) ?? [];
  if (uncovered.length > 0) {
    return { code: "scope.not-covered", expected: printable(eligible.join(" ") || "none"), received: printable(uncovered.join(" ")) };
  }
  if (eligible.length === 0) {
    return { code: "scope.nothing-left", expected: "a scope that opens without a customer", received: "none" };
  }
  return [...new Set(asked ?? eligible)].join(" ");
}

/** The scopes that a client gets without a customer: those that create consents, and the bank's products it holds. */
export function eligibleScopes(client: ClientRecord): string[] {
  const registered = scopeValues(String(client.metadata["scope"] ?? "")) ?? [];
  return [...registered.filter((scope) => scopesWithoutCustomer.includes(scope)), ...client.productScopes];
}
