import { z } from "zod";

/** An identifier that the directory gives; safe to stand in a store key or a URL. */
const identifier = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const text = z.string().max(4_000);
const uri = z.string().max(2_000);
const optionalText = text.nullish();
const optionalUri = uri.nullish();
const uriList = z.array(uri).max(500);
const flags = z.unknown();

const competentAuthorityClaim = z.looseObject({
  authorisation_domain: optionalText.describe("Ecosystem in which the organisation is authorised"),
  authorisations: z.array(z.unknown()).nullish().describe("Detailed authorisations, as the directory gives them"),
  registration_id: optionalText.describe("The organisation's registration with the authority"),
  authority_id: optionalText.describe("Directory id of the authority"),
  authority_name: optionalText.describe("Name of the authority"),
  authority_code: optionalText.describe("Short code of the authority, BCB for the central bank"),
  authorisation_role: optionalText.describe("Regulatory role for which the organisation is authorised"),
  status: optionalText.describe("Whether this authorisation is Active"),
});

const statementRole = z.looseObject({
  role: text.describe("Regulatory role: DADOS, PAGTO, CONTA or CCORR"),
  authorisation_domain: optionalText.describe("Ecosystem of the role"),
  status: text.describe("Only an Active role opens scopes"),
});

/** The claims of a software statement (DCR 8.1), in wire spelling. Claims that are not named here are kept as they are. */
export const softwareStatementClaims = z
  .looseObject({
    iss: text.min(1).describe("Who issued the statement: the directory of one environment"),
    iat: z.number().nonnegative().describe("When it was issued, in seconds since the epoch"),
    org_id: identifier.describe("Directory id of the organisation"),
    org_name: optionalText.describe("Name of the organisation"),
    org_number: optionalText.describe("Registration number of the organisation"),
    org_status: optionalText.describe("Whether the organisation is Active in the directory"),
    org_jwks_uri: optionalUri.describe("Where the organisation's signing keys are"),
    org_jwks_inactive_uri: optionalUri.describe("Where its former signing keys are"),
    org_jwks_transport_uri: optionalUri.describe("Where its transport certificates are"),
    org_jwks_transport_inactive_uri: optionalUri.describe("Where its former transport certificates are"),
    organisation_competent_authority_claims: z
      .array(competentAuthorityClaim)
      .nullish()
      .describe("Authorisations that the authorities gave the organisation"),
    organisation_flags: flags.optional().describe("Further properties of the organisation"),
    software_id: identifier.describe("Directory id of the software; the BRCAC carries it as UID"),
    software_client_id: optionalText.describe("The software's client id at the directory itself"),
    software_client_name: optionalText.describe("Name shown to customers; registered as client_name"),
    software_client_description: optionalText.describe("What the software does"),
    software_client_uri: optionalUri.describe("Page about the software; registered as client_uri"),
    software_homepage_uri: optionalUri.describe("The software's own page"),
    software_logo_uri: optionalUri.describe("Logo; registered as logo_uri"),
    software_policy_uri: optionalUri.describe("Privacy policy; registered as policy_uri"),
    software_tos_uri: optionalUri.describe("Terms of service; registered as tos_uri"),
    software_redirect_uris: uriList.describe("Redirect URIs of which a registration may use some or all"),
    software_origin_uris: uriList.nullish().describe("Origins of the software's pages"),
    software_api_webhook_uris: uriList.nullish().describe("Webhook URIs that a registration repeats exactly"),
    software_sector_identifier_uri: optionalUri.describe("Sector for pairwise subjects, which the profile does not use"),
    software_jwks_uri: optionalUri.describe("Where the software's keys are; registered as jwks_uri"),
    software_jwks_inactive_uri: optionalUri.describe("Where its former keys are"),
    software_jwks_transport_uri: optionalUri.describe("Where its transport certificates are"),
    software_jwks_transport_inactive_uri: optionalUri.describe("Where its former transport certificates are"),
    software_jwks_endpoint: optionalUri.describe("Older name of software_jwks_uri"),
    software_jwks_inactive_endpoint: optionalUri.describe("Older name of software_jwks_inactive_uri"),
    software_jwks_transport_endpoint: optionalUri.describe("Older name of software_jwks_transport_uri"),
    software_jwks_transport_inactive_endpoint: optionalUri.describe("Older name of software_jwks_transport_inactive_uri"),
    software_mode: optionalText.describe("Live or Test"),
    software_environment: optionalText.describe("Environment of the statement: production or sandbox"),
    software_version: z.union([text, z.number()]).nullish().describe("Version; a string or a number"),
    software_status: optionalText.describe("Whether the software is Active in the directory"),
    software_flags: flags.optional().describe("Further properties of the software"),
    software_roles: z.array(text).nullish().describe("Names of the roles, without status: not the list to decide on"),
    software_statement_roles: z
      .array(statementRole)
      .nullish()
      .describe("Regulatory roles with their status: the list that decides the scopes (DCR 7.2)"),
  })
  .refine((claims) => typeof (claims.software_jwks_uri ?? claims.software_jwks_endpoint) === "string", {
    path: ["software_jwks_uri"],
    message: "expected the address of the software's keys",
  });

