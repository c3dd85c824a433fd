import { z } from "zod";
import { guid } from "../api-family.ts";
import { jsonContent, jsonSchema, parametersOf, pathParameter, securitySchemes } from "../openapi-parts.ts";
import { idSchema } from "./accounts-schemas.ts";
import type { DataApi, Operation } from "./data-api.ts";
import { errorSchema } from "./envelope.ts";

const headers = z.object({
  "x-fapi-interaction-id": z.string().regex(guid).describe("a UUID, new for every request; every answer bears it"),
  "x-fapi-auth-date": z.string().optional().describe("when the customer last logged in at the caller; not judged"),
  "x-fapi-customer-ip-address": z.string().optional().describe("the customer's address, if present; not judged"),
  "x-customer-user-agent": z.string().optional().describe("the customer's user agent; not judged"),
});

const refusals = {
  "400": "Interaction id or parameter missing or of another form, or the token in the URL",
  "401": "No good token, or its consent is not AUTHORISED",
  "403": "Scope or permission missing, or the account not consented or not available",
  "404": "No such address or customer",
  "405": "Only GET, HEAD and OPTIONS",
  "406": "JSON in UTF-8 not accepted",
  "422": "Period or paging out of bounds",
  "429": "Too many calls",
  "500": "Unexpected failure",
  "504": "Token cannot be checked now",
} as const;

/** The OpenAPI 3.1 document of the data APIs, made from the schemas that read their calls and type their answers. */
export function dataOpenApi(apis: readonly DataApi[], publicUrl: string): object {
  const operations = apis.flatMap((api) => api.operations.map((operation) => ({ api, operation })));
  return {
    openapi: "3.1.0",
    info: {
      title: "Sample bank: Open Finance Brasil data APIs",
      version: "1.0.0",
      summary: apis.map(({ title, version }) => `${title} ${version}`).join(", "),
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: publicUrl }],
    paths: Object.fromEntries(
      operations.map(({ api, operation }) => [api.base + operation.path, { get: describe(api, operation) }]),
    ),
    components: {
      securitySchemes,
      schemas: {
        ...Object.fromEntries(operations.map(({ operation }) => [operation.answerName, jsonSchema(operation.answer)])),
        Errors: jsonSchema(errorSchema),
      },
    },
  };
}

function describe(api: DataApi, { path, summary, permission, query, answerName }: Operation): object {
  const answered = { "x-fapi-interaction-id": { required: true, schema: { type: "string", format: "uuid" } } };
  return {
    tags: [api.title],
    summary,
    description: `Needs the scope ${api.scope} and a consent that is AUTHORISED and has the permission ${permission}.`,
    security: [{ boundToken: [api.scope] }],
    parameters: [
      ...(path.includes("{accountId}") ? [pathParameter("accountId", jsonSchema(idSchema))] : []),
      ...parametersOf("header", headers),
      ...parametersOf("query", query, "output"),
    ],
    responses: {
      "200": { description: "Found", headers: answered, content: jsonContent(answerName) },
      ...Object.fromEntries(
        Object.entries(refusals).map(([status, description]) => [
          status,
          { description, headers: answered, content: jsonContent("Errors") },
        ]),
      ),
    },
  };
}
