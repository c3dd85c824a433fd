import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import { endpointPaths, type Realm } from "../oidc/endpoints.ts";
import type { ClientCredentialsGrant } from "../policy/token/client-credentials.ts";
import type { Authentication, ClientAuthentication, ClientCredentialsSent } from "../policy/token/authenticate-client.ts";
import type { IntrospectToken } from "../policy/token/introspect-token.ts";
import type { RevokeToken } from "../policy/token/revoke-token.ts";
import type { IdentifyResourceServer } from "../policy/trust/resource-servers.ts";
import type { AcceptedBrcac } from "../policy/trust/judge-certificate.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { printable } from "../kernel/refusal.ts";
import type { ReadClientCertificate } from "./client-certificate.ts";
import type { JudgeClientCertificate } from "./judge-client-certificate.ts";
import { readForm } from "./read-body.ts";
import { answerRefusals } from "./refusal-answer.ts";
import { logAlso } from "./request-log.ts";

export interface TokenRoutesNeeds {
  readonly realm: Realm;
  readonly judgeCertificate: JudgeClientCertificate;
  readonly readCertificate: ReadClientCertificate;
  readonly authentication: ClientAuthentication;
  readonly clientCredentials: ClientCredentialsGrant;
  readonly introspect: IntrospectToken;
  readonly revoke: RevokeToken;
  readonly identifyResourceServer: IdentifyResourceServer;
}

/** A form never needs more: an assertion has about 1 KB. */
const formLimits = { maxBytes: 64 * 1024 };

type Form = ReadonlyMap<string, string>;

/** Token endpoint, introspection and revocation: own handlers, because every request of the ecosystem passes them. */
export function addTokenRoutes(router: Router, needs: TokenRoutesNeeds): void {
  const { realm } = needs;
  router.post(`${realm.path}${endpointPaths.token}`, withClient(needs, clientCredentials));
  router.post(`${realm.path}${endpointPaths.introspection}`, introspection(needs));
  router.post(`${realm.path}${endpointPaths.revocation}`, withClient(needs, revocation));
}

interface ClientCall {
  readonly form: Form;
  readonly brcac: AcceptedBrcac;
  readonly thumbprint: string;
  /** Authenticates from memory first; `again` asks the store. */
  readonly authenticate: (again: boolean) => Promise<Authentication>;
}

/** Judges certificate and form, in that order, before the client is looked at. */
function withClient(needs: TokenRoutesNeeds, handle: (ctx: Context, call: ClientCall, needs: TokenRoutesNeeds) => Promise<Refusal | undefined>): Middleware {
  return async (ctx) => {
    const { verdict, presented } = await needs.judgeCertificate(ctx);
    if (!verdict.ok || !presented) {
      const refusals = verdict.ok ? undefined : verdict.refusals;
      answerRefusals(ctx, needs.realm, refusals ?? [{ code: "certificate.absent", expected: "a client certificate", received: "none" }]);
      return;
    }
    const form = await readForm(ctx.req, formLimits);
    if ("code" in form) {
      answerRefusals(ctx, needs.realm, [form]);
      return;
    }
    const sent = credentialsIn(form);
    const { brcac } = verdict;
    const authenticate = async (again: boolean): Promise<Authentication> => {
      const first = await needs.authentication.authenticate(sent, brcac, !again);
      // What memory refuses the store may know better: a renewed registration, a client that was restored.
      return first.ok || again ? first : needs.authentication.authenticate(sent, brcac, false);
    };
    const refusal = await handle(ctx, { form, brcac, thumbprint: presented.thumbprint, authenticate }, needs);
    if (refusal) {
      answerRefusals(ctx, needs.realm, [refusal]);
    }
  };
}

async function clientCredentials(ctx: Context, call: ClientCall, needs: TokenRoutesNeeds): Promise<Refusal | undefined> {
  const grantType = call.form.get("grant_type");
  if (grantType === undefined || grantType === "") {
    return { code: "parameter.absent", expected: "grant_type", received: "none" };
  }
  if (grantType !== "client_credentials") {
    return { code: "grant-type.not-offered", expected: "client_credentials", received: printable(grantType) };
  }
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
      logAlso(ctx, { clientId: authentication.client.record.clientId, grant: grantType });
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

function credentialsIn(form: Form): ClientCredentialsSent {
  return { assertion: form.get("client_assertion"), assertionType: form.get("client_assertion_type"), clientId: form.get("client_id") };
}

function noStore(ctx: Context): void {
  ctx.set("cache-control", "no-store");
  ctx.set("pragma", "no-cache");
}
