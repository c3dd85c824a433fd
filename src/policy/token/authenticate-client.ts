import type { DirectoryKey } from "../../directory/jwks.ts";
import type { SoftwareKeys } from "../../directory/software-keys.ts";
import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { isSignedByPs256, readCompactJws, type CompactJws } from "../../kernel/compact-jws.ts";
import { sha256 } from "../../kernel/identifiers.ts";
import { jsonObjectOf } from "../../kernel/json-bytes.ts";
import { printable, type Refusal } from "../../kernel/refusal.ts";
import { clientNames, type ClientSuspension } from "../../store/client-records.ts";
import type { Condition, Put } from "../../store/store.ts";
import type { AcceptedBrcac } from "../trust/judge-certificate.ts";
import { belongsTo } from "../registration/registration-facts.ts";
import { judgeAssertion, type AssertionClaims, type AssertionRules } from "./client-assertion.ts";
import type { KnownClient, KnownClients } from "./known-clients.ts";

/** The one client assertion type (RFC 7523 section 2.2). */
export const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const longestAssertion = 16_384;

export interface ClientAuthenticationNeeds {
  readonly clients: KnownClients;
  readonly softwareKeys: SoftwareKeys;
  readonly clock: Clock;
  readonly rules: AssertionRules;
}

/** What a client sends to prove who it is, beside its certificate. */
export interface ClientCredentialsSent {
  readonly assertion: string | undefined;
  readonly assertionType: string | undefined;
  readonly clientId: string | undefined;
}

export interface AuthenticatedClient {
  /** Its id as the assertion spells it, which is in the processor's cache at that moment, where the record's is not. */
  readonly clientId: string;
  readonly client: KnownClient;
  /**
   * The assertion may be used once: the mark is written in the batch of whatever the caller commits, under the
   * condition that it is not there yet, so that of many parallel uses one succeeds (engine A5).
   */
  readonly use: { readonly unused: Condition; readonly mark: Put };
}

export type Authentication = ({ readonly ok: true } & AuthenticatedClient) | { readonly ok: false; readonly refusal: Refusal };

export interface ClientAuthentication {
  /**
   * Authenticates with `private_key_jwt` and the BRCAC, which must be that of the client's software (design: 401
   * `invalid_client` otherwise). With `trustMemory` the client may be outdated, and so may a refusal: the caller then
   * commits under `whileUnchanged`, or asks again without it. Never rejects for what the client sent.
   */
  authenticate(sent: ClientCredentialsSent, brcac: AcceptedBrcac, trustMemory: boolean): Promise<Authentication>;
}

