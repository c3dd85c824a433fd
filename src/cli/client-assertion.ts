import { SignJWT } from "jose";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { systemRandomness } from "../kernel/identifiers.ts";
import { readTpp } from "./tpp-folder.ts";
import { registeredClientId, tppSigningKey } from "./tpp-keys.ts";

export interface AssertionWish {
  readonly folder: string;
  /** Left out: read from `registration.json`, where the answer to the registration was saved. */
  readonly clientId?: string;
  /** Left out: the issuer of `tpp.json`. */
  readonly audience?: string;
  readonly seconds: number;
  readonly clock: Clock;
}

/** Signs a client assertion with the folder's signing key (RFC 7523 section 2.2, PS256). */
export async function clientAssertion(wish: AssertionWish): Promise<string> {
  const { folder, seconds, clock } = wish;
  const clientId = wish.clientId ?? (await registeredClientId(folder));
  const { kid, key } = await tppSigningKey(folder);
  const now = epochSeconds(clock);
  return new SignJWT({ jti: systemRandomness(16).toString("base64url") })
    .setProtectedHeader({ alg: "PS256", kid, typ: "JWT" })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(wish.audience ?? (await readTpp(folder)).server.issuer)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(key);
}
