import type { IncomingMessage } from "node:http";
import type { Refusal } from "../kernel/refusal.ts";
import type { Realm } from "../oidc/endpoints.ts";
import type { Authentication, ClientAuthentication, ClientCredentialsSent } from "../policy/token/authenticate-client.ts";
import type { AcceptedBrcac } from "../policy/trust/judge-certificate.ts";
import type { PresentedCertificate } from "./client-certificate.ts";
import type { DirectCall, DirectHandler } from "./direct-routes.ts";
import type { JsonAnswer } from "./json-answer.ts";
import type { JudgeClientCertificate } from "./judge-client-certificate.ts";
import { readForm } from "./read-body.ts";
import { refusalAnswer } from "./refusal-answer.ts";

export interface ClientCallNeeds {
  readonly realm: Realm;
  readonly judgeCertificate: JudgeClientCertificate;
  readonly authentication: ClientAuthentication;
}

/** A call whose certificate and form have been judged. */
export interface ClientCall {
  readonly form: ReadonlyMap<string, string>;
  readonly brcac: AcceptedBrcac;
  readonly presented: PresentedCertificate;
  /** Authenticates from memory first; `again` asks the store. */
  readonly authenticate: (again: boolean) => Promise<Authentication>;
}

type ClientCallVerdict = { readonly call: ClientCall } | { readonly refusals: readonly [Refusal, ...Refusal[]] };

/** A form never needs more: an assertion has about 1 KB. */
export const formLimits = { maxBytes: 64 * 1024 };

/** Judges certificate and form, in that order, before the client is looked at. */
async function judge(request: IncomingMessage, needs: ClientCallNeeds): Promise<ClientCallVerdict> {
  const { verdict, presented } = await needs.judgeCertificate(request);
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
  return { call: { form, brcac, presented, authenticate } };
}

/** Answers such a call; what the handler refuses, too. */
export function withClient<Needs extends ClientCallNeeds>(
  needs: Needs,
  handle: (call: ClientCall, needs: Needs, direct: DirectCall) => Promise<JsonAnswer | Refusal>,
): DirectHandler {
  return async (direct) => {
    const judged = await judge(direct.request, needs);
    if ("refusals" in judged) {
      return refusalAnswer(needs.realm, judged.refusals);
    }
    const outcome = await handle(judged.call, needs, direct);
    return "code" in outcome ? refusalAnswer(needs.realm, [outcome]) : outcome;
  };
}

/** What must never be kept by anybody on the way: tokens, and what is said of them. */
export const neverStored = { "cache-control": "no-store", pragma: "no-cache" } as const;

function credentialsIn(form: ReadonlyMap<string, string>): ClientCredentialsSent {
  return { assertion: form.get("client_assertion"), assertionType: form.get("client_assertion_type"), clientId: form.get("client_id") };
}
