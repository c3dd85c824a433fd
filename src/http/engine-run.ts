import type { IncomingMessage, ServerResponse } from "node:http";
import type Koa from "koa";
import mount from "koa-mount";
import type { EngineState } from "../oidc/engine-context.ts";
import type { PresentedCertificate } from "./client-certificate.ts";
import type { JsonAnswer } from "./json-answer.ts";

export interface EngineCall {
  /** Under the realm's path. */
  readonly path: string;
  readonly state: EngineState & { readonly clientCertificate: PresentedCertificate | undefined };
  /** The parameters of the request's form, which has been read. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** Lets the engine answer a request whose body has been read. Its headers are set on the response, nothing is sent. */
export type RunEngine = (request: IncomingMessage, response: ServerResponse, call: EngineCall) => Promise<JsonAnswer>;

/** Runs the engine in a context of its own, so that a repeated run finds no mark of the first. */
export function createEngineRun(engine: Koa): RunEngine {
  const work = mount(engine);
  return async (request, response, { path, state, body }) => {
    const { url } = request;
    request.url = path;
    const ctx = engine.createContext(request, response);
    try {
      Object.assign(ctx.state, state);
      // The engine takes a parsed body from here; its types know nothing of it.
      (ctx.request as { body?: unknown }).body = body;
      await work(ctx, () => Promise.resolve());
      return { status: ctx.status, headers: {}, body: ctx.body as object };
    } finally {
      request.url = url;
      letGo(ctx);
    }
  };
}

/**
 * The engine gives each context an accessor of its own (`ctx.oidc`). V8 keeps accessors among the old objects and so holds
 * what they lead to, the whole request, until the next full collection: 15 kB a request, a fifth of its time. Emptied,
 * the context leads nowhere.
 */
function letGo(ctx: object): void {
  const { oidc } = ctx as { oidc?: object };
  for (const context of [oidc, ctx]) {
    for (const name of Object.keys(context ?? {})) {
      (context as Record<string, unknown>)[name] = undefined;
    }
  }
}
