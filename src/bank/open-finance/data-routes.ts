import type { Router, RouterContext } from "@koa/router";
import type { Context, Middleware } from "koa";
import type { Clock } from "../../kernel/clock.ts";
import { printable } from "../../kernel/refusal.ts";
import { takesJson, type ApiFamily } from "../api-family.ts";
import { consentGuard, type ConsentedState } from "../consent-guard.ts";
import { tokenGuard, type GuardedState } from "../token-guard.ts";
import type { Introspect } from "../token-introspection.ts";
import type { DataApi } from "./data-api.ts";
import { refuseWith } from "./data-family.ts";
import { dataRefusal } from "./data-refusals.ts";
import { requireInteractionId } from "./interaction-id.ts";
import { sentParameters } from "./read-query.ts";

export interface DataRoutesNeeds {
  readonly introspect: Introspect;
  readonly clock: Clock;
  /** Root URL of the listener, for links. */
  readonly publicUrl: string;
  readonly limit: Middleware<GuardedState>;
}

/**
 * Adds the operations of a data API. Each call passes, in this order: token, client's rate, consent, interaction id,
 * Accept, and then the operation's own query and data.
 */
export function addDataRoutes(router: Router<GuardedState>, api: DataApi, family: ApiFamily, needs: DataRoutesNeeds): void {
  const { introspect, clock, publicUrl, limit } = needs;
  const refuse = refuseWith(family);
  const guard = { scope: api.scope, realm: api.name, clock, refuse };
  const bearer = tokenGuard({ ...guard, introspect });

  for (const { path, permission, respond } of api.operations) {
    router.get(
      api.base + path.replace("{accountId}", ":accountId"),
      sayVersion(api.version),
      bearer,
      limit,
      consentGuard({ ...guard, permission }) as Middleware<GuardedState>, // it adds to the state what only the handler below reads
      requireInteractionId,
      requireJson,
      (ctx: RouterContext<GuardedState>) => {
        const accountId = ctx.params["accountId"] ?? "";
        ctx.body = respond(ctx, {
          token: (ctx.state as ConsentedState).consented, // the consent guard's own addition
          accountId,
          place: { url: publicUrl + api.base + path.replace("{accountId}", accountId), sent: sentParameters(ctx) },
          now: clock(),
        });
      },
    );
  }
}

function sayVersion(version: string): Middleware {
  return (ctx, next) => {
    ctx.set("x-v", version);
    return next();
  };
}

const requireJson: Middleware = (ctx: Context, next) => {
  if (takesJson(ctx)) return next();
  throw dataRefusal(
    "FORMATO_NAO_ACEITO",
    `As respostas são application/json em UTF-8; o cabeçalho Accept ${printable(ctx.get("Accept"))} ou Accept-Charset não as aceita.`,
  );
};
