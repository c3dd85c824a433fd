import type { RequestListener } from "node:http";
import { Router } from "@koa/router";
import Koa from "koa";
import type { JWK } from "jose";
import type { Log } from "../kernel/log.ts";
import { endpointPaths, mtlsEndpoints, type Realm } from "../oidc/endpoints.ts";
import { addConsentRoutes, type ConsentRoutesNeeds } from "./consents/consent-routes.ts";
import { addThroughKoa, pastKoa } from "./direct-routes.ts";
import { addDiscoveryRoutes } from "./discovery-routes.ts";
import { addInteractionRoutes } from "./interaction-routes.ts";
import type { InteractionNeeds } from "./interaction.ts";
import { addMyConsentsRoutes, type MyConsentsNeeds } from "./my-consents-routes.ts";
import { stylesheet } from "./pages/stylesheet.ts";
import { answerRefusals } from "./refusal-answer.ts";
import { addRefusalPages } from "./refusal-page.ts";
import { registrationHandlers, type RegistrationRoutesNeeds } from "./registration-routes.ts";
import { requestLog } from "./request-log.ts";
import { securityHeaders } from "./security-headers.ts";
import { addUserinfoRoutes, tokenHandlers, type TokenRoutesNeeds } from "./token-routes.ts";
import { unexpectedErrors, unexpectedPageErrors } from "./unexpected-error.ts";
import { unknownAddress } from "./unknown-address.ts";

export interface AppsNeeds {
  readonly realm: Realm;
  readonly log: Log;
  readonly isUnavailable: (error: unknown) => boolean;
  readonly discoveryDocument: Readonly<Record<string, unknown>>;
  readonly publicJwks: { readonly keys: readonly JWK[] };
  readonly registration: RegistrationRoutesNeeds;
  readonly tokens: TokenRoutesNeeds;
  readonly consents: ConsentRoutesNeeds;
  /** Keys that sign cookies, the current one first; the engine's own. */
  readonly cookieKeys: readonly string[];
  readonly interaction: InteractionNeeds;
  readonly myConsents: MyConsentsNeeds;
}

/** The application of the public listener: discovery, keys, pages. No client certificate is asked for. */
export function createPublicApp(needs: AppsNeeds): Koa {
  const { realm } = needs;
  const router = new Router();
  addDiscoveryRoutes(router, { realm, document: needs.discoveryDocument, publicJwks: needs.publicJwks });
  addRefusalPages(router, realm);
  router.get(stylesheet.path, (ctx) => {
    ctx.type = stylesheet.type;
    ctx.set("cache-control", stylesheet.cacheControl);
    ctx.body = stylesheet.text;
  });
  const pages = new Router();
  pages.use(unexpectedPageErrors(needs));
  addInteractionRoutes(pages, needs.interaction);
  addMyConsentsRoutes(pages, needs.myConsents);
  router.use(pages.routes());
  // These take a client certificate and live on the other host; here they answer without one (D21).
  for (const name of mtlsEndpoints) {
    router.all(`${realm.path}${endpointPaths[name]}{/*rest}`, (ctx) => {
      answerRefusals(ctx, realm, [{ code: "certificate.absent", expected: `a call with client certificate to ${realm.mtlsUrl}`, received: "a call to the public address" }]);
    });
  }
  return assemble(needs, router);
}

/** What answers on the mutual-TLS listener: everything that takes a client certificate. */
export function createMtlsListener(needs: AppsNeeds): RequestListener {
  const direct = { ...tokenHandlers(needs.tokens), ...registrationHandlers(needs.registration) };
  const router = new Router();
  addThroughKoa(router, direct, needs.realm);
  addUserinfoRoutes(router, needs.tokens);
  addConsentRoutes(router, needs.consents);
  return pastKoa(direct, assemble(needs, router).callback(), needs);
}

function assemble({ realm, log, isUnavailable, cookieKeys }: AppsNeeds, router: Router): Koa {
  const app = new Koa();
  // Koa reads no proxy's header: who calls tells caller-address.ts, and what this server is called the settings.
  app.proxy = false;
  app.silent = true;
  app.keys = [...cookieKeys];
  app.on("error", (error: Error) => log.error({ err: error }, "answer broke off"));
  app.use(requestLog(log));
  app.use(unexpectedErrors({ log, isUnavailable }));
  app.use(securityHeaders());
  app.use(unknownAddress(router, realm));
  app.use(router.routes());
  return app;
}
