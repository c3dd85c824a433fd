import type { Organisation, Software } from "./directory-records.ts";
import type { DirectoryUrls } from "./directory-settings.ts";

export const authorisationDomain = "Open Banking";
/** The Central Bank of Brazil's id at the directory is the ecosystem's own; this one is invented. */
export const authority = {
  id: "687a1c94-b360-4e04-9589-0fa5cb16451b",
  name: "Banco Central do Brasil",
  code: "BCB",
} as const;

export interface StatementFacts {
  readonly issuer: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly organisation: Organisation;
  readonly software: Software;
  readonly urls: DirectoryUrls;
}

/** The claims of a software statement, as the directory of the ecosystem gives them (DCR 5 and 8.1). */
export function statementClaims({ issuer, issuedAt, organisation, software, urls }: StatementFacts): Record<string, unknown> {
  const home = `https://${software.hostName}`;
  const organisationKeys = `${urls.keystore}/${organisation.id}`;
  const softwareKeys = `${organisationKeys}/${software.id}`;
  return {
    iss: issuer,
    iat: issuedAt,
    software_id: software.id,
    software_client_id: software.clientId,
    software_client_name: software.name,
    software_client_description: `${software.name}, a sandbox application of ${organisation.name}`,
    software_client_uri: home,
    software_homepage_uri: home,
    software_logo_uri: `${home}/logo.svg`,
    software_policy_uri: `${home}/policy`,
    software_tos_uri: `${home}/terms`,
    software_redirect_uris: software.redirectUris,
    software_api_webhook_uris: software.webhookUris,
    software_origin_uris: [],
    software_mode: "Live",
    software_environment: "sandbox",
    software_version: "1.1",
    software_status: software.status,
    software_flags: {},
    software_roles: software.roles.filter(({ status }) => status === "Active").map(({ role }) => role),
    software_statement_roles: software.roles.map(({ role, status }) => ({ role, authorisation_domain: authorisationDomain, status })),
    software_jwks_uri: `${softwareKeys}/application.jwks`,
    software_jwks_inactive_uri: `${softwareKeys}/inactive/application.jwks`,
    software_jwks_transport_uri: `${softwareKeys}/transport.jwks`,
    software_jwks_transport_inactive_uri: `${softwareKeys}/inactive/transport.jwks`,
    org_id: organisation.id,
    org_name: organisation.legalName,
    org_number: organisation.cnpj,
    org_status: organisation.status,
    organisation_flags: {},
    org_jwks_uri: `${organisationKeys}/application.jwks`,
    org_jwks_inactive_uri: `${organisationKeys}/inactive/application.jwks`,
    org_jwks_transport_uri: `${organisationKeys}/transport.jwks`,
    org_jwks_transport_inactive_uri: `${organisationKeys}/inactive/transport.jwks`,
    organisation_competent_authority_claims: software.roles.map(({ role, status }) => ({
      authority_id: authority.id,
      authority_name: authority.name,
      authority_code: authority.code,
      authorisation_domain: authorisationDomain,
      authorisation_role: role,
      authorisations: [],
      registration_id: organisation.cnpj.slice(0, 8),
      status,
    })),
  };
}
