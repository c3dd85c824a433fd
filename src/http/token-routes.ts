import type Router from "@koa/router";
import type { Middleware } from "koa";
import { printable, type Refusal } from "../kernel/refusal.ts";
import { endpointPaths, type EndpointName } from "../oidc/endpoints.ts";
import type { ClientCredentialsGrant } from "../policy/token/client-credentials.ts";
import type { IntrospectToken } from "../policy/token/introspect-token.ts";
import type { RevokeToken } from "../policy/token/revoke-token.ts";
import type { IdentifyResourceServer } from "../policy/trust/resource-servers.ts";
import { formLimits, neverStored, withClient, type ClientCall, type ClientCallNeeds } from "./client-call.ts";
import type { ReadClientCertificate } from "./client-certificate.ts";
import type { DirectCall, DirectHandler, DirectRoutes } from "./direct-routes.ts";
import { answerPushedRequest, answerThroughEngine, inPermittedCharacters, type EngineCallNeeds } from "./engine-answer.ts";
import type { FewAtOnce } from "./few-at-once.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { showCertificateToEngine } from "./judge-client-certificate.ts";
import { readForm } from "./read-body.ts";
import { answerRefusals, refusalAnswer } from "./refusal-answer.ts";

export interface TokenRoutesNeeds extends ClientCallNeeds, EngineCallNeeds {
  /** The engine, mounted under the realm's path. */
  readonly engine: Middleware;
  /** Codes and refresh tokens are redeemed so, each at the cost of half a millisecond of CPU and much memory. */
  readonly fewAtOnce: FewAtOnce;
  readonly readCertificate: ReadClientCertificate;
  readonly clientCredentials: ClientCredentialsGrant;
  readonly introspect: IntrospectToken;
  readonly revoke: RevokeToken;
  readonly identifyResourceServer: IdentifyResourceServer;
}

/**
 * Token endpoint, pushed authorization requests, introspection and revocation, by path. What every request of the
 * ecosystem passes has handlers of its own; what a customer has part in goes through the engine.
 */
export function tokenHandlers(needs: TokenRoutesNeeds): DirectRoutes {
  const path = (name: EndpointName) => `${needs.realm.path}${endpointPaths[name]}`;
  return {
    [path("token")]: { POST: withClient(needs, token) },
    [path("pushed_authorization_request")]: { POST: withClient(needs, answerPushedRequest) },
    [path("introspection")]: { POST: introspection(needs) },
    [path("revocation")]: { POST: withClient(needs, revocation) },
  };
}

/** Userinfo (OIDC Core 5.3): the engine answers, and only here the access token is all that says who calls. */
export function addUserinfoRoutes(router: Router, needs: TokenRoutesNeeds): void {
  const path = `${needs.realm.path}${endpointPaths.userinfo}`;
  router.get(path, userinfo(needs));
  router.post(path, userinfo(needs));
}

/** Grants in which a customer has part: the engine's. */
const engineGrants = ["authorization_code", "refresh_token"];

async function token(call: ClientCall, needs: TokenRoutesNeeds, direct: DirectCall): Promise<JsonAnswer | Refusal> {
  const grantType = call.form.get("grant_type");
  if (grantType === undefined || grantType === "") {
    return { code: "parameter.absent", expected: "grant_type", received: "none" };
  }
  if (grantType === "client_credentials") {
    return clientCredentials(call, needs);
  }
  return engineGrants.includes(grantType)
    ? needs.fewAtOnce(() => answerThroughEngine("token", call, needs, direct))
    : { code: "grant-type.not-offered", expected: ["client_credentials", ...engineGrants].join(", "), received: printable(grantType) };
}

async function clientCredentials(call: ClientCall, needs: TokenRoutesNeeds): Promise<JsonAnswer | Refusal> {
  for (const again of [false, true]) {
    const authentication = await call.authenticate(again);
    if (!authentication.ok) {
      return authentication.refusal;
    }
    const outcome = await needs.clientCredentials.issue(authentication, { scope: call.form.get("scope"), thumbprint: call.presented.thumbprint });
    if ("refusal" in outcome) {
      return outcome.refusal;
    }
    if ("issued" in outcome) {
      const { accessToken, expiresIn, scope } = outcome.issued;
      return {
        status: 200,
        headers: neverStored,
        body: { access_token: accessToken, token_type: "Bearer", expires_in: expiresIn, scope },
        logged: { clientId: authentication.clientId, grant: "client_credentials" },
      };
    }
  }
  return changedTwice;
}

async function revocation(call: ClientCall, needs: TokenRoutesNeeds, { requestId }: DirectCall): Promise<JsonAnswer | Refusal> {
  const token = call.form.get("token");
  if (token === undefined || token === "") {
    return { code: "parameter.absent", expected: "token", received: "none" };
  }
  for (const again of [false, true]) {
    const authentication = await call.authenticate(again);
    if (!authentication.ok) {
      return authentication.refusal;
    }
    const { softwareId, organisationId } = call.brcac;
    const actor = { kind: "tpp", softwareId, organisationId, certificate: call.presented.thumbprint } as const;
    const outcome = await needs.revoke(authentication, token, { actor, requestId });
    if ("refusal" in outcome) {
      return outcome.refusal;
    }
    if ("revoked" in outcome) {
      return { status: 200, headers: neverStored };
    }
  }
  return changedTwice;
}

/** The certificate is judged as everywhere (D21). */
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

/** Only for the bank's resource servers: any other certificate, a TPP's above all, gets 401. */
function introspection(needs: TokenRoutesNeeds): DirectHandler {
  const { realm } = needs;
  return async ({ request }) => {
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
