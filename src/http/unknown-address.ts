import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import type { Realm } from "../oidc/endpoints.ts";
import { answerRefusals } from "./refusal-answer.ts";

/** What no route took: 405 with `Allow` where another method would do, else 404; JSON like every other error. */
export function unknownAddress(router: Router, realm: Realm): Middleware {
  return async (ctx, next) => {
    await next();
    if (ctx.status !== 404 || ctx.body !== undefined && ctx.body !== null) {
      return;
    }
    const allowed = [...new Set(router.match(ctx.path, ctx.method).path.flatMap(({ methods }) => methods))];
    if (allowed.length > 0) {
      refuseMethod(ctx, realm, allowed);
      return;
    }
    ctx.status = 404;
    ctx.body = {
      error: "not_found",
      error_description: "There is nothing at this address. The discovery document names the endpoints.",
      error_uri: `${realm.issuer}/.well-known/openid-configuration`,
    };
  };
}

/** 405 with `Allow` (RFC 9110 section 15.5.6). */
export function refuseMethod(ctx: Context, realm: Realm, allowed: readonly string[]): void {
  ctx.set("allow", allowed.join(", "));
  answerRefusals(ctx, realm, [{ code: "method.not-allowed", expected: allowed.join(", "), received: ctx.method.replace(/[^A-Z]/g, "?") }]);
}
