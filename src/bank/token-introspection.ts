import { Agent } from "node:https";
import { create as createHttpClient, isAxiosError, type AxiosResponse } from "axios";
import { z } from "zod";

/** What introspecting needs: where, as whom, whom to trust, and how long to wait. */
export interface IntrospectionNeeds {
  /** The authorization server's introspection endpoint, an https URL of its mTLS host. */
  readonly introspectionUrl: string;
  /** The resource server's own certificate (with intermediates, if any) and private key, PEM. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** The authorities behind the authorization server's certificate, PEM. */
  readonly caPem: string;
  /** How long one introspection may take altogether, in milliseconds. */
  readonly timeoutMs: number;
}

/** The facts of a token that is good at this moment. */
export interface ActiveToken {
  readonly active: true;
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** SHA-256 of the DER certificate that the token is bound to, base64url (RFC 8705 section 3.1). */
  readonly certificateThumbprint?: string;
  readonly organisationId?: string;
  readonly softwareId?: string;
  readonly consentId?: string;
  /** The bank's customer who gave the consent. */
  readonly customerId?: string;
  readonly consent?: TokenConsent;
}

/** The consent behind a token, as it stands at this moment. */
export interface TokenConsent {
  readonly status: string;
  readonly permissions: ReadonlySet<string>;
  /** The accounts that the customer chose, by the ids of the accounts API. */
  readonly accountIds: ReadonlySet<string>;
  /** Seconds since the epoch; none when the consent has no end. */
  readonly expiresAt?: number;
  /** The company whose data is shared; none when it is the customer's own. */
  readonly cnpj?: string;
}

export type Introspection = ActiveToken | { readonly active: false; readonly expiresAt?: number };

/** Asks about one token; throws IntrospectionFailure when there is no answer to go by. */
export type Introspect = (token: string) => Promise<Introspection>;

/** Why there is no answer: nobody there, too slow, our certificate not accepted, or an answer that makes no sense. */
export type IntrospectionFailureKind = "unreachable" | "timed-out" | "not-accepted" | "failing" | "unreadable";

/** The authorization server gave no usable answer: the token is neither good nor bad, and the call cannot be served. */
export class IntrospectionFailure extends Error {
  override readonly name = "IntrospectionFailure";
  readonly kind: IntrospectionFailureKind;

  constructor(kind: IntrospectionFailureKind, detail: string) {
    super(detail);
    this.kind = kind;
  }
}

const consentSchema = z.object({
  status: z.string(),
  permissions: z.array(z.string()).default([]),
  account_ids: z.array(z.string()).default([]),
  expires_at: z.union([z.number(), z.iso.datetime().transform((at) => Date.parse(at) / 1000)]).nullish(),
  cnpj: z.string().nullish(),
});

const answerSchema = z.discriminatedUnion("active", [
  z.object({ active: z.literal(false), exp: z.number().optional() }),
  z.object({
    active: z.literal(true),
    client_id: z.string().min(1),
    scope: z.string().default(""),
    exp: z.number(),
    cnf: z.object({ "x5t#S256": z.string().min(1).optional() }).optional(),
    org_id: z.string().optional(),
    software_id: z.string().optional(),
    consent_id: z.string().optional(),
    sub: z.string().optional(),
    consent: consentSchema.optional(),
  }),
]);

/**
 * Makes the function that introspects access tokens (RFC 7662) over mutual TLS, on one set of kept-alive
 * connections. No answer is kept, so that a revocation is seen by the very next call.
 */
export function createIntrospection(needs: IntrospectionNeeds): { introspect: Introspect; close: () => void } {
  const agent = new Agent({
    keepAlive: true,
    cert: needs.certificatePem,
    key: needs.keyPem,
    ca: needs.caPem,
    minVersion: "TLSv1.2",
  });
  const http = createHttpClient({
    httpsAgent: agent,
    proxy: false,
    maxRedirects: 0,
    maxContentLength: 65_536,
    responseType: "text",
    transformResponse: (body: string) => body,
    validateStatus: () => true,
    headers: { Accept: "application/json" },
  });

  async function ask(token: string): Promise<AxiosResponse<string>> {
    // A signal rather than axios's own time-out, which does not count the time to connect.
    const signal = AbortSignal.timeout(needs.timeoutMs);
    const post = () => http.post<string>(needs.introspectionUrl, new URLSearchParams({ token }), { signal });
    try {
      return await post().catch((error: unknown) => {
        if (wasClosedWhileIdle(error)) return post();
        throw error;
      });
    } catch (error) {
      if (signal.aborted) {
        throw new IntrospectionFailure("timed-out", `no answer within ${needs.timeoutMs} ms`);
      }
      throw new IntrospectionFailure(
        "unreachable",
        isAxiosError(error) ? (error.code ?? error.message) : String(error),
      );
    }
  }

  return {
    introspect: async (token) => readAnswer(await ask(token)),
    close: () => agent.destroy(),
  };
}

/** The server closed a kept-alive connection just as it was used again: asking once more is safe and right. */
function wasClosedWhileIdle(error: unknown): boolean {
  if (!isAxiosError(error) || error.code !== "ECONNRESET") return false;
  const request: unknown = error.request;
  return typeof request === "object" && request !== null && "reusedSocket" in request && request.reusedSocket === true;
}

function readAnswer(response: AxiosResponse<string>): Introspection {
  if (response.status === 401 || response.status === 403) {
    throw new IntrospectionFailure(
      "not-accepted",
      `status ${response.status}: is this resource server's key among the authorization server's resource servers?`,
    );
  }
  if (response.status !== 200) throw new IntrospectionFailure("failing", `status ${response.status}`);
  const answer = answerSchema.safeParse(parseJson(response.data));
  if (!answer.success) {
    const members = answer.error.issues.map((issue) => issue.path.join(".") || "(whole body)").join(", ");
    throw new IntrospectionFailure("unreadable", `not an introspection answer; wrong or missing: ${members}`);
  }
  return toIntrospection(answer.data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toIntrospection(answer: z.infer<typeof answerSchema>): Introspection {
  if (!answer.active) return { active: false, ...(answer.exp !== undefined && { expiresAt: answer.exp }) };
  const thumbprint = answer.cnf?.["x5t#S256"];
  return {
    active: true,
    clientId: answer.client_id,
    scopes: new Set(answer.scope.split(" ").filter((scope) => scope !== "")),
    expiresAt: answer.exp,
    ...(thumbprint !== undefined && { certificateThumbprint: thumbprint }),
    ...(answer.org_id !== undefined && { organisationId: answer.org_id }),
    ...(answer.software_id !== undefined && { softwareId: answer.software_id }),
    ...(answer.consent_id !== undefined && { consentId: answer.consent_id }),
    ...(answer.sub !== undefined && { customerId: answer.sub }),
    ...(answer.consent !== undefined && { consent: toConsent(answer.consent) }),
  };
}

function toConsent(consent: z.infer<typeof consentSchema>): TokenConsent {
  return {
    status: consent.status,
    permissions: new Set(consent.permissions),
    accountIds: new Set(consent.account_ids),
    ...(consent.expires_at != null && { expiresAt: consent.expires_at }),
    ...(consent.cnpj != null && { cnpj: consent.cnpj }),
  };
}
