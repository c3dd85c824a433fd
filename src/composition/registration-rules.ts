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
    roleScopes: await readTable(surroundings, settings.tables.roleScopesFile, roleScopesSchema),
    listedScopes: listedScopes(settings.offeredScopes),
    recoverUrl: recoverUrl(realm),
  };
}

/** Reads a table of `config/`; a wrong one stops the start with its name and what was expected. */
export async function readTable<T>({ root }: Pick<Surroundings, "root">, file: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(parseJson(file, await readSettingsFile(root, file)));
  if (!parsed.success) {
    throw new Error(`${file} is not usable: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not usable: it is not JSON`, { cause: error });
  }
}
