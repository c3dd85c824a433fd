import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { printable, type Refusal } from "../../kernel/refusal.ts";
import { equalInConstantTime, routeOfSoftware, sha256 } from "../../kernel/identifiers.ts";
import { sameDirectoryId } from "../../certs/brcac.ts";
import type { DocumentReading } from "../../directory/cached-documents.ts";
import { isSigningKey, type KeySet } from "../../directory/jwks.ts";
import type { Keystore } from "../../directory/keystore.ts";
import { readSoftwareStatement, type StatementReading } from "../../directory/read-software-statement.ts";
import type { SoftwareKeys } from "../../directory/software-keys.ts";
import type { SoftwareStatement } from "../../directory/software-statement.ts";
import type { ClientRecord, ClientRecords, OperatorDecision, VersionedClient } from "../../store/client-records.ts";
import type { AcceptedBrcac, SealVerdict } from "../trust/judge-certificate.ts";
import type { RoleScopes } from "../scope/role-scopes.ts";
import type { ReadRequest } from "./registration-request.ts";

/** What a registration is judged by, beside what the caller sends. */
export interface RegistrationRules {
  readonly realm: string;
  readonly statementMaxAgeSeconds: number;
  readonly clockSkewSeconds: number;
  readonly statementIssuers: readonly string[];
  readonly environment: "production" | "sandbox";
  readonly keystoreUrl: string;
  readonly roleScopes: RoleScopes;
  /** What discovery lists of the ecosystem's scopes. */
  readonly listedScopes: readonly string[];
  /** Where a TPP that lost its registration access token gets a new one. */
  readonly recoverUrl: string;
}

/** A signing key of the software, and what became of the certificate behind it. */
export interface SealFact {
  readonly kid: string;
  /** Undefined when the JWKS gives no certificate with the key. */
  readonly verdict: SealVerdict | undefined;
}

/** Everything that the checks behind the statement gate look at. Nothing here waits or changes any more. */
export interface RegistrationFacts {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly rules: RegistrationRules;
  readonly brcac: AcceptedBrcac;
  readonly body: ReadRequest;
  readonly statement: SoftwareStatement;
  readonly keys: DocumentReading<KeySet>;
  readonly seals: readonly SealFact[];
  /** The client registered with the statement's software, if there is one. */
  readonly existing: VersionedClient | undefined;
  /** What an operator decided of the software, where its last client is gone. */
  readonly decision: OperatorDecision | undefined;
  /** The client that the call updates; undefined when it is a first registration. */
  readonly updated: VersionedClient | undefined;
}

export type RegistrationTokenFact =
  | { readonly opens: true; readonly client: VersionedClient }
  | { readonly opens: false; readonly refusal: Refusal };

export interface RegistrationFactsNeeds {
  readonly rules: RegistrationRules;
  readonly clock: Clock;
  readonly keystore: Keystore;
  readonly softwareKeys: SoftwareKeys;
  readonly clients: ClientRecords;
  /** Judges the certificate chain (base64 DER, leaf first) behind a signing key. */
  readonly judgeSeal: (chain: readonly string[]) => Promise<SealVerdict>;
}

/** Gathers, gate by gate, what the checks judge: the only part of a registration that waits for anybody. */
export interface RegistrationFactsSource {
  registrationToken(clientId: string, token: string | undefined, brcac: AcceptedBrcac): Promise<RegistrationTokenFact>;
  statement(body: ReadRequest): Promise<StatementReading>;
  registration(known: KnownOfRegistration): Promise<RegistrationFacts>;
  /** The same with the keys that the keystore publishes now, where they came from our copy. */
  withRenewedKeys(facts: RegistrationFacts): Promise<RegistrationFacts>;
}

/** What the gates have let through. */
export type KnownOfRegistration = Pick<RegistrationFacts, "brcac" | "body" | "statement" | "updated">;

export function createRegistrationFacts(needs: RegistrationFactsNeeds): RegistrationFactsSource {
  const { rules, clients } = needs;

  const seals = async (keys: DocumentReading<KeySet>): Promise<SealFact[]> => {
    if (!keys.available) {
      return [];
    }
    const signing = [...keys.value.byKid.values()].filter(isSigningKey);
    return Promise.all(
      signing.map(async ({ kid, x5c }) => ({ kid, verdict: x5c.length === 0 ? undefined : await needs.judgeSeal(x5c) })),
    );
  };

  return {
    async registrationToken(clientId, token, brcac) {
      if (token === undefined) {
        return { opens: false, refusal: refusal("registration-token.absent", "Authorization: Bearer with the registration access token", "none") };
      }
      const client = await clients.find(clientId);
      // Compared also when there is no such client, so that the time tells nothing.
      const matches = equalInConstantTime(sha256(token), client?.record.registrationTokenHash ?? "");
      if (!client || !matches) {
        return { opens: false, refusal: refusal("registration-token.unknown", "the token of this client", "another one") };
      }
      if (!belongsTo(brcac, client.record)) {
        return { opens: false, refusal: refusal("registration-token.other-software", "a certificate of the registered software", `UID ${printable(brcac.softwareId)}`) };
      }
      return { opens: true, client };
    },

    statement: (body) => readSoftwareStatement(body.request.software_statement, needs.keystore),

    async registration(known) {
      const { statement } = known;
      const [keys, { client: existing, decision }] = await Promise.all([
        needs.softwareKeys.keysOf(statement.jwksUri),
        clients.findAtRoute(routeOfSoftware(rules.realm, statement.softwareId)),
      ]);
      return { ...known, now: epochSeconds(needs.clock), rules, keys, seals: await seals(keys), existing, decision };
    },

    async withRenewedKeys(facts) {
      if (!facts.keys.available || facts.keys.asked) {
        return facts;
      }
      const keys = await needs.softwareKeys.renewedKeysOf(facts.statement.jwksUri);
      return { ...facts, keys, seals: await seals(keys) };
    },
  };
}

/** Whether a BRCAC is that of the client's software and organisation; a renewed one is (D11). */
export function belongsTo(brcac: AcceptedBrcac, { softwareId, organisationId }: Pick<ClientRecord, "softwareId" | "organisationId">): boolean {
  return sameDirectoryId(brcac.softwareId, softwareId) && sameDirectoryId(brcac.organisationId, organisationId);
}

function refusal(code: Refusal["code"], expected: string, received: string): Refusal {
  return { code, expected, received };
}

