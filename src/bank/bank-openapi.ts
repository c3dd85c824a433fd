import { z } from "zod";
import { accountListSchema, accountSchema } from "./accounts-answer.ts";
import { accountsHeaders, accountsQuery } from "./accounts-request.ts";
import { accountsPaths, accountsScope } from "./accounts-routes.ts";
import { customerProfileSchema } from "./customer-profile.ts";
import { customersHeaders, customersPaths, customersQuery, customersScope } from "./customers-routes.ts";
import { jsonContent, jsonSchema, parametersOf, pathParameter, securitySchemes } from "./openapi-parts.ts";

const accountsError = z.object({ code: z.string().regex(/^ACC_\d{5}$/), message: z.string() });
const customersError = z.object({ status: z.int(), message: z.string(), code: z.string().regex(/^UXU_\d{5}$/) });

/** The OpenAPI 3.1 document of the sample bank, made from the schemas that check its calls and shape its answers. */
export function bankOpenApi(publicUrl: string): object {
  const list = operation({
    summary: "Accounts of one customer, ordered by category and id",
    scope: accountsScope,
    parameters: [...parametersOf("header", accountsHeaders), ...parametersOf("query", accountsQuery)],
    answer: "AccountList",
    error: "AccountsError",
    statuses: {
      "400": "Bad call",
      "401": "Bad token",
      "403": "Scope missing",
      "404": "No such customer",
      "415": "JSON not accepted",
      "503": "Token cannot be checked now",
    },
  });
  const one = operation({
    summary: "One account of the customer",
    scope: accountsScope,
    parameters: [
      pathParameter("accountId"),
      ...parametersOf("header", accountsHeaders),
      ...parametersOf("query", accountsQuery),
    ],
    answer: "Account",
    error: "AccountsError",
    statuses: {
      "400": "Bad call",
      "401": "Bad token",
      "403": "Scope missing",
      "404": "No such customer or account",
      "415": "JSON not accepted",
      "503": "Token cannot be checked now",
    },
  });
  const profile = operation({
    summary: "Profile of one customer",
    scope: customersScope,
    parameters: [
      pathParameter("customerId"),
      ...parametersOf("header", customersHeaders),
      ...parametersOf("query", customersQuery),
    ],
    answer: "CustomerProfile",
    error: "CustomersError",
    statuses: {
      "400": "Bad call",
      "401": "Bad token",
      "403": "Scope missing",
      "404": "No such customer",
      "503": "Token cannot be checked now",
    },
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "Sample bank: accounts and customers",
      version: "1.0.0",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: publicUrl }],
    paths: Object.fromEntries([
      ...accountsPaths.flatMap((path) => [
        [path, { get: list }],
        [`${path}/{accountId}`, { get: one }],
      ]),
      ...customersPaths.map((path) => [`${path}/{customerId}`, { get: profile }]),
    ]),
    components: {
      securitySchemes,
      schemas: {
        Account: jsonSchema(accountSchema),
        AccountList: jsonSchema(accountListSchema),
        CustomerProfile: jsonSchema(customerProfileSchema),
        AccountsError: jsonSchema(accountsError),
        CustomersError: jsonSchema(customersError),
      },
    },
  };
}

interface OperationFacts {
  readonly summary: string;
  readonly scope: string;
  readonly parameters: readonly object[];
  readonly answer: string;
  readonly error: string;
  readonly statuses: Readonly<Record<string, string>>;
}

function operation({ summary, scope, parameters, answer, error, statuses }: OperationFacts): object {
  const refusals = Object.entries(statuses).map(([status, description]) => [
    status,
    { description, content: jsonContent(error) },
  ]);
  return {
    summary,
    description: `Needs the scope ${scope}.`,
    security: [{ boundToken: [scope] }],
    parameters,
    responses: { "200": { description: "Found", content: jsonContent(answer) }, ...Object.fromEntries(refusals) },
  };
}
