import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { clientTag, routeOf, sha256 } from "../../kernel/identifiers.ts";
import type { SecretBox } from "../../kernel/secret-box.ts";
import { clientNames, type ClientRecords } from "../../store/client-records.ts";
import { consentName, readConsent, type ConsentRecord } from "../../store/consent-records.ts";
import type { Store } from "../../store/store.ts";
import { consentIdIn } from "../authorization/request-object.ts";
import { isActive } from "../consent/consent-state.ts";
import type { TokenRecord } from "./token-record.ts";

/** What a resource server is told (RFC 7662 section 2.2, RFC 8705 section 3.2); nothing more of a token that is dead. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly client_id: string;
      readonly scope: string;
      readonly token_type: "Bearer";
      readonly iat: number;
      readonly exp: number;
      readonly iss: string;
      readonly cnf: { readonly "x5t#S256": string };
      readonly org_id: string;
      readonly software_id: string;
      /** The customer, and the consent under which the token opens data; absent in a token of the client itself. */
      readonly sub?: string;
      readonly consent_id?: string;
      readonly consent?: {
        readonly status: "AUTHORISED";
        readonly permissions: readonly string[];
        readonly account_ids: readonly string[];
        readonly expires_at?: number;
        /** The company whose data are shared, 14 characters; absent where they are the customer's own. */
        readonly cnpj?: string;
      };
    };

export interface TokenIntrospectionNeeds {
  readonly store: Store;
  readonly clients: ClientRecords;
  /** Opens what is sealed in consents. */
  readonly consentBox: SecretBox;
  readonly clock: Clock;
  readonly issuer: string;
}

const inactive: Introspection = { active: false };

/**
 * Tells a resource server about a token: one round trip to the store, in which the client's version comes along, so
 * that a deleted or suspended client's tokens are dead in every process at once. A customer's token takes a second
 * one, for its grant and its consent: it lives only while both do (D15).
 */
export function createTokenIntrospection(needs: TokenIntrospectionNeeds) {
  const { store, clients } = needs;

  const customerPart = async (tag: string, record: TokenRecord) => {
    const consentId = consentIdIn(record.scope);
    if (record.grantId === undefined || record.accountId === undefined || consentId === undefined) {
      return undefined;
    }
    const [grant, stored] = await store.getMany(tag, [clientNames.grant(sha256(record.grantId)), consentName(consentId)]);
    const consent = stored === undefined ? undefined : readConsent(stored, needs.consentBox);
    if (grant === undefined || !consent || !isActive(consent, epochSeconds(needs.clock))) {
      return undefined;
    }
    return { sub: record.accountId, consent_id: consentId, consent: consentPart(consent) };
  };

  return async function introspectToken(token: string): Promise<Introspection> {
    const route = routeOf(token);
    if (route === undefined) {
      return inactive;
    }
    const [value, version] = await store.getMany(clientTag(route), [clientNames.token(sha256(token)), clientNames.version]);
    if (value === undefined || version === undefined) {
      return inactive;
    }
    // The store's own JSON, written when the token was issued.
    const record = JSON.parse(value) as TokenRecord;
    const client = clients.recallVersion(version) ?? (await clients.findByRoute(route));
    if (client?.record.clientId !== record.clientId || client.record.status !== "active" || record.exp <= epochSeconds(needs.clock)) {
      return inactive;
    }
    const customer = record.kind === "AccessToken" ? await customerPart(clientTag(route), record) : {};
    if (customer === undefined) {
      return inactive;
    }
    return {
      ...customer,
      active: true,
      client_id: record.clientId,
      scope: record.scope,
      token_type: "Bearer",
      iat: record.iat,
      exp: record.exp,
      iss: needs.issuer,
      cnf: { "x5t#S256": record["x5t#S256"] },
      org_id: client.record.organisationId,
      software_id: client.record.softwareId,
    };
  };
}

function consentPart(consent: ConsentRecord) {
  const { permissions, authorisation, expiresAt } = consent;
  // Only a company's consent is opened (4 us): every other is answered from what lies open.
  const cnpj = consent.ofCompany ? consent.parties.businessEntity : undefined;
  return {
    status: "AUTHORISED" as const,
    permissions,
    account_ids: authorisation?.accounts ?? [],
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(cnpj === undefined ? {} : { cnpj }),
  };
}

export type IntrospectToken = ReturnType<typeof createTokenIntrospection>;
