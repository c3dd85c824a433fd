import { randomUUID } from "node:crypto";
import type { Middleware } from "koa";
import type { Log } from "../kernel/log.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The request's id: the caller's `x-fapi-interaction-id` when it is a UUID, else a new one. */
export function requestIdOf(asked: string | readonly string[] | undefined): string {
  return typeof asked === "string" && uuid.test(asked) ? asked : randomUUID();
}

export interface AnsweredRequest {
  readonly requestId: string;
  readonly method: string;
  /** Without its query, which may hold anything. */
  readonly path: string;
  readonly status: number;
  /** When it came, by `performance.now()`. */
  readonly began: number;
}

/** Writes the one line of a request. It holds no personal data. */
export function writeLogLine(log: Log, { began, ...request }: AnsweredRequest, more: object | undefined): void {
  log.info({ ...request, milliseconds: Math.round((performance.now() - began) * 100) / 100, ...more });
}

/** Gives every request its id, returns it in `x-fapi-interaction-id`, and writes one line when it is answered. */
export function requestLog(log: Log): Middleware {
  const written = log.isLevelEnabled("info");
  return async (ctx, next) => {
    const requestId = requestIdOf(ctx.req.headers["x-fapi-interaction-id"]);
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
      const { method, path, status } = ctx;
      writeLogLine(log, { requestId, method, path, status, began }, ctx.state["logged"] as object | undefined);
    }
  };
}

/** Adds facts to the request's log line: a client id, a refusal's codes. */
export function logAlso(ctx: { state: Record<string, unknown> }, facts: Readonly<Record<string, unknown>>): void {
  ctx.state["logged"] = { ...(ctx.state["logged"] as object | undefined), ...facts };
}
