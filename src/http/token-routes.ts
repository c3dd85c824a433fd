import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import { endpointPaths, type Realm } from "../oidc/endpoints.ts";
import type { ClientCredentialsGrant } from "../policy/token/client-credentials.ts";
import type { IntrospectToken } from "../policy/token/introspect-token.ts";
import type { RevokeToken } from "../policy/token/revoke-token.ts";
import type { IdentifyResourceServer } from "../policy/trust/resource-servers.ts";
import { printable, type Refusal } from "../kernel/refusal.ts";
import { formLimits, judgeClientCall, withClient, type ClientCall, type ClientCallNeeds } from "./client-call.ts";
import type { ReadClientCertificate } from "./client-certificate.ts";
import { throughKoa, type DirectHandler } from "./direct-routes.ts";
import { answerPushedRequest, answerThroughEngine, inPermittedCharacters, type EngineCallNeeds } from "./engine-routes.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { showCertificateToEngine } from "./judge-client-certificate.ts";
import { readForm } from "./read-body.ts";
import { answerRefusals, refusalAnswer } from "./refusal-answer.ts";

export interface IntrospectionNeeds {
  readonly realm: Realm;
  readonly readCertificate: ReadClientCertificate;
  readonly introspect: IntrospectToken;
  readonly identifyResourceServer: IdentifyResourceServer;
}

export interface TokenRoutesNeeds extends ClientCallNeeds, EngineCallNeeds, IntrospectionNeeds {
  readonly clientCredentials: ClientCredentialsGrant;
  readonly revoke: RevokeToken;
}

/**
 * Token endpoint, pushed authorization requests, userinfo, introspection and revocation. What every request of the
 * ecosystem passes has handlers of its own; what a customer has part in goes through the engine.
 */
export function addTokenRoutes(router: Router, needs: TokenRoutesNeeds): void {
  const { realm } = needs;
  router.post(`${realm.path}${endpointPaths.token}`, throughKoa(tokenHandler(needs), withClient(needs, answerThroughEngine)));
  router.post(`${realm.path}${endpointPaths.pushed_authorization_request}`, withClient(needs, answerPushedRequest));
  router.get(`${realm.path}${endpointPaths.userinfo}`, userinfo(needs));
  router.post(`${realm.path}${endpointPaths.userinfo}`, userinfo(needs));
  router.post(`${realm.path}${endpointPaths.introspection}`, throughKoa(introspectionHandler(needs)));
  router.post(`${realm.path}${endpointPaths.revocation}`, withClient(needs, revocation));
}

/** Grants in which a customer has part: the engine's. */
const engineGrants = ["authorization_code", "refresh_token"];

/** The token endpoint, as far as no customer has part: what the engine must answer is left to the next handler. */
export function tokenHandler(needs: TokenRoutesNeeds): DirectHandler {
  const { realm } = needs;
  return async (request) => {
    const judged = await judgeClientCall(request, needs);
    if ("refusals" in judged) {
      return refusalAnswer(realm, judged.refusals);
    }
    const grantType = judged.call.form.get("grant_type");
    if (grantType === "client_credentials") {
      const outcome = await clientCredentials(judged.call, needs);
      return "code" in outcome ? refusalAnswer(realm, [outcome]) : outcome;
    }
    if (grantType === undefined || grantType === "") {
      return refusalAnswer(realm, [{ code: "parameter.absent", expected: "grant_type", received: "none" }]);
    }
    return engineGrants.includes(grantType)
      ? undefined
      : refusalAnswer(realm, [{ code: "grant-type.not-offered", expected: ["client_credentials", ...engineGrants].join(", "), received: printable(grantType) }]);
  };
}

async function clientCredentials(call: ClientCall, needs: TokenRoutesNeeds): Promise<JsonAnswer | Refusal> {
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
      return {
        status: 200,
        headers: neverStored,
        body: { access_token: accessToken, token_type: "Bearer", expires_in: expiresIn, scope },
        logged: { clientId: authentication.client.record.clientId, grant: "client_credentials" },
      };
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
      ctx.set(neverStored);
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
    const certificate = await needs.judgeCertificate(ctx.req);
    if (!certificate.verdict.ok) {
      answerRefusals(ctx, needs.realm, certificate.verdict.refusals);
      return;
    }
    showCertificateToEngine(ctx, certificate);
    await needs.engine(ctx, () => Promise.resolve());
    inPermittedCharacters(ctx);
  };
}

/** Introspection: only for the bank's resource servers. Any other certificate, a TPP's above all, gets 401. */
export function introspectionHandler(needs: IntrospectionNeeds): DirectHandler {
  const { realm } = needs;
  return async (request) => {
    const presented = needs.readCertificate(request);
    const caller = typeof presented === "string" ? needs.identifyResourceServer(undefined, []) : needs.identifyResourceServer(presented.leaf, presented.sent);
    if (!caller.ok) {
      return refusalAnswer(realm, [caller.refusal]);
    }
    const form = await readForm(request, formLimits);
    if ("code" in form) {
      return refusalAnswer(realm, [form]);
    }
    const token = form.get("token");
    if (token === undefined || token === "") {
      return refusalAnswer(realm, [{ code: "parameter.absent", expected: "token", received: "none" }]);
    }
    return { status: 200, headers: neverStored, body: await needs.introspect(token), logged: { resourceServer: caller.name } };
  };
}

/** The client was changed twice during one request; the next try will find it at rest. */
const changedTwice: Refusal = { code: "store.unavailable", expected: "a client at rest", received: "one that changes all the time" };

const neverStored = { "cache-control": "no-store", pragma: "no-cache" } as const;
