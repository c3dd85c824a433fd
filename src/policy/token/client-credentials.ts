import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { clientTag, newToken, sha256, type Randomness } from "../../kernel/identifiers.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import type { ClientChanges } from "../../store/client-changes.ts";
import { clientNames } from "../../store/client-records.ts";
import { grantWithoutCustomer } from "../scope/scopes-without-customer.ts";
import { usedAssertion, type AuthenticatedClient } from "./authenticate-client.ts";
import type { TokenRecord } from "./token-record.ts";

export interface ClientCredentialsNeeds {
  readonly clientChanges: ClientChanges;
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
    async issue({ clientId, client, use }, { scope, thumbprint }) {
      const granted = grantWithoutCustomer(client.scopesWithoutCustomer, scope);
      if (typeof granted !== "string") {
        return { refusal: granted };
      }
      const route = clientId.slice(0, 16);
      const accessToken = newToken(route, needs.randomness);
      const iat = epochSeconds(needs.clock);
      const record: TokenRecord = {
        kind: "ClientCredentials",
        clientId,
        scope: granted,
        iat,
        exp: iat + needs.lifetimeSeconds,
        "x5t#S256": thumbprint,
      };
      const token = { name: clientNames.token(sha256(accessToken)), value: JSON.stringify(record), ttlSeconds: needs.lifetimeSeconds };
      // Changed or deleted behind this, a client makes its tokens inactive at once.
      const result = await needs.clientChanges.commitWhileUnchanged(client, {
        tag: clientTag(route),
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
