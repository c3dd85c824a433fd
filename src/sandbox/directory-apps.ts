import type { RequestListener } from "node:http";
import type { Router } from "@koa/router";
import Koa from "koa";
import type { Log } from "../kernel/log.ts";
import type { DirectorySettings } from "./directory-settings.ts";
import { DirectoryProblem } from "./directory-problem.ts";
import { statementRoutes, tokenRoutes } from "./mtls-routes.ts";
import { operatorRoutes } from "./operator-routes.ts";
import { authRoutes, crlRoutes, keystoreRoutes, type RouteNeeds } from "./public-routes.ts";

/** What each listener answers with. */
export interface DirectoryHandlers {
  readonly public: RequestListener;
  /** Wants a TLS server that asks for client certificates. */
  readonly mtls: RequestListener;
  readonly crl: RequestListener;
}

export interface AppNeeds extends RouteNeeds {
  readonly settings: DirectorySettings;
  readonly log: Log;
}

/**
 * With its own names the directory has two listeners; with the real host names it has one, which asks for client
 * certificates, and the host says which part is meant.
 */
export function directoryHandlers(needs: AppNeeds): DirectoryHandlers {
  const auth = [authRoutes(needs)];
  const keystore = [keystoreRoutes(needs)];
  const token = [tokenRoutes(needs)];
  const api = [statementRoutes(needs)];
  const operator = [operatorRoutes(needs)];
  const handler = (routers: Router[]) => app(needs, routers).callback();
  const crl = handler([crlRoutes(needs)]);
  if (!needs.settings.realHostNames) {
    return { public: handler([...auth, ...keystore, ...operator]), mtls: handler([...token, ...api]), crl };
  }
  const urls = needs.directory.urls;
  const hosts = new Map([
    [new URL(urls.auth).hostname, handler(auth)],
    [new URL(urls.matlsAuth).hostname, handler(token)],
    [new URL(urls.matlsApi).hostname, handler(api)],
    [new URL(urls.keystore).hostname, handler(keystore)],
  ]);
  const other = handler(operator);
  const byHost: RequestListener = (request, response) => {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    (hosts.get(host) ?? other)(request, response);
  };
  return { public: byHost, mtls: byHost, crl };
}

function app({ log }: AppNeeds, routers: readonly Router[]): Koa {
  const koa = new Koa();
  koa.use(async (ctx, next) => {
    try {
      await next();
      if (ctx.respond !== false && ctx.status === 404 && ctx.body === undefined) {
        ctx.status = 404;
        ctx.body = { error: "not_found", error_description: "The sandbox directory has nothing at this address" };
      }
    } catch (error) {
      const known = error instanceof DirectoryProblem;
      if (!known) log.error({ err: error }, "directory request failed");
      ctx.status = known ? error.status : 500;
      ctx.body = known
        ? { error: error.code, error_description: error.message }
        : { error: "server_error", error_description: "The sandbox directory failed; its log says why" };
    }
  });
  for (const router of routers) koa.use(router.routes());
  koa.on("error", (error: Error) => log.error({ err: error }, "directory request failed"));
  return koa;
}
