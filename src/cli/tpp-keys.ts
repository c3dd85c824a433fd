import { importJWK, type JWK } from "jose";
import { z } from "zod";
import { json, readTppFile } from "./tpp-folder.ts";

const registrationFile = z.object({ client_id: z.string().min(1) });
const privateJwks = z.object({ keys: z.array(z.looseObject({ use: z.string(), kid: z.string() })) });

export type TppKey = JWK & { readonly use: string; readonly kid: string };

/** The private keys of a TPP's folder. @throws Error that names the file when it is not what create-tpp wrote */
export async function tppKeys(folder: string): Promise<TppKey[]> {
  const parsed = privateJwks.safeParse(json(await readTppFile(folder, "jwks-private.json")));
  if (!parsed.success) throw notOurs(folder);
  // The file is the one that create-tpp wrote; whoever imports a key refuses a member that is not what it must be.
  return parsed.data.keys as TppKey[];
}

/** The folder's private key for signing (`sig`) or for reading what is encrypted for the TPP (`enc`). */
export async function tppKey(folder: string, use: "sig" | "enc"): Promise<TppKey> {
  const key = (await tppKeys(folder)).find((one) => one.use === use);
  if (!key) throw new Error(`Expected a key with use ${use} in ${folder}/jwks-private.json`);
  return key;
}

/** The folder's signing key, ready to sign. @throws Error that names the file */
export async function tppSigningKey(folder: string): Promise<{ readonly kid: string; readonly key: CryptoKey | Uint8Array }> {
  const jwk = await tppKey(folder, "sig");
  try {
    return { kid: jwk.kid, key: await importJWK(jwk, "PS256") };
  } catch (error) {
    throw notOurs(folder, error);
  }
}

function notOurs(folder: string, cause?: unknown): Error {
  return new Error(`${folder}/jwks-private.json is not what 'porteiro directory create-tpp' writes: expected a JWKS with private keys; make the folder anew`, { cause });
}

/** The client id in the answer to the registration, which is expected in `registration.json`. */
export async function registeredClientId(folder: string): Promise<string> {
  const hint = `save the answer to the registration there (curl --output ${folder}/registration.json), or give --client-id`;
  const text = await readTppFile(folder, "registration.json").catch(() => {
    throw new Error(`Cannot read ${folder}/registration.json: ${hint}`);
  });
  const parsed = registrationFile.safeParse(json(text));
  if (!parsed.success) throw new Error(`${folder}/registration.json holds no client_id: ${hint}`);
  return parsed.data.client_id;
}
