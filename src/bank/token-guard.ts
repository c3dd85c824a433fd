import { createHash } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { Context, Middleware } from "koa";
import { IntrospectionFailure, type ActiveToken, type Introspect } from "./token-introspection.ts";

/** Why a call was not let in; an API family gives each its own code. */
export type GuardReason =
  | "token-in-query"
  | "authorization-missing"
  | "authorization-malformed"
  | "token-inactive"
  | "token-expired"
  | "certificate-missing"
  | "token-unbound"
  | "certificate-mismatch"
  | "scope-missing"
  | "introspection-unavailable";

/** One refusal of the guard: the reason, the status and error code of RFC 6750, and how to mend it. */
export interface GuardFailure {
  readonly reason: GuardReason;
  readonly status: 400 | 401 | 403 | 503;
  /** `error` of RFC 6750 section 3.1; none when no credentials came, or when nothing is wrong with them. */
  readonly error?: "invalid_request" | "invalid_token" | "insufficient_scope";
  /** Printable ASCII, without quotes. */
  readonly description: string;
  /** For the log only: what went wrong on the way to the authorization server. */
  readonly detail?: string;
}

export interface TokenGuardNeeds {
  readonly introspect: Introspect;
  /** The scope that the token must have. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Name of the protected API, shown in WWW-Authenticate. */
  readonly realm?: string;
  /** Writes the answer of a refused call. WWW-Authenticate, Retry-After and Cache-Control are set already. */
  readonly refuse?: (ctx: Context, failure: GuardFailure) => void;
  /** The DER client certificate of the call; from the TLS connection unless a proxy in front passes it on. */
  readonly clientCertificate?: (ctx: Context) => Buffer | undefined;
}

/** What the guard leaves in `ctx.state` for the routes behind it. */
export interface GuardedState {
  token: ActiveToken;
}

const retryAfterSeconds = 5;

/**
 * Makes a koa middleware that lets a call through only with a live access token (RFC 6750), bound to the client
 * certificate of this very connection (RFC 8705 section 3), and holding the scope. The token's facts are then in
 * `ctx.state.token`. Each call is introspected: a revoked token is refused at once.
 */
export function tokenGuard(needs: TokenGuardNeeds): Middleware<GuardedState> {
  const { realm = "bank", refuse = refuseInJson, clientCertificate = certificateOfConnection } = needs;

  return async (ctx, next) => {
    const outcome = await judge(needs, ctx, clientCertificate(ctx));
    if ("token" in outcome) {
      ctx.state.token = outcome.token;
      await next();
      return;
    }
    const { failure } = outcome;
    ctx.set("Cache-Control", "no-store");
    if (failure.status === 503) ctx.set("Retry-After", String(retryAfterSeconds));
    else ctx.set("WWW-Authenticate", challenge(realm, needs.scope, failure));
    refuse(ctx, failure);
  };
}

type Outcome = { readonly token: ActiveToken } | { readonly failure: GuardFailure };

async function judge(needs: TokenGuardNeeds, ctx: Context, certificate: Buffer | undefined): Promise<Outcome> {
  const bearer = readBearerToken(ctx.req.rawHeaders, ctx.querystring);
  if ("failure" in bearer) return bearer;
  if (certificate === undefined) {
    return { failure: failures["certificate-missing"] };
  }
  try {
    const answer = await needs.introspect(bearer.token);
    const failure = tokenFailure(answer, needs.clock(), thumbprintOf(certificate), needs.scope);
    // A token without failure is active; the second test only tells the compiler.
    return failure === undefined && answer.active
      ? { token: answer }
      : { failure: failure ?? failures["token-inactive"] };
  } catch (error) {
    if (!(error instanceof IntrospectionFailure)) throw error;
    return { failure: { ...failures["introspection-unavailable"], detail: `${error.kind}: ${error.message}` } };
  }
}

function tokenFailure(
  token: Awaited<ReturnType<Introspect>>,
  now: number,
  presented: string,
  scope: string,
): GuardFailure | undefined {
  if (token.expiresAt !== undefined && token.expiresAt * 1000 <= now) return failures["token-expired"];
  if (!token.active) return failures["token-inactive"];
  if (token.certificateThumbprint === undefined) return failures["token-unbound"];
  if (token.certificateThumbprint !== presented) return failures["certificate-mismatch"];
  if (!token.scopes.has(scope)) {
    return {
      ...failures["scope-missing"],
      description: `The call needs the scope ${scope}, which the access token does not have.`,
    };
  }
  return undefined;
}

/** `b64token` of RFC 6750 section 2.1; longer ones than any server makes are refused unasked. */
const b64token = /^[A-Za-z0-9\-._~+/]{1,4096}=*$/;

