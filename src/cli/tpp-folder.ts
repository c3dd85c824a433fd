import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** The ids and URLs of a TPP of the sandbox, as `tpp.json` holds them. */
export const tppSchema = z.object({
  organisation_id: z.string(),
  organisation_name: z.string(),
  software_id: z.string(),
  software_name: z.string(),
  roles: z.array(z.string()),
  redirect_uris: z.array(z.string()).min(1),
  webhook_uris: z.array(z.string()),
  jwks_uri: z.string(),
  directory: z.object({
    /** The sandbox directory's public base URL. */
    url: z.string(),
    client_id: z.string(),
    token_endpoint: z.string(),
    assertion_url: z.string(),
    keystore: z.string(),
  }),
  server: z.object({
    issuer: z.string(),
    registration_endpoint: z.string(),
    token_endpoint: z.string(),
  }),
});
export type TppDescription = z.output<typeof tppSchema>;

/** Everything that a TPP's folder holds, by file name. */
export interface TppFiles {
  readonly "client.crt": string;
  readonly "client.key": string;
  readonly "ca.crt": string;
  readonly "brseal.crt": string;
  readonly "brseal.key": string;
  readonly "jwks-private.json": string;
  readonly "software-statement.jwt": string;
  readonly "register.json": string;
  readonly "tpp.json": string;
}

export type TppFile = keyof TppFiles;

export const tppFiles: readonly TppFile[] = [
  "client.crt",
  "client.key",
  "ca.crt",
  "brseal.crt",
  "brseal.key",
  "jwks-private.json",
  "software-statement.jwt",
  "register.json",
  "tpp.json",
];

const privateFiles: readonly string[] = ["client.key", "brseal.key", "jwks-private.json"];

/** Writes the files, private keys with mode 0600; each file changes whole or not at all. */
export async function writeTppFiles(folder: string, files: Partial<TppFiles>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    await writeFile(`${file}.new`, content, { mode: privateFiles.includes(name) ? 0o600 : 0o644 });
    await rename(`${file}.new`, file);
  }
}

/** Reads one file of a TPP's folder. */
export async function readTppFile(folder: string, name: TppFile | "registration.json"): Promise<string> {
  try {
    return await readFile(join(folder, name), "utf8");
  } catch {
    throw new Error(`Cannot read ${join(folder, name)}: expected a folder made by 'porteiro directory create-tpp'`);
  }
}

/** Reads `tpp.json`. */
export async function readTpp(folder: string): Promise<TppDescription> {
  const parsed = tppSchema.safeParse(json(await readTppFile(folder, "tpp.json")));
  if (!parsed.success) throw new Error(`${join(folder, "tpp.json")} is not what 'porteiro directory create-tpp' writes`);
  return parsed.data;
}

/** The JSON value of a text; undefined when it is not JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON for people: indented, with a line end. */
export function pretty(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The complete body of a registration (DCR 7.1) with this software statement. */
export function registrationBody(tpp: Pick<TppDescription, "jwks_uri" | "redirect_uris" | "webhook_uris">, statement: string) {
  return {
    grant_types: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
    jwks_uri: tpp.jwks_uri,
    token_endpoint_auth_method: "private_key_jwt",
    response_types: ["code id_token"],
    redirect_uris: tpp.redirect_uris,
    ...(tpp.webhook_uris.length > 0 && { webhook_uris: tpp.webhook_uris }),
    software_statement: statement,
  };
}
