import type { Middleware } from "koa";
import type { Log } from "../kernel/log.ts";

/**
 * What no rule has foreseen: logged with its stack, answered without any detail. A store that is out of reach is the
 * one foreseen case: the caller may try again, because nothing was half done.
 */
export function unexpectedErrors(log: Log, isUnavailable: (error: unknown) => boolean): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const status = (error as { status?: unknown }).status;
      if (typeof status === "number" && status >= 400 && status < 500) {
        answer(ctx, status, "invalid_request", "The request cannot be understood.");
        return;
      }
      const unavailable = isUnavailable(error);
      log.error({ err: error, requestId: ctx.state["requestId"] as string }, unavailable ? "store unavailable" : "unexpected error");
      if (unavailable) {
        ctx.set("retry-after", "5");
        answer(ctx, 503, "temporarily_unavailable", "The server cannot reach its store just now. Try again.");
        return;
      }
      answer(ctx, 500, "server_error", `An unexpected error; the log has it under request ${String(ctx.state["requestId"])}.`);
    }
  };
}

function answer(ctx: Parameters<Middleware>[0], status: number, error: string, description: string): void {
  ctx.status = status;
  ctx.set("cache-control", "no-store");
  ctx.body = { error, error_description: description };
}
