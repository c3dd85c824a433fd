import type { Context } from "koa";
import type { AuditActor } from "../../kernel/audit-entry.ts";
import type { ConsentContext } from "../../policy/consent/consents.ts";
import { refusal } from "./consent-answer.ts";

/** Who calls: what the access token and the certificate that it is bound to say. */
export interface ConsentCaller {
  readonly clientId: string;
  /** The TPP as the audit trail names it: software, organisation, certificate. */
  readonly actor: AuditActor;
  /** The customer of the token; absent for a token of the client itself (`client_credentials`). */
  readonly customerId?: string;
}

export type CallerAuthorisation =
  | { readonly ok: true; readonly caller: ConsentCaller }
  | {
      readonly ok: false;
      /** 401: no token, or none that is valid on this connection. 403: a valid one without the scope. */
      readonly status: 401 | 403;
      /** What is wrong and how to mend it, in Portuguese; a sentence of this API's own when left out. */
      readonly detail?: string;
      readonly wwwAuthenticate?: string;
    };

/**
 * Judges the access token of a call: live, bound to the certificate of this connection, with this scope, of a client
 * that is active.
 */
export type AuthorizeCaller = (ctx: Context, scope: string) => Promise<CallerAuthorisation>;

/** The TPP with a token of its own (`client_credentials`, scope `consents`). @throws ConsentRefusal */
export async function callingTpp(ctx: Context, authorize: AuthorizeCaller): Promise<ConsentCaller> {
  const caller = await callerWith(ctx, authorize, "consents");
  if (caller.customerId !== undefined) {
    throw refusal("ACESSO_NEGADO", "Este endereço exige um token obtido com client_credentials, não o de um cliente.");
  }
  return caller;
}

/** The TPP with a token of the customer, given under this very consent. @throws ConsentRefusal */
export async function callingForCustomer(ctx: Context, authorize: AuthorizeCaller, consentId: string): Promise<ConsentCaller> {
  const caller = await callerWith(ctx, authorize, `consent:${consentId}`);
  if (caller.customerId === undefined) {
    throw refusal("ACESSO_NEGADO", "A renovação exige um token obtido com authorization_code sob este consentimento.");
  }
  return caller;
}

async function callerWith(ctx: Context, authorize: AuthorizeCaller, scope: string): Promise<ConsentCaller> {
  const outcome = await authorize(ctx, scope);
  if (outcome.ok) {
    return outcome.caller;
  }
  if (outcome.status === 401) {
    ctx.set("www-authenticate", outcome.wwwAuthenticate ?? "Bearer");
    throw refusal("NAO_AUTENTICADO", outcome.detail ?? "Envie em Authorization um token válido, na conexão mTLS do certificado com que ele foi obtido.");
  }
  throw refusal("ACESSO_NEGADO", outcome.detail ?? `O token não tem o escopo ${scope}.`);
}

/** Who acts in which request, for the audit trail. */
export function contextOf(ctx: Context, caller: ConsentCaller): ConsentContext {
  return { actor: caller.actor, requestId: String(ctx.state["requestId"]) };
}
