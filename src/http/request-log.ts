import { randomUUID } from "node:crypto";
import type { Middleware } from "koa";
import type { Log } from "../kernel/log.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Gives every request an id (the caller's `x-fapi-interaction-id` when it is a UUID), returns it in the same header,
 * and writes one line when the request is answered. The line holds the path without its query, and no personal data.
 */
export function requestLog(log: Log): Middleware {
  const written = log.isLevelEnabled("info");
  return async (ctx, next) => {
    const asked = ctx.get("x-fapi-interaction-id");
    const requestId = uuid.test(asked) ? asked : randomUUID();
    ctx.state["requestId"] = requestId;
    ctx.set("x-fapi-interaction-id", requestId);
    if (!written) {
      await next();
      return;
    }
    const began = performance.now();
    try {
      await next();
    } finally {
      log.info({
        requestId,
        method: ctx.method,
        path: ctx.path,
        status: ctx.status,
        milliseconds: Math.round((performance.now() - began) * 100) / 100,
        ...(ctx.state["logged"] as object | undefined),
      });
    }
  };
}

/** Adds facts to the request's log line: a client id, a refusal's codes. */
export function logAlso(ctx: { state: Record<string, unknown> }, facts: Readonly<Record<string, unknown>>): void {
  ctx.state["logged"] = { ...(ctx.state["logged"] as object | undefined), ...facts };
}
