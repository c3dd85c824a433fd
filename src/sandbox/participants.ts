import type { DirectoryMemory } from "./directory-memory.ts";
import type { Organisation, Software } from "./directory-records.ts";
import { authorisationDomain, authority } from "./statement-claims.ts";

/** The participants list: every organisation with its roles (Participants API 1.0.0). */
export async function participantsList(memory: DirectoryMemory): Promise<Record<string, unknown>[]> {
  const [organisations, software] = await Promise.all([memory.list("organisation"), memory.list("software")]);
  return organisations.map((organisation) =>
    participant(
      organisation,
      software.filter(({ organisationId }) => organisationId === organisation.id),
    ),
  );
}

function participant(organisation: Organisation, software: readonly Software[]): Record<string, unknown> {
  return {
    OrganisationId: organisation.id,
    Status: organisation.status,
    OrganisationName: organisation.name,
    CreatedOn: new Date(organisation.createdAt).toISOString(),
    LegalEntityName: organisation.legalName,
    CountryOfRegistration: "BR",
    CompanyRegister: "CNPJ",
    RegistrationNumber: organisation.cnpj,
    RegistrationId: organisation.cnpj.slice(0, 8),
    RegisteredName: organisation.legalName,
    AddressLine1: "Avenida de Teste, 1000",
    AddressLine2: "",
    City: "Sao Paulo",
    Postcode: "01000-000",
    Country: "BR",
    ParentOrganisationReference: "",
    Contacts: [],
    AuthorisationServers: [],
    OrgDomainClaims: [
      {
        AuthorisationDomainName: authorisationDomain,
        AuthorityName: authority.name,
        RegistrationId: organisation.cnpj.slice(0, 8),
        Status: organisation.status === "Active" ? "Active" : "Inactive",
      },
    ],
    OrgDomainRoleClaims: roleClaims(organisation, software),
  };
}

/** A role is active for the organisation while it is active for one of its software statements. */
function roleClaims(organisation: Organisation, software: readonly Software[]): Record<string, unknown>[] {
  const statuses = new Map<string, boolean>();
  for (const { role, status } of software.flatMap(({ roles }) => roles)) {
    statuses.set(role, status === "Active" || statuses.get(role) === true);
  }
  return [...statuses].map(([role, active]) => ({
    OrganisationId: organisation.id,
    AuthorityId: authority.id,
    AuthorityName: authority.name,
    RegistrationId: organisation.cnpj.slice(0, 8),
    AuthorisationDomain: authorisationDomain,
    Role: role,
    Authorisations: [],
    Status: active ? "Active" : "Inactive",
  }));
}
