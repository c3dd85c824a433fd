import type { Context, Next } from "koa";
import type { Clock } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { CallOutcome } from "./api-family.ts";

/**
 * Makes the middleware that gives every request an id (`X-Request-Id`) and writes one line about it when its
 * answer is out. The line names the route's pattern, never the path or the query: those name customers.
 */
export function logRequests(needs: { log: Log; clock: Clock; newRequestId: () => string }) {
  const { log, clock, newRequestId } = needs;

  return async (ctx: Context, next: Next): Promise<void> => {
    const requestId = newRequestId();
    const startedAt = clock();
    ctx.state["requestId"] = requestId;
    ctx.set("X-Request-Id", requestId);
    ctx.res.once("close", () => {
      const { token, outcome } = ctx.state as { token?: { clientId: string }; outcome?: CallOutcome }; // set by guard and refusals
      log.info(
        {
          requestId,
          method: ctx.method,
          route: String((ctx as Context & { _matchedRoute?: unknown })._matchedRoute ?? "none"), // the router's own addition
          status: ctx.status,
          milliseconds: clock() - startedAt,
          ...(ctx.res.writableFinished ? {} : { aborted: true }),
          ...(token && { clientId: token.clientId }),
          ...outcome,
        },
        "request",
      );
    });
    await next();
  };
}
