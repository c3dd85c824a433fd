import { createHash } from "node:crypto";
import { SignJWT } from "jose";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import type { Randomness } from "../kernel/identifiers.ts";
import { readTpp } from "./tpp-folder.ts";
import { registeredClientId, tppSigningKey } from "./tpp-keys.ts";

export interface RequestObjectWish {
  readonly folder: string;
  readonly consentId: string;
  /** Scopes beside the consent's own, separated by spaces. */
  readonly scope: string;
  /** Left out: read from `registration.json`. */
  readonly clientId?: string;
  /** Left out: the first one of `tpp.json`. */
  readonly redirectUri?: string;
  /** Left out: the issuer of `tpp.json`. */
  readonly audience?: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** A signed request object, and what the TPP must remember of it until the answer comes. */
export interface AuthorizationRequest {
  readonly requestObject: string;
  /** PKCE (RFC 7636): shown when the code is redeemed. */
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

const livesSeconds = 300;

/** Signs a request object for a consent (RFC 9101, FAPI-BR 5.2.2: PS256, `code id_token`, PKCE S256). */
export async function authorizationRequest(wish: RequestObjectWish): Promise<AuthorizationRequest> {
  const { folder, consentId, scope, clock } = wish;
  const tpp = await readTpp(folder);
  const { kid, key } = await tppSigningKey(folder);
  const clientId = wish.clientId ?? (await registeredClientId(folder));
  const redirectUri = wish.redirectUri ?? tpp.redirect_uris[0];
  const [verifier, state, nonce] = [64, 16, 16].map((bytes) => wish.randomness(bytes).toString("base64url")) as [string, string, string];
  const now = epochSeconds(clock);
  const requestObject = await new SignJWT({
    client_id: clientId,
    scope: `${scope} consent:${consentId}`,
    redirect_uri: redirectUri,
    response_type: "code id_token",
    state,
    nonce,
    claims: { id_token: { acr: { essential: true } } },
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  })
    .setProtectedHeader({ alg: "PS256", kid, typ: "oauth-authz-req+jwt" })
    .setIssuer(clientId)
    .setAudience(wish.audience ?? tpp.server.issuer)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + livesSeconds)
    .sign(key);
  return { requestObject, verifier, state, nonce, redirectUri: String(redirectUri) };
}
