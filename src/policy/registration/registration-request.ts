import { z } from "zod";
import { printable, type Refusal } from "../../kernel/refusal.ts";

/** The longest client_name. */
export const longestName = 500;

export function hasControlCharacters(value: string): boolean {
  return /\p{Cc}/u.test(value);
}

/** Text without control characters; names may hold accents. */
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((value) => !hasControlCharacters(value), "expected text without control characters");
const word = text(300);
const uri = text(2_000);
const uris = z.array(uri).max(100);

/**
 * The members of RFC 7591 and OpenID Connect Registration that the server reads. A member that is not here is ignored,
 * as RFC 7591 section 2 demands; one that is null counts as absent (RFC 7592 section 2.2).
 */
export const registrationMembers = {
  software_statement: z.string().max(100_000).describe("Software statement signed by the Central Directory"),
  redirect_uris: uris.describe("Where authorization answers go; a subset of the statement's software_redirect_uris"),
  grant_types: z.array(word).max(20).describe("Grants that the client will use"),
  response_types: z.array(word).max(20).describe("Only code id_token is offered"),
  scope: text(2_000).describe("Scopes, separated by one space; absent: all that the roles give"),
  token_endpoint_auth_method: word.describe("Only private_key_jwt is offered"),
  token_endpoint_auth_signing_alg: word.describe("PS256"),
  jwks_uri: uri.describe("The statement's software_jwks_uri"),
  jwks: z.unknown().describe("Never accepted: keys come from the directory"),
  webhook_uris: uris.describe("The statement's software_api_webhook_uris, exactly"),
  subject_type: word.describe("public"),
  id_token_signed_response_alg: word.describe("PS256"),
  id_token_encrypted_response_alg: word.describe("RSA-OAEP"),
  id_token_encrypted_response_enc: word.describe("A256GCM"),
  request_object_signing_alg: word.describe("PS256"),
  request_object_encryption_alg: word.describe("RSA-OAEP"),
  request_object_encryption_enc: word.describe("A256GCM"),
  tls_client_certificate_bound_access_tokens: z.boolean().describe("true"),
  require_signed_request_object: z.boolean().describe("true"),
  require_pushed_authorization_requests: z.boolean().describe("true"),
  application_type: word.describe("web"),
  client_id: word.describe("On an update: the client's own id"),
  client_name: text(longestName).describe("The statement's software_client_name prevails"),
  client_uri: uri.describe("The statement's software_client_uri prevails"),
  logo_uri: uri.describe("The statement's software_logo_uri prevails"),
  policy_uri: uri.describe("The statement's software_policy_uri prevails"),
  tos_uri: uri.describe("The statement's software_tos_uri prevails"),
} as const;

type Members = typeof registrationMembers;

/** The body's members of the right type; the others are absent here and named in the refusals. */
export type RegistrationRequest = { readonly [Name in keyof Members]?: z.output<Members[Name]> };

/** Members that an update may not hold (RFC 7592 section 2.2). */
export const forbiddenInUpdates = [
  "registration_access_token",
  "registration_client_uri",
  "client_secret_expires_at",
  "client_id_issued_at",
] as const;

export interface ReadRequest {
  readonly request: RegistrationRequest;
  /** One for each member of a wrong type or form. */
  readonly refusals: readonly Refusal[];
  /** Names of members that an update may not hold. */
  readonly forbidden: readonly string[];
}

/** Reads a parsed body member by member, so that every wrong one is named at once. */
export function readRegistrationRequest(body: Readonly<Record<string, unknown>>): ReadRequest {
  const request: Record<string, unknown> = {};
  const refusals: Refusal[] = [];
  for (const [name, schema] of Object.entries(registrationMembers)) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value === undefined || value === null) {
      continue;
    }
    const read = schema.safeParse(value);
    if (read.success) {
      request[name] = read.data;
    } else {
      refusals.push(wrongMember(name, value, read.error));
    }
  }
  const forbidden = forbiddenInUpdates.filter((name) => Object.hasOwn(body, name));
  // Built from registrationMembers just above, name by name.
  return { request: request as RegistrationRequest, refusals, forbidden };
}

function wrongMember(name: string, value: unknown, error: z.ZodError): Refusal {
  const issue = error.issues[0];
  const place = [name, ...(issue?.path ?? [])].join(".");
  return {
    code: "request.member-type",
    expected: printable(`${place}: ${issue?.message ?? "another type"}`),
    received: printable(`${place}: ${Array.isArray(value) ? "array" : typeof value}`),
  };
}
