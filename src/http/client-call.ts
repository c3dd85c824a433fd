import type { Context, Middleware } from "koa";
import type { Refusal } from "../kernel/refusal.ts";
import type { Realm } from "../oidc/endpoints.ts";
import type { Authentication, ClientAuthentication, ClientCredentialsSent } from "../policy/token/authenticate-client.ts";
import type { AcceptedBrcac } from "../policy/trust/judge-certificate.ts";
import type { JudgeClientCertificate } from "./judge-client-certificate.ts";
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
  readonly thumbprint: string;
  /** Authenticates from memory first; `again` asks the store. */
  readonly authenticate: (again: boolean) => Promise<Authentication>;
}

/** A form never needs more: an assertion has about 1 KB. */
export const formLimits = { maxBytes: 64 * 1024 };

/** Judges certificate and form, in that order, before the client is looked at; what the handler refuses is answered. */
export function withClient<Needs extends ClientCallNeeds>(
  needs: Needs,
  handle: (ctx: Context, call: ClientCall, needs: Needs) => Promise<Refusal | undefined>,
): Middleware {
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

function credentialsIn(form: ReadonlyMap<string, string>): ClientCredentialsSent {
  return { assertion: form.get("client_assertion"), assertionType: form.get("client_assertion_type"), clientId: form.get("client_id") };
}
