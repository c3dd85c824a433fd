import type { Router } from "@koa/router";
import type { Context, Middleware, Next } from "koa";
import { z } from "zod";
import { printable } from "../kernel/refusal.ts";
import { guid, loginIdForm, notPrintable, takesJson } from "./api-family.ts";
import { toCustomerProfile } from "./customer-profile.ts";
import { customersRefusal } from "./customers-family.ts";
import type { SampleData } from "./sample-data.ts";
import type { GuardedState } from "./token-guard.ts";

export const customersScope = "institution-users:read";

/** Both generations of the contract's paths. */
export const customersPaths: string[] = ["/digitalbanking/ux-users/v1/customers", "/v1/customers"];

export const customersHeaders = z.object({
  correlationId: z.string().regex(guid).describe("a UUID, new for every request"),
});

export const customersQuery = z.object({
  userIdType: z
    .enum(["CUSTOMER_ID", "LOGIN_ID"])
    .default("CUSTOMER_ID")
    .describe("CUSTOMER_ID or LOGIN_ID: what the path names the customer by"),
});

export interface CustomersNeeds {
  readonly sampleData: SampleData;
  readonly institutionId: string;
  /** Lets only tokens with institution-users:read through. */
  readonly guard: Middleware<GuardedState>;
}

/** Adds the customer's profile. */
export function addCustomersRoutes(router: Router<GuardedState>, needs: CustomersNeeds): void {
  router.get(
    customersPaths.map((path) => `${path}/:customerId`),
    echoCorrelationId,
    needs.guard,
    (ctx) => {
      const query = readCustomersCall(ctx);
      const name = ctx.params["customerId"] ?? "";
      checkName(name, query.userIdType);
      const { customerById, customerByLoginId } = needs.sampleData;
      const customer = query.userIdType === "CUSTOMER_ID" ? customerById(name) : customerByLoginId(name);
      if (customer === undefined) {
        throw customersRefusal(
          "UXU_88888",
          `Expected a customer of this institution; received a ${query.userIdType} that nobody has. Check it, and that userIdType says what it is.`,
        );
      }
      ctx.body = toCustomerProfile(customer, needs.institutionId);
    },
  );
}

function echoCorrelationId(ctx: Context, next: Next): Promise<void> {
  const correlationId = ctx.get("correlationId");
  if (guid.test(correlationId)) ctx.set("correlationId", correlationId);
  return next();
}

function readCustomersCall(ctx: Context): z.output<typeof customersQuery> {
  const correlationId = ctx.get("correlationId").trim();
  if (correlationId === "") {
    throw customersRefusal(
      "UXU_10006",
      "Expected the header correlationId; received none. Send a new UUID with every request.",
    );
  }
  if (!customersHeaders.safeParse({ correlationId }).success) {
    throw customersRefusal(
      "UXU_10007",
      `Expected in the header correlationId ${customersHeaders.shape.correlationId.description}; received ${correlationId.length} characters of another form.`,
    );
  }
  if (!takesJson(ctx)) {
    throw customersRefusal(
      "UXU_99999",
      `Expected an Accept header that allows application/json; received ${printable(ctx.get("Accept"))}. Send Accept: application/json, or none.`,
    );
  }
  const parameters = [...new URLSearchParams(ctx.querystring)];
  const [first, second] = parameters;
  const query = customersQuery.safeParse(Object.fromEntries(parameters));
  if (second !== undefined || (first !== undefined && first[0] !== "userIdType") || !query.success) {
    throw customersRefusal(
      "UXU_10014",
      "Expected at most one query parameter, userIdType, of CUSTOMER_ID or LOGIN_ID; received another parameter or value. Leave it out, or correct it.",
    );
  }
  return query.data;
}

const nameForms = {
  CUSTOMER_ID: { form: /^[0-9a-f]{32}$/i, expected: "32 hexadecimal digits" },
  LOGIN_ID: { form: loginIdForm, expected: "6 to 256 letters, digits and @$*_-=.!~" },
} as const;

function checkName(name: string, userIdType: keyof typeof nameForms): void {
  const { form, expected } = nameForms[userIdType];
  if (form.test(name)) return;
  const received = notPrintable.test(name)
    ? "characters outside printable ASCII"
    : `${name.length} characters of another form`;
  throw customersRefusal(
    "UXU_10012",
    `Expected a ${userIdType} of ${expected} in the path; received ${received}. Correct it, or say with userIdType what it is.`,
  );
}
