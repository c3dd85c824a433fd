import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import formatsPlugin from "ajv-formats";
import { parse } from "yaml";

/** Where copies of the official contracts may lie; nothing depends on them but the extra checks. */
const folder = process.env["DATA_CONTRACTS"] ?? fileURLToPath(new URL("../../../shared/openapi", import.meta.url));

const files = {
  "/open-banking/accounts/v2": "accounts-2.4.2.yml",
  "/open-banking/customers/v2": "customers-2.2.1.yml",
  "/open-banking/resources/v3": "resources-3.1.0.yml",
} as const;

export const contractsAreAtHand = Object.values(files).every((file) => existsSync(join(folder, file)));

export interface ContractAnswer {
  /** With its base path; a query does not matter. */
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Contract {
  readonly paths: Readonly<Record<string, { readonly get: { readonly responses: Readonly<Record<string, Response>> } }>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

/** Makes a check that says everything in which the answer to a GET departs from its contract; empty when nothing. */
export function readOfficialContracts(): (answer: ContractAnswer) => string[] {
  const checks = Object.entries(files).map(([base, file]) => ({ base, check: readContract(join(folder, file)) }));
  return ({ path, status, body }) => {
    const [pathname = ""] = path.split("?");
    const found = checks.find(({ base }) => pathname.startsWith(`${base}/`));
    const template = pathname.slice(found?.base.length).replace(/^\/accounts\/[^/]+/, "/accounts/{accountId}");
    return found?.check(template, status, body) ?? [`no contract has ${pathname}`];
  };
}

function readContract(file: string): (template: string, status: number, body: unknown) => string[] {
  const document = parse(readFileSync(file, "utf8").replace(/^\uFEFF/, "")) as Contract; // what follows looks at its form
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  // The plugin is CommonJS: its function is the default member of what is imported.
  (formatsPlugin as unknown as (instance: Ajv) => void)(ajv);
  // The plugin's own rule for URLs knows no host without a dot, such as localhost.
  ajv.addFormat("url", (text) => URL.canParse(text));
  ajv.addSchema(document, "contract");
  return (template, status, body) => {
    const response = document.paths[template]?.get.responses[String(status)];
    if (response === undefined) return [`the contract has no ${status} for ${template}`];
    const name = response.$ref?.replace("#/components/responses/", "") ?? "";
    const [type = ""] = Object.keys(document.components.responses[name]?.content ?? {});
    const check = ajv.compile({ $ref: `contract#/components/responses/${name}/content/${type.replaceAll("/", "~1").replaceAll(" ", "%20")}/schema` });
    return check(body) ? [] : (check.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
  };
}
