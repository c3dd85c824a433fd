import type { JWK } from "jose";
import { z } from "zod";
import { json, readTppFile } from "./tpp-folder.ts";

const registrationFile = z.object({ client_id: z.string().min(1) });
const privateJwks = z.object({ keys: z.array(z.looseObject({ use: z.string(), kid: z.string() })) });

/** The folder's private key for signing (`sig`) or for reading what is encrypted for the TPP (`enc`). */
export async function tppKey(folder: string, use: "sig" | "enc"): Promise<JWK & { readonly kid: string }> {
  const { keys } = privateJwks.parse(json(await readTppFile(folder, "jwks-private.json")));
  const key = keys.find((one) => one.use === use);
  if (!key) throw new Error(`Expected a key with use ${use} in ${folder}/jwks-private.json`);
  // The file is the one that create-tpp wrote; jose refuses a member that is not what it must be.
  return key as JWK & { readonly kid: string };
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
