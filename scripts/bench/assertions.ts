import { importJWK, SignJWT, type CryptoKey, type JWK } from "jose";

/** A registered client that asks for tokens, with the private key that its JWKS publishes. */
export interface AssertingClient {
  readonly clientId: string;
  /** RSA, with `kid`. */
  readonly privateJwk: JWK;
}

export interface AssertionNeeds {
  readonly clients: readonly AssertingClient[];
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly newJti: () => string;
}

/** Well below the 10 minutes that the server allows, well above the longest measurement. */
export const assertionLifeSeconds = 480;

/** Enough for Node's thread pool to have always something to sign. */
const signedAtOnce = 16;

/** Signs client assertions (RFC 7523, PS256), the clients in turn, each with a `jti` of its own. */
export async function signAssertions(needs: AssertionNeeds, count: number): Promise<string[]> {
  const keys = await importKeys(needs.clients);
  const signed: string[] = [];
  for (let first = 0; first < count; first += signedAtOnce) {
    const size = Math.min(signedAtOnce, count - first);
    const some = Array.from({ length: size }, (_, offset) => {
      const client = needs.clients[(first + offset) % needs.clients.length];
      const key = client && keys.get(client.privateJwk);
      if (!client || !key) throw new Error("At least one client is needed to sign assertions for");
      return signAssertion(client, key, needs);
    });
    signed.push(...(await Promise.all(some)));
  }
  return signed;
}

async function importKeys(clients: readonly AssertingClient[]): Promise<Map<JWK, CryptoKey>> {
  const keys = new Map<JWK, CryptoKey>();
  for (const { privateJwk } of clients) {
    if (keys.has(privateJwk)) continue;
    const key = await importJWK(privateJwk, "PS256");
    if (key instanceof Uint8Array) throw new Error("Expected an RSA key, received a symmetric one");
    keys.set(privateJwk, key);
  }
  return keys;
}

function signAssertion(client: AssertingClient, key: CryptoKey, needs: AssertionNeeds): Promise<string> {
  return new SignJWT({
    iss: client.clientId,
    sub: client.clientId,
    aud: needs.audience,
    jti: needs.newJti(),
    iat: needs.now,
    exp: needs.now + assertionLifeSeconds,
  })
    .setProtectedHeader({ alg: "PS256", typ: "JWT", kid: client.privateJwk.kid ?? "" })
    .sign(key);
}
