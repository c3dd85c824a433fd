import { importJWK, SignJWT, type JWK } from "jose";
import { z } from "zod";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { systemRandomness } from "../kernel/identifiers.ts";
import { json, readTpp, readTppFile } from "./tpp-folder.ts";

const registrationFile = z.object({ client_id: z.string().min(1) });
const privateJwks = z.object({ keys: z.array(z.looseObject({ use: z.string(), kid: z.string() })) });

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
  const { keys } = privateJwks.parse(json(await readTppFile(folder, "jwks-private.json")));
  const key = keys.find(({ use }) => use === "sig");
  if (!key) throw new Error(`Expected a key with use sig in ${folder}/jwks-private.json`);
  const now = epochSeconds(clock);
  return new SignJWT({ jti: systemRandomness(16).toString("base64url") })
    .setProtectedHeader({ alg: "PS256", kid: key.kid, typ: "JWT" })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(wish.audience ?? (await readTpp(folder)).server.issuer)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(await importJWK(key as JWK, "PS256"));
}

async function registeredClientId(folder: string): Promise<string> {
  const hint = `save the answer to the registration there (curl --output ${folder}/registration.json), or give --client-id`;
  const text = await readTppFile(folder, "registration.json").catch(() => {
    throw new Error(`Cannot read ${folder}/registration.json: ${hint}`);
  });
  const parsed = registrationFile.safeParse(json(text));
  if (!parsed.success) throw new Error(`${folder}/registration.json holds no client_id: ${hint}`);
  return parsed.data.client_id;
}