export type SoftwareStatementClaims = z.infer<typeof softwareStatementClaims>;

export interface StatementRole {
  readonly role: string;
  readonly authorisationDomain: string | undefined;
  readonly status: string;
}

export interface CompetentAuthorityClaim {
  readonly authorisationDomain: string | undefined;
  readonly authorisationRole: string | undefined;
  readonly registrationId: string | undefined;
  readonly authorityId: string | undefined;
  readonly authorityName: string | undefined;
  readonly authorityCode: string | undefined;
  readonly status: string | undefined;
}

/** What a verified software statement says. Nothing here is judged: age, issuer, status and roles are policy. */
export type SoftwareStatement = ReturnType<typeof softwareStatementOf>;

/** Brings the wire claims into our spelling. What the statement leaves out, or gives as null, is undefined or empty. */
export function softwareStatementOf(claims: SoftwareStatementClaims) {
  return {
    issuer: claims.iss,
    /** Seconds since the epoch. */
    issuedAt: claims.iat,
    organisation: {
      id: claims.org_id,
      name: given(claims.org_name),
      number: given(claims.org_number),
      status: given(claims.org_status),
      jwksUri: given(claims.org_jwks_uri),
      competentAuthorityClaims: (claims.organisation_competent_authority_claims ?? []).map(competentAuthorityClaimOf),
    },
    softwareId: claims.software_id,
    directoryClientId: given(claims.software_client_id),
    clientName: given(claims.software_client_name),
    clientDescription: given(claims.software_client_description),
    clientUri: given(claims.software_client_uri),
    homepageUri: given(claims.software_homepage_uri),
    logoUri: given(claims.software_logo_uri),
    policyUri: given(claims.software_policy_uri),
    tosUri: given(claims.software_tos_uri),
    redirectUris: claims.software_redirect_uris as readonly string[],
    originUris: (claims.software_origin_uris ?? []) as readonly string[],
    webhookUris: (claims.software_api_webhook_uris ?? []) as readonly string[],
    jwksUri: claims.software_jwks_uri ?? claims.software_jwks_endpoint ?? "",
    jwksInactiveUri: given(claims.software_jwks_inactive_uri ?? claims.software_jwks_inactive_endpoint),
    jwksTransportUri: given(claims.software_jwks_transport_uri ?? claims.software_jwks_transport_endpoint),
    mode: given(claims.software_mode),
    environment: given(claims.software_environment),
    version: claims.software_version === undefined || claims.software_version === null ? undefined : String(claims.software_version),
    softwareStatus: given(claims.software_status),
    /** Role names without status; decide on `statementRoles`. */
    roles: (claims.software_roles ?? []) as readonly string[],
    statementRoles: (claims.software_statement_roles ?? []).map(statementRoleOf) as readonly StatementRole[],
  } as const;
}

function competentAuthorityClaimOf(claim: z.infer<typeof competentAuthorityClaim>): CompetentAuthorityClaim {
  return {
    authorisationDomain: given(claim.authorisation_domain),
    authorisationRole: given(claim.authorisation_role),
    registrationId: given(claim.registration_id),
    authorityId: given(claim.authority_id),
    authorityName: given(claim.authority_name),
    authorityCode: given(claim.authority_code),
    status: given(claim.status),
  };
}

function statementRoleOf(role: z.infer<typeof statementRole>): StatementRole {
  return { role: role.role, authorisationDomain: given(role.authorisation_domain), status: role.status };
}

function given(value: string | null | undefined): string | undefined {
  return value ?? undefined;
}
