import type { StatementReading } from "../../directory/read-software-statement.ts";
import { printable, type Refusal } from "../../kernel/refusal.ts";
import type { ClientRecord } from "../../store/client-records.ts";
import { failuresIn, runChecks, type Check } from "../check.ts";
import { sameDirectoryId } from "../../certs/brcac.ts";
import type { RegistrationFacts } from "./registration-facts.ts";

/** The gate: nothing else is looked at, and no address of the statement is called, before it stands. */
export const statementGate: readonly Check<StatementReading>[] = [
  {
    name: "statement-is-signed-by-the-directory",
    clause: "DCR 7.1-2, DCR 8",
    judge: (reading) => (reading.verified ? undefined : unverified(reading)),
  },
];

function unverified(reading: Extract<StatementReading, { verified: false }>): Refusal {
  const code = reading.failure === "directory-unreachable" ? "directory.unreachable" : (`statement.${reading.failure}` as const);
  return { code, expected: reading.detail, received: reading.received };
}

/** Age, issuer and state of the statement (DCR 7.1-3, 7.2, 9.2). */
export const statementChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "statement-issuer-is-this-directory",
    clause: "DCR 9.2",
    judge: ({ statement, rules }) =>
      rules.statementIssuers.includes(statement.issuer)
        ? undefined
        : { code: "statement.issuer", expected: printable(rules.statementIssuers.join(" or ")), received: printable(statement.issuer) },
  },
  {
    name: "statement-environment-is-this-one",
    clause: "DCR 9.2",
    judge: ({ statement, rules }) =>
      statement.environment === undefined || statement.environment.toLowerCase() === rules.environment
        ? undefined
        : { code: "statement.environment", expected: rules.environment, received: printable(statement.environment) },
  },
  {
    name: "statement-is-fresh",
    clause: "DCR 7.1-3",
    judge: ({ statement, rules, now }) => {
      const age = now - statement.issuedAt;
      if (age > rules.statementMaxAgeSeconds) {
        return { code: "statement.too-old", expected: `iat at most ${rules.statementMaxAgeSeconds} s ago`, received: `${Math.floor(age)} s ago` };
      }
      if (-age > rules.clockSkewSeconds) {
        return { code: "statement.from-the-future", expected: `iat at most ${rules.clockSkewSeconds} s ahead`, received: `${Math.ceil(-age)} s ahead` };
      }
      return undefined;
    },
  },
];

/** Whether organisation, software and role are active: what fails here also suspends a registered client. */
export const stateChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "organisation-is-active",
    clause: "DCR 7.2",
    judge: ({ statement }) => inactive("organisation.not-active", statement.organisation.status),
  },
  {
    name: "software-is-active",
    clause: "DCR 7.2",
    judge: ({ statement }) => inactive("software.not-active", statement.softwareStatus),
  },
  {
    name: "software-has-an-active-role",
    clause: "DCR 7.2",
    judge: (facts) => {
      if (activeRoles(facts).length > 0) {
        return undefined;
      }
      const roles = facts.statement.statementRoles.map(({ role, status }) => `${role} ${status}`).join(", ");
      return { code: "role.none-active", expected: `one of ${Object.keys(facts.rules.roleScopes).join(", ")} with status Active`, received: printable(roles || "no roles") };
    },
  },
];

/** A status that the statement leaves out says nothing against it: older statements have none. */
function inactive(code: "organisation.not-active" | "software.not-active", status: string | undefined): Refusal | undefined {
  return status === undefined || isActive(status) ? undefined : { code, expected: "Active", received: printable(status) };
}

function isActive(status: string): boolean {
  return status.toLowerCase() === "active";
}

/** Only roles that are Active in software_statement_roles count (DCR 7.2, D13). */
export function activeRoles({ statement, rules }: Pick<RegistrationFacts, "statement" | "rules">): string[] {
  return statement.statementRoles
    .filter(({ role, status }) => isActive(status) && Object.hasOwn(rules.roleScopes, role))
    .map(({ role }) => role);
}

/** The BRCAC is that of the statement's software and organisation (DCR 7.1-13, 7.1-14, D11). */
export const bindingChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "certificate-belongs-to-the-software",
    clause: "DCR 7.1-13",
    judge: ({ brcac, statement }) =>
      sameDirectoryId(brcac.softwareId, statement.softwareId)
        ? undefined
        : { code: "brcac.other-software", expected: `UID ${printable(statement.softwareId)}`, received: `UID ${printable(brcac.softwareId)}` },
  },
  {
    name: "certificate-belongs-to-the-organisation",
    clause: "DCR 7.1-14",
    judge: ({ brcac, statement }) =>
      sameDirectoryId(brcac.organisationId, statement.organisation.id)
        ? undefined
        : { code: "brcac.other-organisation", expected: `organisation ${printable(statement.organisation.id)}`, received: `organisation ${printable(brcac.organisationId)}` },
  },
];

/** Whether the caller is proven to be the one that the statement speaks of. */
export function isBound(facts: RegistrationFacts): boolean {
  return failuresIn(runChecks(bindingChecks, facts)).length === 0;
}

/** On an update and a recovery: the statement is that of the registered client (DCR 9.3.2-3). */
export const sameClientChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "statement-is-of-the-registered-software",
    clause: "DCR 9.3.2-3",
    judge: (facts) => {
      const registered = registeredClient(facts);
      return registered && !sameDirectoryId(registered.softwareId, facts.statement.softwareId)
        ? { code: "statement.other-software", expected: printable(registered.softwareId), received: printable(facts.statement.softwareId) }
        : undefined;
    },
  },
  {
    name: "statement-is-of-the-registered-organisation",
    clause: "DCR 9.3.2-3",
    judge: (facts) => {
      const registered = registeredClient(facts);
      const { organisation } = facts.statement;
      return registered && !sameDirectoryId(registered.organisationId, organisation.id)
        ? { code: "statement.other-organisation", expected: printable(registered.organisationId), received: printable(organisation.id) }
        : undefined;
    },
  },
];

/** The client that the call is about: by its registration access token, or else by its statement. */
function registeredClient({ updated, existing }: RegistrationFacts): ClientRecord | undefined {
  return (updated ?? existing)?.record;
}
