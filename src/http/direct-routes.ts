import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Middleware } from "koa";
import type { Log } from "../kernel/log.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { logAlso, requestIdOf, writeLogLine } from "./request-log.ts";
import { constantSecurityHeaders } from "./security-headers.ts";
import { unexpectedAnswer } from "./unexpected-error.ts";

/** A request without koa's context. */
export interface DirectCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

export type DirectHandler = (call: DirectCall) => Promise<JsonAnswer>;

export interface DirectRoutesNeeds {
  readonly log: Log;
  readonly isUnavailable: (error: unknown) => boolean;
}

/**
 * Lets the POST requests of exactly these paths past koa, its router and its middlewares, which cost as much as the
 * work itself where the work is one look into the store. Everything else goes on to `rest`, other spellings of these
 * paths (a query behind them) too: they are routes of koa as well, by `throughKoa`, and are answered alike.
 */
export function pastKoa(routes: ReadonlyMap<string, DirectHandler>, rest: RequestListener, needs: DirectRoutesNeeds): RequestListener {
  const written = needs.log.isLevelEnabled("info");
  return (request, response) => {
    const handler = request.method === "POST" ? routes.get(request.url ?? "") : undefined;
    if (!handler) {
      rest(request, response);
      return;
    }
    answerDirectly(request, response, handler, { ...needs, written }).catch((error: unknown) => {
      needs.log.error({ err: error }, "answer broke off");
      response.destroy();
    });
  };
}

async function answerDirectly(request: IncomingMessage, response: ServerResponse, handler: DirectHandler, needs: DirectRoutesNeeds & { written: boolean }): Promise<void> {
  const began = performance.now();
  const path = request.url ?? "";
  const requestId = requestIdOf(request.headers["x-fapi-interaction-id"]);
  const answer = await handler({ request, response, requestId }).catch((error: unknown) => unexpectedAnswer(error, requestId, needs));
  const body = answer.body === undefined ? "" : JSON.stringify(answer.body);
  response.on("error", (error) => needs.log.error({ err: error }, "answer broke off"));
  response.writeHead(answer.status, {
    "x-fapi-interaction-id": requestId,
    ...constantSecurityHeaders,
    ...answer.headers,
    ...(body === "" ? undefined : jsonType),
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
  if (needs.written) {
    writeLogLine(needs.log, { requestId, method: "POST", path, status: answer.status, began }, answer.logged);
  }
}

const jsonType = { "content-type": "application/json; charset=utf-8" } as const;

/** The same handler as a route of koa. */
export function throughKoa(handler: DirectHandler): Middleware {
  return async (ctx) => {
    const { status, headers, body, logged } = await handler({ request: ctx.req, response: ctx.res, requestId: String(ctx.state["requestId"]) });
    ctx.status = status;
    ctx.set(headers);
    ctx.body = body ?? "";
    if (body === undefined) {
      ctx.remove("content-type");
    }
    logAlso(ctx, logged ?? {});
  };
}
