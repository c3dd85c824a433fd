import { X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { createSampleData } from "../bank/sample-data.ts";
import { readCrlSources } from "../certs/crl-sources.ts";
import { loadTrustAnchors, readAuthorities } from "../certs/trust-anchors.ts";
import { roleScopesSchema } from "../policy/scope/role-scopes.ts";
import { resourceServersSchema } from "../policy/trust/resource-servers.ts";
import { encryptionKeyProblems } from "../settings/encryption-key.ts";
import { concerns, readSettings, SettingsError, type SettingsSources } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings-schema.ts";
import { readTable } from "./registration-rules.ts";
import { readServerFiles } from "./server-certificate.ts";
import { readSettingsFile } from "./settings-file.ts";

/**
 * The settings with which the server may start: each by itself, their combinations, and every file that they name. The
 * store and the directory are not asked.
 * @throws SettingsError that lists all problems by name
 */
export async function checkedSettings(sources: SettingsSources): Promise<Settings> {
  const { settings, unreadable, problems } = readSettings(sources);
  const ofFiles = settings === undefined ? [] : await fileProblems(sources.root, settings);
  const all = [...problems, ...ofFiles.filter((problem) => !concerns(problem, unreadable))];
  if (settings === undefined || all.length > 0) {
    throw new SettingsError(all);
  }
  return settings;
}

async function fileProblems(root: string, { tls, secrets, directory, certificates, tables, bankProducts, customersModule, sampleBank }: Settings): Promise<string[]> {
  const { certificateFile, keyFile } = tls;
  const { caFile } = directory;
  const problems = await Promise.all([
    certificateFile === undefined || keyFile === undefined ? [] : problemOf("tls", () => readServerFiles(root, { certificateFile, keyFile })),
    encryptionKeyProblems(root, secrets),
    caFile === undefined ? [] : problemOf("directory.caFile", () => readAuthority(root, caFile)),
    anchorProblems(root, "certificates.brcacAnchors", certificates.brcacAnchors),
    anchorProblems(root, "certificates.brsealAnchors", certificates.brsealAnchors),
    authorityProblems(root, "certificates.intermediates", certificates.intermediates),
    problemOf("certificates.crlSourcesFile", () => readCrlSources(resolve(root, certificates.crlSourcesFile))),
    problemOf("tables.roleScopesFile", () => readRoleScopes(root, tables.roleScopesFile, bankProducts)),
    resourceServerProblems(root, tables),
    anchorProblems(root, "tables.resourceServerAnchors", tables.resourceServerAnchors),
    // Read, not run: what it exports is looked at when it is opened.
    customersModule === undefined ? [] : problemOf("customersModule", () => readSettingsFile(root, customersModule)),
    closedAccountProblems(sampleBank.closedAccounts),
  ]);
  return problems.flat();
}

function closedAccountProblems(closed: readonly string[]): string[] {
  try {
    createSampleData("", closed);
    return [];
  } catch (error) {
    // It begins with the setting's name.
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** Each file by itself; then whether anchors remain, of which there are none only where none were asked for. */
async function anchorProblems(root: string, setting: string, files: readonly string[]): Promise<string[]> {
  const unreadable = await authorityProblems(root, setting, files);
  if (unreadable.length > 0 || files.length === 0) {
    return unreadable;
  }
  return problemOf(setting, () => loadTrustAnchors({ anchors: files.map((file) => resolve(root, file)) }));
}

async function authorityProblems(root: string, setting: string, files: readonly string[]): Promise<string[]> {
  const problems = await Promise.all(files.map((file) => problemOf(setting, () => readAuthorities([resolve(root, file)]))));
  return problems.flat();
}

/** What a role opens needs a consent, which a product of the bank does not. */
async function readRoleScopes(root: string, file: string, bankProducts: Settings["bankProducts"]): Promise<void> {
  const scopes = Object.values(await readTable({ root }, file, roleScopesSchema)).flat();
  const both = Object.keys(bankProducts).filter((scope) => scopes.includes(scope));
  if (both.length > 0) {
    throw new Error(`${file} has ${both.join(", ")}, which bankProducts gives without a consent`);
  }
}

async function resourceServerProblems(root: string, { resourceServersFile, resourceServerAnchors }: Settings["tables"]): Promise<string[]> {
  return problemOf("tables.resourceServersFile", async () => {
    const listed = await readTable({ root }, resourceServersFile, resourceServersSchema);
    if (listed.length > 0 && resourceServerAnchors.length === 0) {
      throw new Error(`${resourceServersFile} lists resource servers, and tables.resourceServerAnchors has no authority that their certificates could chain to`);
    }
  });
}

async function readAuthority(root: string, file: string): Promise<void> {
  const pem = await readSettingsFile(root, file);
  try {
    void new X509Certificate(pem);
  } catch (error) {
    throw new Error(`${file}: expected a PEM file with a certificate`, { cause: error });
  }
}

async function problemOf(setting: string, read: () => Promise<unknown>): Promise<string[]> {
  try {
    await read();
    return [];
  } catch (error) {
    return [`${setting}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
