import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Middleware } from "koa";
import type { Log } from "../kernel/log.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { logAlso, requestIdOf, writeLogLine } from "./request-log.ts";
import { constantSecurityHeaders } from "./security-headers.ts";
import { unexpectedAnswer } from "./unexpected-error.ts";

/** Answers a request without koa's context; undefined leaves it to koa. */
export type DirectHandler = (request: IncomingMessage) => Promise<JsonAnswer | undefined>;

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
    void answerDirectly(request, response, handler, { ...needs, written }).then((answered) => {
      if (!answered) {
        rest(request, response);
      }
    });
  };
}

async function answerDirectly(request: IncomingMessage, response: ServerResponse, handler: DirectHandler, needs: DirectRoutesNeeds & { written: boolean }): Promise<boolean> {
  const began = performance.now();
  const requestId = requestIdOf(request.headers["x-fapi-interaction-id"]);
  const answer = await handler(request).catch((error: unknown) => unexpectedAnswer(error, requestId, needs));
  if (!answer) {
    return false;
  }
  const body = JSON.stringify(answer.body);
  response.on("error", (error) => needs.log.error({ err: error }, "answer broke off"));
  response.writeHead(answer.status, {
    "x-fapi-interaction-id": requestId,
    ...constantSecurityHeaders,
    ...answer.headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
  if (needs.written) {
    writeLogLine(needs.log, { requestId, method: "POST", path: request.url ?? "", status: answer.status, began }, answer.logged);
  }
  return true;
}

/** The same handler as a route of koa; what it leaves, `otherwise` answers. */
export function throughKoa(handler: DirectHandler, otherwise: Middleware = async () => {}): Middleware {
  return async (ctx, next) => {
    const answer = await handler(ctx.req);
    if (!answer) {
      await otherwise(ctx, next);
      return;
    }
    ctx.status = answer.status;
    ctx.set(answer.headers);
    ctx.body = answer.body;
    logAlso(ctx, answer.logged ?? {});
  };
}
