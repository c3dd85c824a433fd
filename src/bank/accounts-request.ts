import type { Context } from "koa";
import { z } from "zod";
import { printable } from "../kernel/refusal.ts";
import { institutionIdForm } from "../settings/settings-schema.ts";
import { accountsRefusal, type AccountsCode } from "./accounts-family.ts";
import { guid, loginIdForm, notPrintable, takesJson } from "./api-family.ts";

const bodyLimit = 8_192;

/** Headers of the accounts API; the descriptions serve the OpenAPI document and the error messages alike. */
export const accountsHeaders = z.object({
  transactionId: z.string().max(36).regex(guid).describe("a UUID of 36 characters, new for every request"),
  callingAppId: z.string().max(50).optional().describe("a name of the calling application, at most 50 characters"),
  institutionId: z
    .string()
    .regex(institutionIdForm)
    .optional()
    .describe("the financial institution's id, 4 to 6 digits, the one the token is for"),
});

const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** Query parameters of the accounts API. */
export const accountsQuery = z.object({
  hostUserId: z
    .string()
    .regex(/^[A-Za-z0-9]{1,16}$/)
    .optional()
    .describe("the customer's member number in the core system, 1 to 16 letters and digits"),
  loginId: z
    .string()
    .regex(loginIdForm)
    .optional()
    .describe("the customer's user name, 6 to 256 letters, digits and @$*_-=.!~"),
  institutionCustomerId: z
    .string()
    .regex(/^[0-9a-f]{32}$/i)
    .optional()
    .describe("the customerId of a business customer's location, 32 hexadecimal digits"),
  crossAccount: flag.default(true).describe("true or false; false leaves out accounts that belong to another customer"),
  additionalFields: flag.default(false).describe("true or false; true adds additionalInfo"),
});

/** Parameters of the contract that this service does not offer. */
const notOffered = ["$filter", "$apply", "$skipGroups", "$topGroups", "viewName"];

const invalidHeader: Record<keyof typeof accountsHeaders.shape, AccountsCode> = {
  transactionId: "ACC_99992",
  callingAppId: "ACC_99991",
  institutionId: "ACC_00015",
};

const invalidParameter: Record<keyof typeof accountsQuery.shape, AccountsCode> = {
  hostUserId: "ACC_99992",
  loginId: "ACC_99992",
  institutionCustomerId: "ACC_00410",
  crossAccount: "ACC_99994",
  additionalFields: "ACC_99994",
};

export type AccountsQuery = z.output<typeof accountsQuery>;

/**
 * Checks all of an accounts call but the token, in the order of the contract, and gives its query.
 * @throws ApiRefusal with the ACC code of what is wrong first.
 */
export function readAccountsCall(ctx: Context, institutionId: string): AccountsQuery {
  const parameters = [...new URLSearchParams(ctx.querystring)];
  checkPrintable(ctx, parameters);
  checkHeaders(ctx, institutionId);
  checkContent(ctx);
  checkParameterNames(parameters.map(([name]) => name));
  return readQuery(Object.fromEntries(parameters));
}

function checkPrintable(ctx: Context, parameters: readonly (readonly [string, string])[]): void {
  const texts = [...ctx.req.rawHeaders, ...parameters.flat(), ...Object.values(pathParameters(ctx))];
  if (texts.some((text) => notPrintable.test(text))) {
    throw accountsRefusal(
      "ACC_99995",
      "Expected printable ASCII only in headers, path and query; received another character. Leave it out, or replace it.",
    );
  }
}

function pathParameters(ctx: Context): Record<string, string> {
  return (ctx as Context & { params?: Record<string, string> }).params ?? {}; // the router's own addition
}

function checkHeaders(ctx: Context, institutionId: string): void {
  const names = Object.keys(accountsHeaders.shape) as (keyof typeof accountsHeaders.shape)[]; // keys of a literal
  const sent = Object.fromEntries(
    names.map((name) => [name, ctx.get(name).trim()]).filter(([, value]) => value !== ""),
  );
  if (sent["transactionId"] === undefined) {
    throw accountsRefusal(
      "ACC_99998",
      "Expected the header transactionId; received none. Send a new UUID with every request.",
    );
  }
  for (const name of names) {
    const field = accountsHeaders.shape[name];
    const issue = field.safeParse(sent[name]).error?.issues[0];
    if (issue === undefined) continue;
    const code = name === "transactionId" && issue.code === "too_big" ? "ACC_99997" : invalidHeader[name];
    throw accountsRefusal(
      code,
      `Expected in the header ${name} ${field.description}; received ${sent[name]?.length ?? 0} characters of another form.`,
    );
  }
  if (sent["institutionId"] !== undefined && sent["institutionId"] !== institutionId) {
    throw accountsRefusal(
      "ACC_00015",
      `Expected in the header institutionId the institution of the token, ${institutionId}; received another one. Leave the header out, or correct it.`,
    );
  }
}

function checkContent(ctx: Context): void {
  if (!takesJson(ctx)) {
    throw accountsRefusal(
      "ACC_99988",
      `Expected an Accept header that allows application/json; received ${printable(ctx.get("Accept"))}. Send Accept: application/json, or none.`,
    );
  }
  const length = Number(ctx.get("Content-Length") || "0");
  if (length > bodyLimit || ctx.get("Transfer-Encoding") !== "") {
    // Nobody reads what follows: the connection cannot be used again.
    ctx.set("Connection", "close");
    throw accountsRefusal(
      "ACC_99989",
      `Expected no body, or one of at most ${bodyLimit} bytes and declared length; received ${length > 0 ? `${length} bytes` : "an undeclared length"}. Send the GET without a body.`,
    );
  }
}

function checkParameterNames(names: readonly string[]): void {
  const foreign = names.find((name) => !Object.hasOwn(accountsQuery.shape, name));
  if (foreign !== undefined) {
    const offered = Object.keys(accountsQuery.shape).join(", ");
    const what = notOffered.includes(foreign) ? "which is not offered" : "which is unknown";
    throw accountsRefusal(
      "ACC_99994",
      `Expected only the query parameters ${offered}; received ${printable(foreign)}, ${what}. Leave it out.`,
    );
  }
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) {
    throw accountsRefusal(
      "ACC_99992",
      `Expected the query parameter ${repeated} once; received it several times. Send it once.`,
    );
  }
}

function readQuery(sent: Record<string, string>): AccountsQuery {
  if (sent["hostUserId"] !== undefined && sent["loginId"] !== undefined) {
    throw accountsRefusal("ACC_99992", "Expected one of hostUserId and loginId; received both. Leave one out.");
  }
  if (!sent["hostUserId"] && !sent["loginId"]) {
    throw accountsRefusal(
      "ACC_00021",
      "Expected the customer as the query parameter hostUserId or loginId; received neither, or an empty one. Send one of them.",
    );
  }
  const query = accountsQuery.safeParse(sent);
  if (query.success) return query.data;
  const name = query.error.issues[0]?.path[0] as keyof typeof accountsQuery.shape; // an issue of this flat object
  throw accountsRefusal(
    invalidParameter[name],
    `Expected in the query parameter ${name} ${accountsQuery.shape[name].description}; received another form (${sent[name]?.length ?? 0} characters).`,
  );
}
