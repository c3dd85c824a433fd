import { z } from "zod";
import { recoverUrl, type Realm } from "../oidc/endpoints.ts";
import type { RegistrationRules } from "../policy/registration/registration-facts.ts";
import { listedScopes } from "../policy/scope/listed-scopes.ts";
import { roleScopesSchema } from "../policy/scope/role-scopes.ts";
import { readSettingsFile } from "./settings-file.ts";
import type { Surroundings } from "./surroundings.ts";

/** What registrations are judged by. */
export async function registrationRules(surroundings: Surroundings, realm: Realm): Promise<RegistrationRules> {
  const { settings } = surroundings;
  return {
    realm: realm.name,
    ...settings.registration,
    statementIssuers: settings.directory.statementIssuers,
    environment: settings.directory.environment,
    keystoreUrl: settings.directory.keystoreUrl,
    roleScopes: await readTable(surroundings, "roleScopesFile", roleScopesSchema),
    listedScopes: listedScopes(settings.offeredScopes),
    recoverUrl: recoverUrl(realm),
  };
}

/** Reads a table that settings name; a wrong one stops the start with its name and what was expected. */
export async function readTable<T>(surroundings: Surroundings, table: "roleScopesFile" | "resourceServersFile", schema: z.ZodType<T>): Promise<T> {
  const file = surroundings.settings.tables[table];
  const parsed = schema.safeParse(jsonIn(await readSettingsFile(surroundings, `tables.${table}`, file)));
  if (!parsed.success) {
    throw new Error(`tables.${table}: ${file} is not usable: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** Undefined, which no table is, for what is not JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
