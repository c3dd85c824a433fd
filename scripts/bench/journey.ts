import { createHash, randomBytes, randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import type { AdapterFactory, AdapterPayload } from "oidc-provider";
import { epochSeconds, type Clock } from "../../src/kernel/clock.ts";
import { newToken, systemRandomness } from "../../src/kernel/identifiers.ts";
import type { BenchClient } from "./ecosystem.ts";
import { redirectUri } from "./sandbox.ts";

/** What clients send in the customer's journey, each list with the clients in turn, without their assertions. */
export interface Journey {
  /** Forms with fresh request objects; each may be pushed any number of times. */
  pushForms(): Promise<readonly string[]>;
  /** Forms with codes that have just been put into the store, each good for one exchange. */
  exchangeForms(count: number): Promise<readonly string[]>;
  /** Each may be sent any number of times: refresh tokens are not rotated. */
  refreshForms(): readonly string[];
  /** Access tokens that open data, fresh ones. */
  accessTokens(): Promise<readonly string[]>;
}

/** The consents of one client: one that waits for its customer, one that the customer has given. */
export interface JourneyConsents {
  readonly awaiting: string;
  readonly authorised: string;
}

export interface JourneyNeeds {
  /** Writes into the server's store as its engine does. */
  readonly adapter: AdapterFactory;
  readonly clock: Clock;
  readonly issuer: string;
  readonly clients: readonly BenchClient[];
  readonly consentsOf: (client: BenchClient) => JourneyConsents;
  readonly customerId: string;
  /** `x5t#S256` of the clients' certificate. */
  readonly thumbprint: string;
}

const writtenAtOnce = 200;
const codeSeconds = 600;
const tokenSeconds = 900;
const grantSeconds = 366 * 86_400;
const requestSeconds = 3_000;
const verifier = randomBytes(64).toString("base64url");
const codeChallenge = createHash("sha256").update(verifier).digest("base64url");

function scopeOf(consentId: string): string {
  return `openid accounts resources consent:${consentId}`;
}

function form(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString();
}

/** What the engine notes of a customer's log-in, in codes and in refresh tokens alike. */
function loginFacts(now: number, customerId: string): AdapterPayload {
  return {
    iat: now,
    accountId: customerId,
    acr: "urn:brasil:openbanking:loa2",
    amr: ["pwd"],
    authTime: now,
    claims: { id_token: { acr: { essential: true } } },
    nonce: randomUUID(),
    sessionUid: randomBytes(32).toString("base64url"),
  };
}

/** Puts a grant and a refresh token for every client into the store, and makes what the clients send. */
export async function createJourney(needs: JourneyNeeds): Promise<Journey> {
  const { clients, clock, customerId } = needs;
  const keep = async (model: string, payload: AdapterPayload, seconds: number): Promise<string> => {
    const id = newToken(String(payload.clientId).slice(0, 16), systemRandomness);
    const exp = epochSeconds(clock) + seconds;
    await needs.adapter(model).upsert(id, { ...payload, jti: id, kind: model, exp }, seconds);
    return id;
  };
  const travellers = await Promise.all(
    clients.map(async (client) => {
      const { authorised } = needs.consentsOf(client);
      const now = epochSeconds(clock);
      const scope = scopeOf(authorised);
      const { clientId } = client;
      const grant = { iat: now, accountId: customerId, clientId, openid: { scope, claims: ["acr"] } };
      const grantId = await keep("Grant", grant, grantSeconds);
      const granted = { clientId, grantId, scope };
      const refresh = { ...loginFacts(now, customerId), ...granted, gty: "authorization_code", rotations: 0, iiat: now };
      return { client, granted, refreshToken: await keep("RefreshToken", refresh, grantSeconds) };
    }),
  );
  const travellerAt = (index: number) => {
    const traveller = travellers[index % travellers.length];
    if (!traveller) throw new Error("A journey needs at least one client");
    return traveller;
  };

  return {
    pushForms: () =>
      Promise.all(
        clients.map(async (client) => {
          const request = await requestObject(client, needs);
          return form({ request });
        }),
      ),
    async exchangeForms(count) {
      const codes: string[] = [];
      for (let first = 0; first < count; first += writtenAtOnce) {
        const size = Math.min(writtenAtOnce, count - first);
        const some = Array.from({ length: size }, (_, offset) => {
          const { granted } = travellerAt(first + offset);
          const asked = { codeChallenge, codeChallengeMethod: "S256", redirectUri };
          return keep("AuthorizationCode", { ...loginFacts(epochSeconds(clock), customerId), ...asked, ...granted }, codeSeconds);
        });
        codes.push(...(await Promise.all(some)));
      }
      return codes.map((code) =>
        form({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier }),
      );
    },
    refreshForms: () => travellers.map(({ refreshToken }) => form({ grant_type: "refresh_token", refresh_token: refreshToken })),
    accessTokens: () =>
      Promise.all(
        travellers.map(({ granted }) => {
          const token = { iat: epochSeconds(clock), accountId: customerId, ...granted, gty: "authorization_code" };
          return keep("AccessToken", { ...token, "x5t#S256": needs.thumbprint }, tokenSeconds);
        }),
      ),
  };
}

async function requestObject(client: BenchClient, { issuer, clock, consentsOf }: JourneyNeeds): Promise<string> {
  const now = epochSeconds(clock);
  const { clientId, privateJwk } = client;
  return new SignJWT({
    client_id: clientId,
    iss: clientId,
    aud: issuer,
    scope: scopeOf(consentsOf(client).awaiting),
    redirect_uri: redirectUri,
    response_type: "code id_token",
    state: randomUUID(),
    nonce: randomUUID(),
    nbf: now,
    exp: now + requestSeconds,
    claims: { id_token: { acr: { essential: true } } },
    code_challenge: codeChallenge,
    code_challenge_method: "S256",
  })
    .setProtectedHeader({ alg: "PS256", kid: privateJwk.kid ?? "" })
    .sign(await importJWK(privateJwk, "PS256"));
}