/** Reads the one bearer token of a call from its raw header lines: Node itself would silently drop a second one. */
export function readBearerToken(
  rawHeaders: readonly string[],
  querystring: string,
): { readonly token: string } | { readonly failure: GuardFailure } {
  // RFC 6750 section 2.3 warns of it and RFC 9700 forbids it: query strings end up in logs and histories.
  if (new URLSearchParams(querystring).has("access_token")) return { failure: failures["token-in-query"] };
  const lines = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "authorization");
  const [line] = lines;
  if (line === undefined || line.trim() === "") return { failure: failures["authorization-missing"] };
  if (lines.length > 1) return { failure: failures["authorization-malformed"] };
  const parts = /^\s*(\S+) +(\S+)\s*$/.exec(line);
  const token = parts?.[2];
  if (parts?.[1]?.toLowerCase() !== "bearer" || token === undefined || !b64token.test(token)) {
    return { failure: failures["authorization-malformed"] };
  }
  return { token };
}

const thumbprints = new WeakMap<Buffer, string>();

/** SHA-256 of the certificate, base64url; worked out once per connection, whose certificate is one Buffer. */
function thumbprintOf(certificate: Buffer): string {
  const known = thumbprints.get(certificate);
  if (known !== undefined) return known;
  const thumbprint = createHash("sha256").update(certificate).digest("base64url");
  thumbprints.set(certificate, thumbprint);
  return thumbprint;
}

const certificates = new WeakMap<TLSSocket, Buffer>();

/** The client certificate (DER) presented on this connection, if any. */
function certificateOfConnection(ctx: Context): Buffer | undefined {
  const { socket } = ctx.req;
  if (!(socket instanceof TLSSocket)) return undefined;
  const known = certificates.get(socket);
  if (known !== undefined) return known;
  const presented = socket.getPeerX509Certificate()?.raw;
  if (presented !== undefined) certificates.set(socket, presented);
  return presented;
}

/** WWW-Authenticate of a refused call. */
export function challenge(realm: string, scope: string, failure: Pick<GuardFailure, "error" | "description">): string {
  // RFC 6750 section 3.1: without credentials, no error code.
  const error =
    failure.error === undefined ? "" : `, error="${failure.error}", error_description="${failure.description}"`;
  return `Bearer realm="${realm}", scope="${scope}"${error}`;
}

function refuseInJson(ctx: Context, failure: GuardFailure): void {
  ctx.status = failure.status;
  ctx.body = {
    error: failure.error ?? (failure.status === 503 ? "temporarily_unavailable" : "unauthorized"),
    error_description: failure.description,
  };
}

const invalidToken = { status: 401, error: "invalid_token" } as const;

const failures: { readonly [Reason in GuardReason]: GuardFailure & { reason: Reason } } = {
  "token-in-query": {
    reason: "token-in-query",
    status: 400,
    error: "invalid_request",
    description:
      "An access token came in the query string. Send it in the Authorization header only, and get a new one: this one may be in logs.",
  },
  "authorization-missing": {
    reason: "authorization-missing",
    status: 401,
    description: "The Authorization header is missing. Send: Authorization: Bearer, a space and the access token.",
  },
  "authorization-malformed": {
    reason: "authorization-malformed",
    ...invalidToken,
    description: "The Authorization header must come once and be: Bearer, one space and the access token.",
  },
  "token-inactive": {
    reason: "token-inactive",
    ...invalidToken,
    description: "The access token is unknown, expired or revoked. Get a new one from the token endpoint.",
  },
  "token-expired": {
    reason: "token-expired",
    ...invalidToken,
    description: "The access token has expired. Get a new one from the token endpoint.",
  },
  "certificate-missing": {
    reason: "certificate-missing",
    ...invalidToken,
    description:
      "No client certificate was presented. Connect with the certificate that the access token was obtained with (curl: --cert and --key).",
  },
  "token-unbound": {
    reason: "token-unbound",
    ...invalidToken,
    description: "The access token is not bound to a client certificate. Get a certificate-bound one over mutual TLS.",
  },
  "certificate-mismatch": {
    reason: "certificate-mismatch",
    ...invalidToken,
    description:
      "The access token is bound to another client certificate than the one of this connection. Use the certificate that it was obtained with.",
  },
  "scope-missing": {
    reason: "scope-missing",
    status: 403,
    error: "insufficient_scope",
    description: "The access token lacks the scope of this call.",
  },
  "introspection-unavailable": {
    reason: "introspection-unavailable",
    status: 503,
    description: "The access token cannot be checked just now. Send the same call again in a few seconds.",
  },
};
