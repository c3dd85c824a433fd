import type { X509Certificate } from "node:crypto";
import type Provider from "oidc-provider";
import type { Configuration } from "oidc-provider";
import type { JWK } from "jose";
import { Provider as Engine, errors } from "./engine.ts";
import { createEngineAdapter } from "./engine-adapter.ts";
import { overrideEngine } from "./engine-overrides.ts";
import { endpointPaths, type Realm } from "./endpoints.ts";
import type { ClientRecords } from "../store/client-records.ts";
import type { RegistrationUnit } from "./registration-unit.ts";

export interface ProviderNeeds {
  readonly realm: Realm;
  readonly clients: ClientRecords;
  readonly privateJwks: { readonly keys: readonly JWK[] };
  readonly scopes: readonly string[];
  readonly accessTokenSeconds: number;
}

/** Members beyond RFC 7591 and OpenID Connect Registration that a client of this ecosystem has. */
const ecosystemMembers = ["software_statement", "software_id", "software_version", "webhook_uris"];

/** Builds the protocol engine of a realm, told our rules; everything else about it stands in the files it imports. */
export function createProvider(needs: ProviderNeeds): Provider {
  const provider = new Engine(needs.realm.issuer, configuration(needs));
  overrideEngine(provider, needs.realm);
  return provider;
}

function configuration(needs: ProviderNeeds): Configuration {
  return {
    adapter: createEngineAdapter({ clients: needs.clients }),
    // A copy: the engine takes the keys as its own.
    jwks: { keys: needs.privateJwks.keys.map((key) => ({ ...key })) as never },
    routes: { ...endpointPaths },
    scopes: [...needs.scopes],
    // FAPI-BR 5.2.2-15, D3
    responseTypes: ["code id_token"],
    // FAPI-BR 5.2.2-14, D1
    clientAuthMethods: ["private_key_jwt"],
    subjectTypes: ["public"],
    acrValues: ["urn:brasil:openbanking:loa2", "urn:brasil:openbanking:loa3"],
    // FAPI-BR 6.2, 6.2.1, D5
    enabledJWA: {
      clientAuthSigningAlgValues: ["PS256"],
      idTokenSigningAlgValues: ["PS256"],
      idTokenEncryptionAlgValues: ["RSA-OAEP"],
      idTokenEncryptionEncValues: ["A256GCM"],
      requestObjectSigningAlgValues: ["PS256"],
    },
    features: {
      fapi: { enabled: true, profile: "1.0 Final" },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: { enabled: false },
      introspection: { enabled: false },
      revocation: { enabled: false },
      clientCredentials: { enabled: true },
      encryption: { enabled: true },
      claimsParameter: { enabled: true },
      requestObjects: { enabled: true, requireSignedRequestObject: true },
      // D2
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => presentedCertificate(ctx)?.leaf,
        // The certificate was judged before the engine sees the call; it authenticates nobody by itself.
        certificateAuthorized: () => false,
        certificateSubjectMatches: () => false,
      },
      registration: {
        enabled: true,
        initialAccessToken: false,
        // Chosen before: the client id carries the route of the software statement.
        idFactory: (ctx) => registrationOf(ctx).fresh?.clientId ?? "",
      },
      // D7: one registration access token for the client's life.
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: false },
    },
    extraClientMetadata: { properties: ecosystemMembers, validator: assertDecision },
    // FAPI-BR 5.2.2-12, D6
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: false,
    ttl: { AccessToken: needs.accessTokenSeconds, ClientCredentials: needs.accessTokenSeconds },
  };
}

/** The certificate that the http layer has read from the connection or a trusted proxy. */
function presentedCertificate(ctx: { state: Record<string, unknown> }): { leaf: X509Certificate } | undefined {
  return ctx.state["clientCertificate"] as { leaf: X509Certificate } | undefined;
}

function registrationOf(ctx: { state: Record<string, unknown> }): RegistrationUnit {
  const unit = ctx.state["registration"] as RegistrationUnit | undefined;
  if (!unit) {
    throw new errors.InvalidClientMetadata("no decision was taken on this registration");
  }
  return unit;
}

/** Every rule is judged before the engine sees the call; this only makes sure that none can slip past. */
function assertDecision(ctx: { state: Record<string, unknown> } | undefined): void {
  if (ctx !== undefined) {
    registrationOf(ctx);
  }
}