export function createClientAuthentication(needs: ClientAuthenticationNeeds): ClientAuthentication {
  const { clients, softwareKeys, rules } = needs;

  const askForKey = async (client: KnownClient, kid: string): Promise<DirectoryKey | Refusal> => {
    const lookup = await softwareKeys.signingKey(client, kid);
    if (lookup.found) {
      return lookup.key;
    }
    return lookup.why === "unknown"
      ? { code: "assertion.key-unknown", expected: `an active signing key at ${printable(String(client.record.metadata["jwks_uri"]))}`, received: `kid ${printable(kid)}` }
      : { code: "directory.unreachable", expected: "the client's keys", received: printable(lookup.failure.reason) };
  };

  return {
    async authenticate(sent, brcac, trustMemory) {
      if (sent.assertion === undefined || sent.assertion === "" || sent.assertionType !== jwtBearer) {
        return refuse("assertion.absent", `client_assertion with client_assertion_type ${jwtBearer}`, sent.assertion ? "another client_assertion_type" : "no client_assertion");
      }
      const parts = readUnverified(sent.assertion);
      if ("code" in parts) {
        return { ok: false, refusal: parts };
      }
      const { jws, alg, typ, kid, claims } = parts;
      const clientId = claims.sub;
      if (typeof clientId !== "string" || claims.iss !== clientId || (sent.clientId !== undefined && sent.clientId !== clientId)) {
        return refuse("assertion.client", "iss, sub and client_id (if sent) all the client_id", "something else");
      }
      const client = (trustMemory ? clients.recall(clientId) : undefined) ?? (await clients.find(clientId));
      if (!client) {
        return refuse("client.unknown", "a registered client", printable(clientId));
      }
      if (!belongsTo(brcac, client)) {
        return refuse("certificate.other-client", `a certificate of software ${client.softwareId}`, `UID ${printable(brcac.softwareId)}`);
      }
      if (alg !== "PS256") {
        return refuse("assertion.algorithm", "alg PS256", `alg ${printable(alg)}`);
      }
      if (!isAssertionType(typ)) {
        return refuse("assertion.type", "typ JWT, client-authentication+jwt or none", `typ ${printable(typ)}`);
      }
      if (kid === undefined) {
        return refuse("assertion.key-unknown", "a header with kid", "none");
      }
      const key = softwareKeys.signingKeyAtHand(client, kid) ?? (await askForKey(client, kid));
      if ("code" in key) {
        return { ok: false, refusal: key };
      }
      if (!isSignedByPs256(jws, key.publicKey)) {
        return refuse("assertion.signature", `a signature with key ${printable(kid)}`, "another one");
      }
      const now = epochSeconds(needs.clock);
      const problem = judgeAssertion(claims, clientId, now, rules);
      if (problem) {
        return { ok: false, refusal: problem };
      }
      if (!client.active) {
        return { ok: false, refusal: suspendedClient(client.record.suspension) };
      }
      // judgeAssertion has seen that both are there and of their types.
      const { jti, exp } = claims as { jti: string; exp: number };
      const name = clientNames.usedAssertion(sha256(jti));
      const ttlSeconds = Math.ceil(exp - now) + rules.clockSkewSeconds + 1;
      return { ok: true, clientId, client, use: { unused: { name, is: "absent" }, mark: { name, value: "1", ttlSeconds } } };
    },
  };
}

/** The refusal of an assertion whose mark was there already. */
export const usedAssertion: Refusal = { code: "assertion.used", expected: "an assertion with a new jti", received: "one that has been used" };

/** What the directory says is the client's own to mend; an operator's reason is for the bank alone. */
function suspendedClient(suspension: ClientSuspension | undefined): Refusal {
  return suspension !== undefined && suspension.by !== "operator"
    ? { code: "client.suspended", expected: "an active client", received: printable(suspension.reason) }
    : { code: "client.suspended-by-bank", expected: "an active client", received: "one that the bank has suspended" };
}

function refuse(code: Refusal["code"], expected: string, received: string): Authentication {
  return { ok: false, refusal: { code, expected, received } };
}

interface UnverifiedAssertion {
  readonly jws: CompactJws;
  readonly alg: unknown;
  readonly typ: unknown;
  readonly kid: string | undefined;
  readonly claims: AssertionClaims;
}

/** Reads just enough to know whose key to verify with; nothing of it is believed before that. */
function readUnverified(assertion: string): UnverifiedAssertion | Refusal {
  const jws = assertion.length > longestAssertion ? undefined : readCompactJws(assertion);
  const claims = jws && jsonObjectOf(jws.payload);
  if (!jws || !claims) {
    return { code: "assertion.malformed", expected: "a compact JWS with a JSON object of claims", received: "something else" };
  }
  const { alg, typ, kid } = jws.header;
  return { jws, alg, typ, kid: typeof kid === "string" ? kid : undefined, claims };
}

/** A JWT of another kind is no proof of who the client is (RFC 8725 section 3.11); names of media types have no case. */
function isAssertionType(typ: unknown): boolean {
  return typ === undefined || (typeof typ === "string" && ["jwt", "client-authentication+jwt"].includes(typ.toLowerCase()));
}
