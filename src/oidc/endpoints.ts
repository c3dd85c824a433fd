/** Paths of a realm's endpoints under its issuer path; the registration path is the one that TPPs' scripts call. */
export const endpointPaths = {
  authorization: "/oauth2/authorize",
  token: "/oauth2/token",
  pushed_authorization_request: "/oauth2/par",
  registration: "/oauth2/register",
  userinfo: "/oauth2/userinfo",
  introspection: "/oauth2/introspect",
  revocation: "/oauth2/revoke",
  jwks: "/oauth2/jwks",
} as const;

export type EndpointName = keyof typeof endpointPaths;

/** Endpoints that take a client certificate and therefore live on the mutual-TLS host (D21). */
export const mtlsEndpoints = ["registration", "token", "pushed_authorization_request", "userinfo", "introspection", "revocation"] as const;

/** A realm: one issuer with its own clients, keys and discovery document. */
export interface Realm {
  readonly name: string;
  /** Path of the issuer on the public host, e.g. `/default/openbanking_brasil`. */
  readonly path: string;
  readonly issuer: string;
  readonly publicUrl: string;
  readonly mtlsUrl: string;
}

/** The Open Finance Brasil realm. Every URL comes from settings, never from a request's Host header. */
export function openFinanceRealm(urls: { publicUrl: string; mtlsUrl: string }): Realm {
  const path = "/default/openbanking_brasil";
  return { name: "openbanking_brasil", path, issuer: `${urls.publicUrl}${path}`, ...urls };
}

/** The absolute URL of an endpoint, on the host that serves it. */
export function endpointUrl(realm: Realm, name: EndpointName): string {
  const base = mtlsEndpoints.some((endpoint) => endpoint === name) ? realm.mtlsUrl : realm.publicUrl;
  return `${base}${realm.path}${endpointPaths[name]}`;
}

/** Where a registered client is read, updated and deleted (RFC 7592). Never changes for a client. */
export function registrationClientUri(realm: Realm, clientId: string): string {
  return `${endpointUrl(realm, "registration")}/${clientId}`;
}

/** Where a TPP that lost its registration access token gets a new one. */
export function recoverUrl(realm: Realm): string {
  return `${endpointUrl(realm, "registration")}/recover`;
}

/** The page that explains a refusal. */
export function refusalPageUrl(realm: Realm, code: string): string {
  return `${realm.publicUrl}${realm.path}/refusals/${code}`;
}

/**
 * Every `aud` with which a client assertion may be addressed to this server, whatever Host header the request
 * carried: issuer, token and pushed authorization endpoints (conformance 2.2.1), revocation, on either host.
 */
export function assertionAudiences(realm: Realm): ReadonlySet<string> {
  const paths = [endpointPaths.token, endpointPaths.pushed_authorization_request, endpointPaths.revocation];
  return new Set([realm.issuer, ...paths.flatMap((path) => [`${realm.mtlsUrl}${realm.path}${path}`, `${realm.publicUrl}${realm.path}${path}`])]);
}
