import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { recoverUrl, type Realm } from "../oidc/endpoints.ts";
import type { RegistrationRules } from "../policy/registration/registration-facts.ts";
import { listedScopes } from "../policy/scope/listed-scopes.ts";
import { roleScopesSchema } from "../policy/scope/role-scopes.ts";
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
export async function readTable<T>({ root }: Surroundings, file: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(resolve(root, file), "utf8");
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(`${file} is not usable: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
