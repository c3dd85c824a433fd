import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type Router from "@koa/router";
import type { Middleware } from "koa";
import type { Log } from "../kernel/log.ts";
import type { Realm } from "../oidc/endpoints.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { createRequestTurns } from "./request-turns.ts";
import { logAlso, requestIdOf, writeLogLine } from "./request-log.ts";
import { constantSecurityHeaders } from "./security-headers.ts";
import { unexpectedAnswer } from "./unexpected-error.ts";
import { refuseMethod } from "./unknown-address.ts";

/** A request without koa's context. */
export interface DirectCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

export type DirectHandler = (call: DirectCall) => Promise<JsonAnswer>;

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Handlers by path and method. The last segment of a path may be a parameter (`:clientId`), which the handler reads. */
export type DirectRoutes = Readonly<Record<string, { readonly [method in Method]?: DirectHandler }>>;

export interface DirectRoutesNeeds {
  readonly log: Log;
  readonly isUnavailable: (error: unknown) => boolean;
}

/**
 * Lets the requests of exactly these paths past koa, its router and its middlewares, which cost as much as the work
 * itself where the work is one look into the store. Everything else goes on to `rest`, other spellings of these paths (a
 * query behind them) too: they are routes of koa as well, by `addThroughKoa`, and are answered alike.
 */
export function pastKoa(routes: DirectRoutes, rest: RequestListener, needs: DirectRoutesNeeds): RequestListener {
  const written = needs.log.isLevelEnabled("info");
  const find = finderOf(routes);
  const beginInTurn = createRequestTurns(requestsPerTurn);
  return (request, response) => {
    const handler = find(request.method ?? "", request.url ?? "");
    if (!handler) {
      rest(request, response);
      return;
    }
    beginInTurn(() => {
      answerDirectly(request, response, handler, { ...needs, written }).catch((error: unknown) => {
        needs.log.error({ err: error }, "answer broke off");
        response.destroy();
      });
    });
  };
}

/** On LMDB with 64 connections the processor is at work 94 % of the time with 8, 90 % with 16, and 80 to 86 % without a limit. */
const requestsPerTurn = 8;

const parameter = /\/:\w+$/;
/** What koa's router would read in the same way. */
const plainSegment = /^[\w.~-]+$/;

function finderOf(routes: DirectRoutes): (method: string, url: string) => DirectHandler | undefined {
  const exact = new Map<string, DirectHandler>();
  const oneBelow = new Map<string, DirectHandler>();
  for (const { path, method, handler } of eachOf(routes)) {
    (parameter.test(path) ? oneBelow : exact).set(`${method} ${path.replace(parameter, "")}`, handler);
  }
  return (method, url) => {
    const found = exact.get(`${method} ${url}`);
    // A path of its own is never a parameter of the one above it, whatever the method.
    if (found || Object.hasOwn(routes, url)) {
      return found;
    }
    const slash = url.lastIndexOf("/");
    return plainSegment.test(url.slice(slash + 1)) ? oneBelow.get(`${method} ${url.slice(0, slash)}`) : undefined;
  };
}

function eachOf(routes: DirectRoutes): { path: string; method: Method; handler: DirectHandler }[] {
  return Object.entries(routes).flatMap(([path, handlers]) =>
    // DirectRoutes has no other methods; Object.entries forgets that.
    Object.entries(handlers).map(([method, handler]) => ({ path, method: method as Method, handler })),
  );
}

async function answerDirectly(request: IncomingMessage, response: ServerResponse, handler: DirectHandler, needs: DirectRoutesNeeds & { written: boolean }): Promise<void> {
  const began = performance.now();
  const { method = "", url: path = "" } = request;
  const requestId = requestIdOf(request.headers["x-fapi-interaction-id"]);
  const answer = await handler({ request, response, requestId }).catch((error: unknown) => unexpectedAnswer(error, requestId, needs));
  const body = answer.body === undefined ? "" : JSON.stringify(answer.body);
  // RFC 9110 section 8.6: a 204 says nothing of a length.
  const length = answer.status === 204 ? undefined : { "content-length": Buffer.byteLength(body) };
  response.on("error", (error) => needs.log.error({ err: error }, "answer broke off"));
  response.writeHead(answer.status, {
    "x-fapi-interaction-id": requestId,
    ...constantSecurityHeaders,
    ...answer.headers,
    ...(body === "" ? undefined : jsonType),
    ...length,
  });
  response.end(body);
  if (needs.written) {
    writeLogLine(needs.log, { requestId, method, path, status: answer.status, began }, answer.logged);
  }
}

const jsonType = { "content-type": "application/json; charset=utf-8" } as const;

/** The same handlers as routes of koa. A path of its own takes every method, so that none comes to a parameter behind it. */
export function addThroughKoa(router: Router, routes: DirectRoutes, realm: Realm): void {
  for (const [path, handlers] of Object.entries(routes)) {
    for (const { method, handler } of eachOf({ [path]: handlers })) {
      router.register(path, [method], throughKoa(handler));
    }
    if (!parameter.test(path)) {
      const allowed = Object.keys(handlers).flatMap((method) => (method === "GET" ? ["HEAD", "GET"] : [method]));
      router.all(path, (ctx) => refuseMethod(ctx, realm, allowed));
    }
  }
}

function throughKoa(handler: DirectHandler): Middleware {
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
