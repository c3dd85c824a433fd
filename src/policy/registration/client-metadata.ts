import type { SoftwareStatement } from "../../directory/software-statement.ts";
import type { ClientRecord } from "../../store/client-records.ts";
import { hasControlCharacters, longestName, type RegistrationRequest } from "./registration-request.ts";

/** The one value that the profile allows for each of these members (DCR 7.1.1-1, FAPI-BR 6.2, D1, D4, D5). */
export const profileValues = {
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "PS256",
  subject_type: "public",
  id_token_signed_response_alg: "PS256",
  id_token_encrypted_response_alg: "RSA-OAEP",
  id_token_encrypted_response_enc: "A256GCM",
  request_object_signing_alg: "PS256",
  tls_client_certificate_bound_access_tokens: true,
  require_signed_request_object: true,
  require_pushed_authorization_requests: true,
  application_type: "web",
} as const;

/** DCR 2.1.1: `implicit` belongs to `code id_token`, although the contract's enumeration leaves it out. */
export const offeredGrantTypes = ["authorization_code", "implicit", "refresh_token", "client_credentials"] as const;
export const offeredResponseType = "code id_token";

/**
 * What the statement says for people, as it is registered: the directory checks neither texts nor addresses. A text loses
 * what an update could not bring back; an address that is none, or not one for everybody's parser, is left out.
 */
export function statedNames(statement: SoftwareStatement) {
  return {
    client_name: shownText(statement.clientName),
    client_uri: webAddress(statement.clientUri),
    logo_uri: webAddress(statement.logoUri),
    policy_uri: webAddress(statement.policyUri),
    tos_uri: webAddress(statement.tosUri),
  };
}

/**
 * The metadata that is registered: the statement wins over the request (DCR 7.1-10), what neither names is filled with
 * the profile's value (DCR 7.1.1). Only members that the answer shows and its own update takes back.
 * @param scope the granted scopes, separated by one space
 */
export function clientMetadata(statement: SoftwareStatement, request: RegistrationRequest, scope: string): Record<string, unknown> {
  const grantTypes = completedGrantTypes(request);
  return withoutUndefined({
    ...profileValues,
    ...statedNames(statement),
    redirect_uris: [...new Set(request.redirect_uris)],
    grant_types: grantTypes,
    response_types: grantTypes.includes("authorization_code") ? [offeredResponseType] : [],
    scope,
    jwks_uri: statement.jwksUri,
    webhook_uris: request.webhook_uris,
    software_id: statement.softwareId,
    software_version: shownText(statement.version),
  });
}

/** A registered client as the registration's answer shows it and the engine knows it (RFC 7591 section 3.2.1), without its secrets. */
export function registeredMembers({ metadata, clientId, registeredAt }: ClientRecord): Record<string, unknown> {
  return { ...metadata, client_id: clientId, client_id_issued_at: registeredAt };
}

function completedGrantTypes(request: RegistrationRequest): string[] {
  const asked = request.grant_types ?? offeredGrantTypes;
  const hybrid = request.response_types?.includes(offeredResponseType) || asked.includes("authorization_code") || asked.includes("implicit");
  return [...new Set([...asked, ...(hybrid ? ["authorization_code", "implicit"] : [])])];
}

/** Without control characters, as every text of a body; nothing where nothing is left, which the engine does not take. */
function shownText(text: string | undefined): string | undefined {
  const plain = text?.replace(/\p{Cc}+/gu, " ").trim().slice(0, longestName).toWellFormed();
  return plain || undefined;
}

/** `URL` reads over tabs and line breaks; others do not. */
function webAddress(address: string | undefined): string | undefined {
  if (address === undefined || hasControlCharacters(address) || !URL.canParse(address)) {
    return undefined;
  }
  return /^https?:$/.test(new URL(address).protocol) ? address : undefined;
}

function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
