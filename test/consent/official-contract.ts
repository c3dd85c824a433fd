import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import formatsPlugin from "ajv-formats";
import { parse } from "yaml";

/** Where a copy of the official contract may lie; nothing depends on it but the extra tests. */
const contractFile = process.env["CONSENTS_CONTRACT"] ?? fileURLToPath(new URL("../../../shared/openapi/consents-3.3.1.yml", import.meta.url));

export const contractIsAtHand = existsSync(contractFile);

export interface ContractAnswer {
  readonly method: string;
  /** With its base path, without a query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** Makes a check that says everything in which an answer departs from the official contract; empty when nothing. */
export function readOfficialContract(): (answer: ContractAnswer) => string[] {
  const document = parse(readFileSync(contractFile, "utf8").replace(/^\uFEFF/, "")) as { paths: Record<string, Record<string, Operation>> };
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  // The plugin is CommonJS: its function is the default member of what is imported.
  (formatsPlugin as unknown as (instance: Ajv) => void)(ajv);
  ajv.addSchema(document, "contract");
  return ({ method, path, status, headers, body }) => {
    const template = path
      .replace("/open-banking/consents/v3", "")
      .replace(/^\/consents\/[^/]+/, "/consents/{consentId}");
    const operation = document.paths[template]?.[method.toLowerCase()];
    if (operation === undefined) {
      // Another method, or an address of nobody: only the envelope of errors can be checked.
      return validate("#/components/schemas/ResponseError", body);
    }
    const response = operation.responses[String(status)];
    if (response === undefined) {
      return [`the contract has no ${status} for ${method} ${template}`];
    }
    const pointer = response.$ref ?? `#/paths/${escape(template)}/${method.toLowerCase()}/responses/${status}`;
    const [type] = Object.keys(lookUp(pointer).content ?? {});
    return [...checkHeaders(status, headers), ...(type === undefined ? [] : validate(`${pointer}/content/${escape(type)}/schema`, body))];
  };

  function lookUp(pointer: string): { content?: Record<string, unknown> } {
    const steps = pointer.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    return steps.reduce((value, step) => value[step] as Record<string, unknown>, document as Record<string, unknown>);
  }

  function validate(pointer: string, body: unknown): string[] {
    const check = ajv.compile({ $ref: `contract${pointer}` });
    return check(body) ? [] : (check.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
  }
}

function checkHeaders(status: number, headers: ContractAnswer["headers"]): string[] {
  return [
    ...(/^[0-9a-f-]{36}$/i.test(String(headers["x-fapi-interaction-id"])) ? [] : ["x-fapi-interaction-id is missing"]),
    ...(status < 300 && !/^\d+\.\d+\.\d+$/.test(String(headers["x-v"])) ? ["x-v is missing"] : []),
    ...(status !== 204 && !/^application\/json; charset=utf-8$/.test(String(headers["content-type"])) ? ["the answer is not application/json"] : []),
  ];
}

function escape(step: string): string {
  return encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"));
}
