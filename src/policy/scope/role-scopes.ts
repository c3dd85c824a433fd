import { z } from "zod";

const scopeToken = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/);

export const roleScopesSchema = z
  .record(z.string().min(1), z.array(scopeToken).min(1))
  .describe("Regulatory role to the scopes that it opens (DCR 7.2, D13)");

/** Regulatory role to scopes, from `config/role-scopes.json`. */
export type RoleScopes = z.output<typeof roleScopesSchema>;

export interface ScopeGrant {
  /** What is registered: asked for (or everything), within the roles, and listed by discovery; in the table's order. */
  readonly granted: readonly string[];
  /** Asked for and outside the active roles. */
  readonly outsideRoles: readonly string[];
}

/**
 * The scopes of a registration (DCR 7.1-9, 7.1.1-3): without a request the union over the active roles; within the
 * roles but not listed is left out; outside the roles is for the caller to refuse.
 */
export function grantScopes(
  table: RoleScopes,
  activeRoles: readonly string[],
  listed: readonly string[],
  requested: readonly string[] | undefined,
): ScopeGrant {
  const allowed = [...new Set(activeRoles.flatMap((role) => table[role] ?? []))];
  const asked = requested ?? allowed;
  return {
    granted: allowed.filter((scope) => asked.includes(scope) && listed.includes(scope)),
    outsideRoles: [...new Set(asked)].filter((scope) => !allowed.includes(scope)),
  };
}

/** The roles that open a scope, to name the missing one. */
export function rolesWithScope(table: RoleScopes, scope: string): string[] {
  return Object.entries(table).flatMap(([role, scopes]) => (scopes.includes(scope) ? [role] : []));
}

/** A `scope` member as its values. */
export function scopeValues(scope: string | undefined): string[] | undefined {
  const values = scope?.split(" ").filter((value) => value !== "");
  return values === undefined || values.length === 0 ? undefined : values;
}
