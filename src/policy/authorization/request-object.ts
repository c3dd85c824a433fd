import { decodeJwt } from "jose";
import { printable, type Refusal } from "../../kernel/refusal.ts";

/** Claims of a request object, of whatever type they came; its signature is verified elsewhere. */
export type RequestObjectClaims = Readonly<Record<string, unknown>>;

export interface RequestObjectRefusal {
  readonly error: "invalid_request_object" | "invalid_request" | "invalid_scope";
  /** Printable ASCII without quotes and backslash. */
  readonly description: string;
}

/** A request object may be dated this far back and live this long (FAPI1 Advanced 5.2.2-13, -17). */
const longestLife = 3_600;
/** The pushed request lives a minute, and its object must not end before it (FAPI-BR 5.2.2-22). */
const shortestRest = 60;

const consentScope = /^consent:(\S+)$/;

/**
 * Judges the claims of a pushed request object (FAPI-BR 5.2.2, conformance 2.2.4), beyond what the engine checks by
 * itself: issuer, audience, signature, algorithm, redirect URI, response type, PKCE.
 * @param now seconds since the epoch
 */
export function judgeRequestObject(claims: RequestObjectClaims, now: number): RequestObjectRefusal | undefined {
  return judgeTimes(claims, now) ?? judgeParameters(claims);
}

/**
 * Refuses a request object that holds an object where a parameter has to be: the engine makes a text of every value, and
 * of some objects none can be made. Reads without verifying; what is no request object at all is left to the engine.
 */
export function judgeParameterTypes(requestObject: string): Refusal | undefined {
  const payload = unverifiedPayload(requestObject);
  const wrong = Object.entries(payload).find(([name, value]) => typeof value === "object" && value !== null && !Array.isArray(value) && !structured.has(name));
  return wrong && { code: "request-object.parameter", expected: "a text, a number or a list", received: printable(`an object as ${wrong[0]}`) };
}

/** Claims of a request object that are JSON objects by their nature. */
const structured: ReadonlySet<string> = new Set(["claims", "cnf"]);

/** Read by what the engine reads it with: what is lax in it (white space) must not pass unseen here. */
function unverifiedPayload(requestObject: string): object {
  try {
    return decodeJwt(requestObject);
  } catch {
    return {};
  }
}

/** The consent that a scope names; undefined unless it names exactly one (FAPI-BR 7.1.2). */
export function consentIdIn(scope: unknown): string | undefined {
  const ids = typeof scope === "string" ? scope.split(" ").flatMap((value) => consentScope.exec(value)?.[1] ?? []) : [];
  return ids.length === 1 ? ids[0] : undefined;
}

/** Whether a scope value is one of those that name a consent. */
export function isConsentScope(scope: string): boolean {
  return consentScope.test(scope);
}

function judgeTimes({ exp, nbf }: RequestObjectClaims, now: number): RequestObjectRefusal | undefined {
  if (typeof exp !== "number" || typeof nbf !== "number") {
    return objectRefusal("The request object needs exp and nbf, as numbers of seconds.");
  }
  if (exp - nbf > longestLife) {
    return objectRefusal("The request object lives longer than 60 minutes. Set exp at most 60 minutes after nbf.");
  }
  if (now - nbf > longestLife) {
    return objectRefusal("The request object is dated back more than 60 minutes. Set nbf to now.");
  }
  if (exp - now < shortestRest) {
    return objectRefusal("The request object has expired or does so within 60 seconds. Set exp some minutes ahead.");
  }
  return undefined;
}

function judgeParameters(claims: RequestObjectClaims): RequestObjectRefusal | undefined {
  if (claims["id_token_hint"] !== undefined) {
    return { error: "invalid_request", description: "id_token_hint is not accepted (FAPI-BR 5.2.2-21). Leave it out." };
  }
  if (claims["response_mode"] !== undefined && claims["response_mode"] !== "fragment") {
    return { error: "invalid_request", description: "Only response_mode fragment is offered. Send it or leave it out." };
  }
  // Without one the engine would fail instead of refusing.
  if (typeof claims["response_type"] !== "string" || claims["response_type"] === "") {
    return { error: "invalid_request", description: "The request object needs the response_type code id_token." };
  }
  if (typeof claims["scope"] !== "string") {
    return { error: "invalid_request", description: "The request object needs a scope." };
  }
  if (consentIdIn(claims["scope"]) === undefined) {
    return { error: "invalid_request", description: "The scope must name exactly one consent, as consent:urn:... with the consentId." };
  }
  return undefined;
}

function objectRefusal(description: string): RequestObjectRefusal {
  return { error: "invalid_request_object", description };
}
