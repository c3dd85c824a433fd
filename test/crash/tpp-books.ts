import type { AuditAction } from "../../src/kernel/audit-entry.ts";
import type { ConsentStatus } from "../../src/store/consent-records.ts";
import type { RawBrowser } from "../support/authorization.ts";
import type { SandboxTpp } from "../support/sandbox.ts";

/** An access token that was answered, and when (ms): its life ends by itself. */
export interface HeldToken {
  readonly value: string;
  readonly at: number;
}

export interface HeldGrant {
  readonly consentId: string;
  readonly accessToken: HeldToken;
  readonly refreshToken: string;
}

/** A registration as the server last acknowledged it. */
export interface HeldClient {
  readonly clientId: string;
  readonly uri: string;
  readonly registrationToken: string;
  /** The whole body of the last answer. */
  readonly registration: Readonly<Record<string, unknown>>;
  readonly tokens: HeldToken[];
  readonly consents: Map<string, ConsentStatus>;
  readonly grants: HeldGrant[];
}

/** The one request that may be under way. What is not among these changes nothing that outlives it. */
export type Attempt =
  | { readonly kind: "register"; readonly statement: string; readonly redirectUris: readonly string[] }
  | { readonly kind: "update"; readonly statement: string; readonly redirectUris: readonly string[] }
  | { readonly kind: "recover"; readonly statement: string }
  | { readonly kind: "delete" }
  | { readonly kind: "token"; readonly assertion: string }
  | { readonly kind: "revoke-token"; readonly token: HeldToken }
  | { readonly kind: "create-consent" }
  | { readonly kind: "delete-consent" | "authorise"; readonly consentId: string }
  | { readonly kind: "exchange"; readonly consentId: string; readonly code: string; readonly verifier: string };

/** All that one TPP was told, and what it had asked when nobody answered any more. */
export interface TppBooks {
  readonly tpp: SandboxTpp;
  /** In which its customer logs in and approves; the session there is to outlive a blow too. */
  readonly browser: RawBrowser;
  client: HeldClient | undefined;
  readonly formerClients: HeldClient[];
  attempt: Attempt | undefined;
  /** What the audit trail must hold of each client and consent, in this order. */
  readonly trail: Map<string, AuditAction[]>;
  /** How many requests for a consent got no answer: each may have made one whose id nobody knows. */
  unansweredConsents: number;
  /** How many answers the TPP got. */
  acknowledged: number;
}

export function newBooks(tpp: SandboxTpp, browser: RawBrowser): TppBooks {
  return { tpp, browser, client: undefined, formerClients: [], attempt: undefined, trail: new Map(), unansweredConsents: 0, acknowledged: 0 };
}

/** Notes a change that the trail must report. */
export function noteChange(books: TppBooks, subjectId: string, action: AuditAction): void {
  books.trail.set(subjectId, [...(books.trail.get(subjectId) ?? []), action]);
}

/** The client of a registration's answer. */
export function heldClient(registration: Readonly<Record<string, unknown>>): HeldClient {
  return {
    clientId: String(registration["client_id"]),
    uri: String(registration["registration_client_uri"]),
    registrationToken: String(registration["registration_access_token"]),
    registration,
    tokens: [],
    consents: new Map(),
    grants: [],
  };
}

/** The same client after another answer about its registration. */
export function reregistered(client: HeldClient, registration: Readonly<Record<string, unknown>>): HeldClient {
  const { uri, registrationToken } = heldClient({ registration_client_uri: client.uri, registration_access_token: client.registrationToken, ...registration });
  return { ...client, uri, registrationToken, registration };
}

/** Takes note that the client is gone, with all that it held. */
export function buryClient(books: TppBooks): void {
  if (books.client) {
    noteChange(books, books.client.clientId, "client.deleted");
    books.formerClients.push(books.client);
    books.client = undefined;
  }
}

/** What ends a consent, as the trail calls it. */
export function endingAction(status: ConsentStatus | undefined): AuditAction {
  return status === "AUTHORISED" ? "consent.revoked" : "consent.rejected";
}

const checkedTokens = 6;
const tokenLifeMs = 600_000;

/** The latest tokens that cannot have expired: enough to look at after each round. */
export function youngest(tokens: readonly HeldToken[]): HeldToken[] {
  return tokens.filter(({ at }) => at + tokenLifeMs > Date.now()).slice(-checkedTokens);
}

const checkedConsents = 8;

/** The latest consents, which are worked with and looked at. */
export function latestConsents(client: HeldClient): [string, ConsentStatus][] {
  return [...client.consents].slice(-checkedConsents);
}
