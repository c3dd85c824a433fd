import { endpointUrl, mtlsEndpoints, type Realm } from "./endpoints.ts";

/**
 * The discovery document (DCR 6.1, FAPI-BR 5.2.2, D10, D14): exactly what is certified, and every URL from settings.
 * It is the same for every caller, so it is made once.
 */
export function discoveryDocument(realm: Realm, listedScopes: readonly string[], productScopes: readonly string[]): Record<string, unknown> {
  const url = (name: Parameters<typeof endpointUrl>[1]) => endpointUrl(realm, name);
  const mtls = Object.fromEntries(mtlsEndpoints.map((name) => [`${name}_endpoint`, url(name)]));
  return {
    issuer: realm.issuer,
    authorization_endpoint: url("authorization"),
    jwks_uri: url("jwks"),
    ...mtls,
    mtls_endpoint_aliases: mtls,
    scopes_supported: [...new Set([...listedScopes, ...productScopes])],
    response_types_supported: ["code id_token"],
    response_modes_supported: ["fragment"],
    grant_types_supported: ["authorization_code", "implicit", "client_credentials", "refresh_token"],
    subject_types_supported: ["public"],
    acr_values_supported: ["urn:brasil:openbanking:loa2", "urn:brasil:openbanking:loa3"],
    claim_types_supported: ["normal"],
    claims_supported: ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "cpf", "cnpj"],
    claims_parameter_supported: true,
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    require_pushed_authorization_requests: true,
    require_signed_request_object: true,
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["private_key_jwt"],
    token_endpoint_auth_signing_alg_values_supported: ["PS256"],
    revocation_endpoint_auth_methods_supported: ["private_key_jwt"],
    revocation_endpoint_auth_signing_alg_values_supported: ["PS256"],
    request_object_signing_alg_values_supported: ["PS256"],
    id_token_signing_alg_values_supported: ["PS256"],
    id_token_encryption_alg_values_supported: ["RSA-OAEP"],
    id_token_encryption_enc_values_supported: ["A256GCM"],
    tls_client_certificate_bound_access_tokens: true,
    authorization_response_iss_parameter_supported: true,
    ui_locales_supported: ["pt-BR", "en"],
  };
}
