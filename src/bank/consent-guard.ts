import type { Context, Middleware } from "koa";
import { challenge, type GuardedState } from "./token-guard.ts";
import type { ActiveToken, TokenConsent } from "./token-introspection.ts";

/** Why a live token does not open this call. */
export type ConsentReason = "consent-missing" | "consent-not-authorised" | "consent-expired" | "permission-missing";

/** One refusal of the consent guard, told like those of the token guard. */
export interface ConsentFailure {
  readonly reason: ConsentReason;
  readonly status: 401 | 403;
  readonly error: "invalid_token" | "insufficient_scope";
  /** Printable ASCII, without quotes. */
  readonly description: string;
}

export interface ConsentGuardNeeds {
  /** The permission that the consent must hold. */
  readonly permission: string;
  /** The scope and the realm that the token guard in front of this one has. */
  readonly scope: string;
  readonly realm: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Writes the answer of a refused call. WWW-Authenticate and Cache-Control are set already. */
  readonly refuse: (ctx: Context, failure: ConsentFailure) => void;
}

/** A token of a customer who consents at this moment. */
export interface ConsentedToken extends ActiveToken {
  readonly customerId: string;
  readonly consent: TokenConsent;
}

/** What the guard leaves in `ctx.state` for the routes behind it. */
export interface ConsentedState extends GuardedState {
  consented: ConsentedToken;
}

/**
 * Makes a koa middleware, to stand behind a token guard, that lets a call through only while the token's consent is
 * AUTHORISED and within its time, and holds the permission (FAPI-BR 7.2.2-3 and -5). The facts are the introspection's
 * of this very call, so that a consent that was just revoked opens nothing.
 */
export function consentGuard(needs: ConsentGuardNeeds): Middleware<ConsentedState> {
  return async (ctx, next) => {
    const { token } = ctx.state;
    const failure = consentFailure(token, needs);
    if (failure === undefined && isConsented(token)) {
      ctx.state.consented = token;
      await next();
      return;
    }
    const refused = failure ?? failures["consent-missing"];
    ctx.set("Cache-Control", "no-store");
    ctx.set("WWW-Authenticate", challenge(needs.realm, needs.scope, refused));
    needs.refuse(ctx, refused);
  };
}

function isConsented(token: ActiveToken): token is ConsentedToken {
  return token.consent !== undefined && token.customerId !== undefined;
}

function consentFailure(token: ActiveToken, { permission, clock }: ConsentGuardNeeds): ConsentFailure | undefined {
  if (!isConsented(token)) return failures["consent-missing"];
  const { status, permissions, expiresAt } = token.consent;
  if (status !== "AUTHORISED") return failures["consent-not-authorised"];
  if (expiresAt !== undefined && expiresAt * 1000 <= clock()) return failures["consent-expired"];
  if (!permissions.has(permission)) {
    return { ...failures["permission-missing"], description: `The consent lacks the permission ${permission}. Create one that has it.` };
  }
  return undefined;
}

const invalidToken = { status: 401, error: "invalid_token" } as const;

const failures: { readonly [Reason in ConsentReason]: ConsentFailure & { reason: Reason } } = {
  "consent-missing": {
    reason: "consent-missing",
    ...invalidToken,
    description: "The access token belongs to no consent of a customer. Get one by the authorization code flow, with the scope consent:.",
  },
  "consent-not-authorised": {
    reason: "consent-not-authorised",
    ...invalidToken,
    description: "The consent of the access token is not AUTHORISED. Ask the customer for a new one.",
  },
  "consent-expired": {
    reason: "consent-expired",
    ...invalidToken,
    description: "The consent of the access token has expired. Ask the customer for a new one.",
  },
  "permission-missing": {
    reason: "permission-missing",
    status: 403,
    error: "insufficient_scope",
    description: "The consent lacks the permission of this call.",
  },
};
