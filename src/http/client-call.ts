import type { IncomingMessage } from "node:http";
import type { Context, Middleware } from "koa";
import type { Refusal } from "../kernel/refusal.ts";
import type { Realm } from "../oidc/endpoints.ts";
import type { Authentication, ClientAuthentication, ClientCredentialsSent } from "../policy/token/authenticate-client.ts";
import type { AcceptedBrcac } from "../policy/trust/judge-certificate.ts";
import { showCertificateToEngine, type JudgeClientCertificate, type JudgedCertificate } from "./judge-client-certificate.ts";
import { readForm } from "./read-body.ts";
import { answerRefusals } from "./refusal-answer.ts";

export interface ClientCallNeeds {
  readonly realm: Realm;
  readonly judgeCertificate: JudgeClientCertificate;
  readonly authentication: ClientAuthentication;
}

/** A call whose certificate and form have been judged. */
export interface ClientCall {
  readonly form: ReadonlyMap<string, string>;
  readonly brcac: AcceptedBrcac;
  readonly certificate: JudgedCertificate;
  readonly thumbprint: string;
  /** Authenticates from memory first; `again` asks the store. */
  readonly authenticate: (again: boolean) => Promise<Authentication>;
}

export type ClientCallVerdict = { readonly call: ClientCall } | { readonly refusals: readonly [Refusal, ...Refusal[]] };

/** A form never needs more: an assertion has about 1 KB. */
export const formLimits = { maxBytes: 64 * 1024 };

/** A request's body can be read only once: who asks again, as koa does after a direct route, gets what was found. */
const judgedCalls = new WeakMap<IncomingMessage, Promise<ClientCallVerdict>>();

/** Judges certificate and form, in that order, before the client is looked at. */
export function judgeClientCall(request: IncomingMessage, needs: ClientCallNeeds): Promise<ClientCallVerdict> {
  const known = judgedCalls.get(request);
  if (known) {
    return known;
  }
  const verdict = judge(request, needs);
  judgedCalls.set(request, verdict);
  return verdict;
}

async function judge(request: IncomingMessage, needs: ClientCallNeeds): Promise<ClientCallVerdict> {
  const certificate = await needs.judgeCertificate(request);
  const { verdict, presented } = certificate;
  if (!verdict.ok || !presented) {
    return { refusals: verdict.ok ? [{ code: "certificate.absent", expected: "a client certificate", received: "none" }] : verdict.refusals };
  }
  const form = await readForm(request, formLimits);
  if ("code" in form) {
    return { refusals: [form] };
  }
  const sent = credentialsIn(form);
  const { brcac } = verdict;
  const authenticate = async (again: boolean): Promise<Authentication> => {
    const first = await needs.authentication.authenticate(sent, brcac, !again);
    // What memory refuses the store may know better: a renewed registration, a client that was restored.
    return first.ok || again ? first : needs.authentication.authenticate(sent, brcac, false);
  };
  return { call: { form, brcac, certificate, thumbprint: presented.thumbprint, authenticate } };
}

/** A route of koa for such a call; what the handler refuses is answered. */
export function withClient<Needs extends ClientCallNeeds>(
  needs: Needs,
  handle: (ctx: Context, call: ClientCall, needs: Needs) => Promise<Refusal | undefined>,
): Middleware {
  return async (ctx) => {
    const judged = await judgeClientCall(ctx.req, needs);
    if ("refusals" in judged) {
      answerRefusals(ctx, needs.realm, judged.refusals);
      return;
    }
    showCertificateToEngine(ctx, judged.call.certificate);
    const refusal = await handle(ctx, judged.call, needs);
    if (refusal) {
      answerRefusals(ctx, needs.realm, [refusal]);
    }
  };
}

function credentialsIn(form: ReadonlyMap<string, string>): ClientCredentialsSent {
  return { assertion: form.get("client_assertion"), assertionType: form.get("client_assertion_type"), clientId: form.get("client_id") };
}
