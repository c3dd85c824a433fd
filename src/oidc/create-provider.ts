import type { X509Certificate } from "node:crypto";
import type { JWK } from "jose";
import type Provider from "oidc-provider";
import type { Configuration, KoaContextWithOIDC } from "oidc-provider";
import type { SoftwareKeys } from "../directory/software-keys.ts";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import type { Randomness } from "../kernel/identifiers.ts";
import type { Log } from "../kernel/log.ts";
import type { SecretBox } from "../kernel/secret-box.ts";
import { consentIdIn, judgeRequestObject, type RequestObjectClaims } from "../policy/authorization/request-object.ts";
import type { Consents } from "../policy/consent/consents.ts";
import type { CustomerDirectory } from "../policy/customer/customer-directory.ts";
import { levelsOfAssurance } from "../policy/customer/customer-login.ts";
import type { ClientRecords } from "../store/client-records.ts";
import type { Store } from "../store/store.ts";
import { createFindAccount } from "./customer-account.ts";
import { Provider as Engine, errors } from "./engine.ts";
import { createEngineAdapter } from "./engine-adapter.ts";
import { createClientKeyAnswer } from "./engine-keys.ts";
import { overrideEngine } from "./engine-overrides.ts";
import { EngineSigningKey } from "./engine-signing-key.ts";
import { endpointPaths, type Realm } from "./endpoints.ts";
import { createVoucher } from "./engine-voucher.ts";

export interface ProviderNeeds {
  readonly realm: Realm;
  readonly store: Store;
  /** Seals the requests that lie in the store while a customer decides. */
  readonly box: SecretBox;
  readonly clients: ClientRecords;
  readonly softwareKeys: SoftwareKeys;
  readonly consents: Consents;
  readonly customers: CustomerDirectory;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly privateJwks: { readonly keys: readonly JWK[] };
  /** Keys that sign cookies, the current one first. */
  readonly cookieKeys: readonly string[];
  readonly scopes: readonly string[];
  readonly accessTokenSeconds: number;
  /** The page for what must not redirect. */
  readonly renderError: (ctx: KoaContextWithOIDC, out: { error: string; error_description?: string }, error: unknown) => void;
}

/**
 * Grants and refresh tokens end with their consent, which may be extended again and again (D6): the engine's own limit
 * only has to lie behind every consent.
 */
const longerThanAnyConsent = 20 * 366 * 86_400;

/** Builds the protocol engine of a realm, told our rules; everything else about it stands in the files it imports. */
export function createProvider(needs: ProviderNeeds): Provider {
  const provider = new Engine(needs.realm.issuer, configuration(needs));
  overrideEngine(provider, needs);
  provider.on("server_error", (ctx, error) => {
    needs.log.error({ err: error, requestId: (ctx.state as { requestId?: string }).requestId }, "unexpected error in the engine");
  });
  return provider;
}

function configuration(needs: ProviderNeeds): Configuration {
  return {
    adapter: createEngineAdapter(needs),
    jwks: { keys: needs.privateJwks.keys.map((key) => new EngineSigningKey(key)) },
    routes: { ...endpointPaths },
    scopes: [...needs.scopes],
    // `acr` is in every ID token (FAPI-BR 5.2.2-14).
    claims: { openid: ["sub", "acr", "auth_time"], cpf: null, cnpj: null },
    findAccount: createFindAccount(needs),
    loadExistingGrant,
    // FAPI-BR 5.2.2-15, D3
    responseTypes: ["code id_token"],
    // FAPI-BR 5.2.2-14, D1
    clientAuthMethods: ["private_key_jwt"],
    subjectTypes: ["public"],
    acrValues: Object.values(levelsOfAssurance),
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
      // An experiment of the engine: a release that changes it refuses this word of ours, and the server does not start.
      externalSigningSupport: { enabled: true, ack: "experimental-01" },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: { enabled: false },
      introspection: { enabled: false },
      revocation: { enabled: false },
      clientCredentials: { enabled: true },
      encryption: { enabled: true },
      claimsParameter: { enabled: true },
      requestObjects: { enabled: true, requireSignedRequestObject: true, assertJwtClaimsAndHeader: requestObjectRules(needs) },
      // D2
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => presentedCertificate(ctx)?.leaf,
        // By itself a certificate authenticates nobody: the engine takes our word for what we have judged, and no other.
        certificateAuthorized: createVoucher(needs.softwareKeys),
        certificateSubjectMatches: () => false,
      },
    },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    fetch: createClientKeyAnswer(needs.softwareKeys),
    interactions: { url: (_ctx, interaction) => `${needs.realm.path}/interaction/${interaction.uid}` },
    renderError: (ctx, out, error) => needs.renderError(ctx, out, error),
    cookies: {
      keys: [...needs.cookieKeys],
      long: { signed: true, httpOnly: true, sameSite: "lax", secure: true, overwrite: true },
      short: { signed: true, httpOnly: true, sameSite: "lax", secure: true, overwrite: true },
    },
    expiresWithSession: async () => false,
    // FAPI-BR 5.2.2-12, D6
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: false,
    clockTolerance: 15,
    ttl: {
      AccessToken: needs.accessTokenSeconds,
      ClientCredentials: needs.accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: 300,
      RefreshToken: longerThanAnyConsent,
      Grant: longerThanAnyConsent,
      Interaction: 900,
      Session: 900,
    },
  };
}

/** Only what the customer has just approved counts: every authorization asks anew. */
async function loadExistingGrant(ctx: KoaContextWithOIDC) {
  const grantId = ctx.oidc.result?.consent?.grantId;
  return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
}

/**
 * Our rules for request objects. They are judged where the object is pushed; at the authorization endpoint the engine
 * asks again, and then only its own checks are repeated, so that a customer who reads slowly is not sent away.
 */
function requestObjectRules({ clock, consents }: ProviderNeeds) {
  return async (ctx: KoaContextWithOIDC, claims: RequestObjectClaims, _header: unknown, client: { clientId: string }): Promise<void> => {
    if (ctx.oidc.route !== "pushed_authorization_request") {
      return;
    }
    const refusal = judgeRequestObject(claims, epochSeconds(clock));
    if (refusal) {
      throw engineError(refusal.error, refusal.description, String(claims["scope"]));
    }
    const consentId = consentIdIn(claims["scope"]);
    const consent = consentId === undefined ? undefined : await consents.find(consentId);
    if (consent?.clientId !== client.clientId || consent.status !== "AWAITING_AUTHORISATION") {
      throw engineError("invalid_scope", "The consent that the scope names does not await authorisation. Create a new one.", `consent:${consentId}`);
    }
  };
}

function engineError(error: "invalid_request_object" | "invalid_request" | "invalid_scope", description: string, scope: string): Error {
  switch (error) {
    case "invalid_request_object":
      return new errors.InvalidRequestObject(description);
    case "invalid_request":
      return new errors.InvalidRequest(description);
    case "invalid_scope":
      return new errors.InvalidScope(description, scope);
  }
}

/** The certificate that the http layer has read from the connection or a trusted proxy. */
function presentedCertificate(ctx: { state: Record<string, unknown> }): { leaf: X509Certificate } | undefined {
  return ctx.state["clientCertificate"] as { leaf: X509Certificate } | undefined;
}
