import type { Middleware } from "koa";
import type { Log } from "../kernel/log.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { sendErrorPage, tryAgain } from "./send-page.ts";

export interface UnexpectedErrorNeeds {
  readonly log: Log;
  readonly isUnavailable: (error: unknown) => boolean;
}

/**
 * The answer to what no rule has foreseen: logged with its stack, answered without any detail. A store that is out of
 * reach is the one foreseen case: the caller may try again, because nothing was half done.
 */
export function unexpectedAnswer(error: unknown, requestId: string, { log, isUnavailable }: UnexpectedErrorNeeds): JsonAnswer {
  const { status } = error as { status?: unknown };
  if (typeof status === "number" && status >= 400 && status < 500) {
    return answer(status, "invalid_request", "The request cannot be understood.");
  }
  const unavailable = isUnavailable(error);
  log.error({ err: error, requestId }, unavailable ? "store unavailable" : "unexpected error");
  return unavailable
    ? answer(503, "temporarily_unavailable", "The server cannot reach its store just now. Try again.", tryAgain)
    : answer(500, "server_error", `An unexpected error; the log has it under request ${requestId}.`);
}

/** The same for the pages of customers, who are told so in their language. */
export function unexpectedPageErrors(needs: UnexpectedErrorNeeds): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status, headers } = unexpectedAnswer(error, String(ctx.state["requestId"]), needs);
      sendErrorPage(ctx, status < 500 ? "request-invalid" : "unavailable");
      ctx.status = status;
      ctx.set(headers);
    }
  };
}

/** The same for every other route of koa. */
export function unexpectedErrors(needs: UnexpectedErrorNeeds): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status, headers, body } = unexpectedAnswer(error, String(ctx.state["requestId"]), needs);
      ctx.status = status;
      ctx.set(headers);
      ctx.body = body;
    }
  };
}

function answer(status: number, error: string, description: string, headers: Record<string, string> = {}): JsonAnswer {
  return { status, headers: { ...headers, "cache-control": "no-store" }, body: { error, error_description: description } };
}
