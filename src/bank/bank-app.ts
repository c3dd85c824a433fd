import { Router } from "@koa/router";
import Koa, { type Context, type Next } from "koa";
import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { accountsFamily } from "./accounts-family.ts";
import { accountsScope, addAccountsRoutes } from "./accounts-routes.ts";
import { answerRefusal, ApiRefusal, refuseAs, type ApiFamily, type ErrorFamily } from "./api-family.ts";
import { bankOpenApi } from "./bank-openapi.ts";
import { customersFamily } from "./customers-family.ts";
import { addCustomersRoutes, customersScope } from "./customers-routes.ts";
import { createOpenFinance, type OpenFinanceSettings } from "./open-finance/open-finance.ts";
import { logRequests } from "./request-log.ts";
import type { SampleData } from "./sample-data.ts";
import { tokenGuard, type GuardedState } from "./token-guard.ts";
import type { Introspect } from "./token-introspection.ts";

export interface BankNeeds {
  readonly introspect: Introspect;
  readonly sampleData: SampleData;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes a new id for each request, a UUID. */
  readonly newRequestId: () => string;
  readonly settings: BankSettings;
}

export interface BankSettings {
  /** The one financial institution, 4 to 6 digits with leading zeros. */
  readonly institutionId: string;
  /** Root URL of the bank, for its links and OpenAPI documents. */
  readonly publicUrl: string;
  readonly openFinance?: OpenFinanceSettings;
}

/** Paths of neither API answer like the HTTP parser does. */
const noFamily: ErrorFamily = {
  envelope: ({ code, message }) => ({ error: code, error_description: message }),
  notFound: { code: "not_found", status: 404 },
  methodNotAllowed: { code: "method_not_allowed", status: 405 },
  unexpected: { code: "server_error", status: 500 },
};

/** Makes the sample bank: digital banking's and Open Finance's APIs behind token guards, and their OpenAPI documents. */
export function createBankApp(needs: BankNeeds): Koa<GuardedState> {
  const { introspect, clock, sampleData, settings, log } = needs;
  const { institutionId } = settings;
  const guard = (scope: string, family: ApiFamily) =>
    tokenGuard({ introspect, clock, scope, realm: family.name, refuse: refuseAs(family) });

  const router = new Router<GuardedState>();
  addAccountsRoutes(router, { sampleData, institutionId, guard: guard(accountsScope, accountsFamily) });
  addCustomersRoutes(router, { sampleData, institutionId, guard: guard(customersScope, customersFamily) });
  const openFinance = createOpenFinance({
    ...needs,
    newInteractionId: needs.newRequestId,
    publicUrl: settings.publicUrl,
    ...settings.openFinance,
  });
  openFinance.addRoutes(router);
  const openApi = bankOpenApi(settings.publicUrl);
  router.get("/openapi.json", (ctx) => {
    ctx.body = openApi;
  });

  const families = [accountsFamily, customersFamily, ...openFinance.families];
  const familyOf = (ctx: Context): ErrorFamily => families.find((family) => family.serves(ctx.path)) ?? noFamily;

  const app = new Koa<GuardedState>();
  app.use(logRequests(needs));
  app.use(securityHeaders);
  app.use(openFinance.echo);
  app.use(answerFailures(log, familyOf));
  app.use(router.routes());
  app.use(answerUnrouted(familyOf));
  // Only what goes wrong while an answer is being sent comes here.
  app.on("error", (error: Error) => log.warn({ err: error }, "answer not sent"));
  return app;
}

function securityHeaders(ctx: Context, next: Next): Promise<void> {
  ctx.set("Cache-Control", "no-store");
  ctx.set("X-Content-Type-Options", "nosniff");
  ctx.set("Strict-Transport-Security", "max-age=31536000");
  return next();
}

type FamilyOf = (ctx: Context) => ErrorFamily;

function answerFailures(log: Log, familyOf: FamilyOf) {
  return async (ctx: Context, next: Next): Promise<void> => {
    try {
      await next();
    } catch (error) {
      const family = familyOf(ctx);
      if (error instanceof ApiRefusal) {
        answerRefusal(ctx, family, error);
        return;
      }
      log.error({ err: error, requestId: ctx.state["requestId"] }, "unexpected failure");
      const message = `Something failed here, not in the request. Try again later, and if it stays, report the X-Request-Id of this answer.`;
      answerRefusal(ctx, family, new ApiRefusal({ message, ...family.unexpected }));
    }
  };
}

/** What no route took: OPTIONS, a wrong verb, or a path that is not there. */
function answerUnrouted(familyOf: FamilyOf) {
  return (ctx: Context): void => {
    const family = familyOf(ctx);
    const layers = (ctx as Context & { matched?: { methods: string[] }[] }).matched ?? []; // the router's own addition
    const allowed = [...new Set(layers.flatMap((layer) => layer.methods))];
    if (allowed.length === 0) {
      const message = "Expected a path of this API; received another one. GET /openapi.json lists them.";
      throw new ApiRefusal({ message, ...family.notFound });
    }
    ctx.set("Allow", [...allowed, "OPTIONS"].sort().join(", "));
    if (ctx.method === "OPTIONS") {
      ctx.status = 204;
      return;
    }
    const message = `Expected ${allowed.sort().join(" or ")}; received another method. This API only reads.`;
    throw new ApiRefusal({ message, ...family.methodNotAllowed });
  };
}
