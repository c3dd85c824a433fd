import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import { endpointPaths } from "../oidc/endpoints.ts";
import type { ClientCredentialsGrant } from "../policy/token/client-credentials.ts";
import type { IntrospectToken } from "../policy/token/introspect-token.ts";
import type { RevokeToken } from "../policy/token/revoke-token.ts";
import type { IdentifyResourceServer } from "../policy/trust/resource-servers.ts";
import { printable, type Refusal } from "../kernel/refusal.ts";
import { formLimits, withClient, type ClientCall, type ClientCallNeeds } from "./client-call.ts";
import type { ReadClientCertificate } from "./client-certificate.ts";
import { answerPushedRequest, answerThroughEngine, inPermittedCharacters, type EngineCallNeeds } from "./engine-routes.ts";
import { readForm } from "./read-body.ts";
import { answerRefusals } from "./refusal-answer.ts";
import { logAlso } from "./request-log.ts";

export interface TokenRoutesNeeds extends ClientCallNeeds, EngineCallNeeds {
  readonly readCertificate: ReadClientCertificate;
  readonly clientCredentials: ClientCredentialsGrant;
  readonly introspect: IntrospectToken;
  readonly revoke: RevokeToken;
  readonly identifyResourceServer: IdentifyResourceServer;
}

/**
 * Token endpoint, pushed authorization requests, userinfo, introspection and revocation. What every request of the
 * ecosystem passes has handlers of its own; what a customer has part in goes through the engine.
 */
export function addTokenRoutes(router: Router, needs: TokenRoutesNeeds): void {
  const { realm } = needs;
  router.post(`${realm.path}${endpointPaths.token}`, withClient(needs, token));
  router.post(`${realm.path}${endpointPaths.pushed_authorization_request}`, withClient(needs, answerPushedRequest));
  router.get(`${realm.path}${endpointPaths.userinfo}`, userinfo(needs));
  router.post(`${realm.path}${endpointPaths.userinfo}`, userinfo(needs));
  router.post(`${realm.path}${endpointPaths.introspection}`, introspection(needs));
  router.post(`${realm.path}${endpointPaths.revocation}`, withClient(needs, revocation));
}

/** Grants in which a customer has part: the engine's. */
const engineGrants = ["authorization_code", "refresh_token"];

async function token(ctx: Context, call: ClientCall, needs: TokenRoutesNeeds): Promise<Refusal | undefined> {
  const grantType = call.form.get("grant_type");
  if (grantType === undefined || grantType === "") {
    return { code: "parameter.absent", expected: "grant_type", received: "none" };
  }
  if (grantType === "client_credentials") {
    return clientCredentials(ctx, call, needs);
  }
  return engineGrants.includes(grantType)
    ? answerThroughEngine(ctx, call, needs)
    : { code: "grant-type.not-offered", expected: ["client_credentials", ...engineGrants].join(", "), received: printable(grantType) };
}

async function clientCredentials(ctx: Context, call: ClientCall, needs: TokenRoutesNeeds): Promise<Refusal | undefined> {
  for (const again of [false, true]) {
    const authentication = await call.authenticate(again);
    if (!authentication.ok) {
      return authentication.refusal;
    }
    const outcome = await needs.clientCredentials.issue(authentication, { scope: call.form.get("scope"), thumbprint: call.thumbprint });
    if ("refusal" in outcome) {
      return outcome.refusal;
    }
    if ("issued" in outcome) {
      const { accessToken, expiresIn, scope } = outcome.issued;
      logAlso(ctx, { clientId: authentication.client.record.clientId, grant: "client_credentials" });
      noStore(ctx);
      ctx.body = { access_token: accessToken, token_type: "Bearer", expires_in: expiresIn, scope };
      return undefined;
    }
  }
  return changedTwice;
}

async function revocation(ctx: Context, call: ClientCall, needs: TokenRoutesNeeds): Promise<Refusal | undefined> {
  const token = call.form.get("token");
  if (token === undefined || token === "") {
    return { code: "parameter.absent", expected: "token", received: "none" };
  }
  for (const again of [false, true]) {
    const authentication = await call.authenticate(again);
    if (!authentication.ok) {
      return authentication.refusal;
    }
    const actor = { kind: "tpp", softwareId: call.brcac.softwareId, organisationId: call.brcac.organisationId, certificate: call.thumbprint } as const;
    const outcome = await needs.revoke(authentication, token, { actor, requestId: String(ctx.state["requestId"]) });
    if ("refusal" in outcome) {
      return outcome.refusal;
    }
    if ("revoked" in outcome) {
      noStore(ctx);
      ctx.status = 200;
      ctx.body = "";
      return undefined;
    }
  }
  return changedTwice;
}

/** The engine answers; the access token says who calls, and the certificate is judged as everywhere (D21). */
function userinfo(needs: TokenRoutesNeeds): Middleware {
  return async (ctx) => {
    const { verdict } = await needs.judgeCertificate(ctx);
    if (!verdict.ok) {
      answerRefusals(ctx, needs.realm, verdict.refusals);
      return;
    }
    await needs.engine(ctx, () => Promise.resolve());
    inPermittedCharacters(ctx);
  };
}

/** Only for the bank's resource servers: any other certificate, a TPP's above all, gets 401. */
function introspection(needs: TokenRoutesNeeds): Middleware {
  return async (ctx) => {
    const presented = needs.readCertificate(ctx.req);
    const caller = typeof presented === "string" ? needs.identifyResourceServer(undefined, []) : needs.identifyResourceServer(presented.leaf, presented.sent);
    if (!caller.ok) {
      answerRefusals(ctx, needs.realm, [caller.refusal]);
      return;
    }
    const form = await readForm(ctx.req, formLimits);
    if ("code" in form) {
      answerRefusals(ctx, needs.realm, [form]);
      return;
    }
    const token = form.get("token");
    if (token === undefined || token === "") {
      answerRefusals(ctx, needs.realm, [{ code: "parameter.absent", expected: "token", received: "none" }]);
      return;
    }
    logAlso(ctx, { resourceServer: caller.name });
    noStore(ctx);
    ctx.body = await needs.introspect(token);
  };
}

/** The client was changed twice during one request; the next try will find it at rest. */
const changedTwice: Refusal = { code: "store.unavailable", expected: "a client at rest", received: "one that changes all the time" };

function noStore(ctx: Context): void {
  ctx.set("cache-control", "no-store");
  ctx.set("pragma", "no-cache");
}
