/**
 * The second reference: oidc-provider as it comes, with the features that the workloads need and no check of ours.
 * Takes the path of its settings. Prints `ready <port>` when it answers, having put its clients into the store.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { TLSSocket } from "node:tls";
import type { JWK } from "jose";
import { Provider, type ClientMetadata, type Configuration, type KoaContextWithOIDC } from "oidc-provider";
import { tlsListenerOptions } from "../../src/kernel/tls-options.ts";
import { createReferenceAdapter, type ReferenceStore } from "./reference-adapters.ts";
import type { ReferenceTls } from "./reference-https.ts";

export interface ReferenceProviderSettings extends ReferenceTls {
  readonly issuer: string;
  readonly store: ReferenceStore;
  readonly signingKey: JWK;
  readonly clients: readonly ClientMetadata[];
  /** What each `jwks_uri` would answer. */
  readonly keysByUri: Readonly<Record<string, { readonly keys: readonly JWK[] }>>;
}

const settings: ReferenceProviderSettings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));

/** Asking the socket each time would cost a sixth of the throughput. */
const certificates = new WeakMap<object, X509Certificate>();

function certificateOf(ctx: KoaContextWithOIDC): X509Certificate | undefined {
  const { socket } = ctx;
  const known = certificates.get(socket);
  if (known || !(socket instanceof TLSSocket)) return known;
  const certificate = socket.getPeerX509Certificate();
  if (certificate) certificates.set(socket, certificate);
  return certificate;
}

const { adapter } = createReferenceAdapter(settings.store);

const configuration: Configuration = {
  adapter,
  jwks: { keys: [settings.signingKey] },
  scopes: ["openid", "consents", "accounts", "customers", "resources"],
  responseTypes: ["code", "code id_token"],
  clientAuthMethods: ["private_key_jwt", "tls_client_auth"],
  clientDefaults: { id_token_signed_response_alg: "PS256" },
  enabledJWA: {
    clientAuthSigningAlgValues: ["PS256"],
    idTokenSigningAlgValues: ["PS256"],
    idTokenEncryptionAlgValues: ["RSA-OAEP"],
    idTokenEncryptionEncValues: ["A256GCM"],
    requestObjectSigningAlgValues: ["PS256"],
  },
  acrValues: ["urn:brasil:openbanking:loa2"],
  claims: { openid: ["sub", "acr", "auth_time"] },
  findAccount: async (_ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  pkce: { required: () => true },
  ttl: { AccessToken: 900, ClientCredentials: 900, IdToken: 300, AuthorizationCode: 60, RefreshToken: 86_400, Grant: 86_400 },
  // Being set, it makes the refresh_token grant one that clients may register.
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: false,
  fetch: async (url) => Response.json(settings.keysByUri[String(url)] ?? { keys: [] }),
  features: {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    fapi: { enabled: true, profile: "1.0 Final" },
    encryption: { enabled: true },
    claimsParameter: { enabled: true },
    requestObjects: { enabled: true, requireSignedRequestObject: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    registration: { enabled: true, initialAccessToken: false },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: false },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      tlsClientAuth: true,
      getCertificate: certificateOf,
      // The listener has verified the chain already.
      certificateAuthorized: () => true,
      certificateSubjectMatches: (ctx, _property, expected) =>
        certificateOf(ctx)?.subject.split("\n").includes(expected) ?? false,
    },
  },
};

const provider = new Provider(settings.issuer, configuration);
provider.on("server_error", (_ctx, error) => console.error(error));
const clients = adapter("Client");
await Promise.all(settings.clients.map((client) => clients.upsert(client.client_id, client)));

const server = createServer(
  { ...tlsListenerOptions(settings), ca: settings.caPem, requestCert: true, rejectUnauthorized: true },
  provider.callback(),
);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Expected a TCP address");
  console.log(`ready ${address.port}`);
});
process.once("SIGTERM", () => process.exit(0));
