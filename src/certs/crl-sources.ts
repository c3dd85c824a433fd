import { readFile } from "node:fs/promises";
import { z } from "zod";

/** Where the CRL of one authority lies. */
export interface CrlSource {
  /** RFC 4514, for people. */
  readonly issuer: string;
  /** SHA-256 of the authority's public key, base64url (`Certificate.publicKeyHash`): what the row is found by. */
  readonly publicKeyHash: string;
  /** Tried in this order; each holds the same list. */
  readonly urls: readonly string[];
}

const crlSources = z.array(
  z.strictObject({
    issuer: z.string().min(1),
    publicKeyHash: z.string().regex(/^[\w-]{43}$/),
    urls: z.array(z.url({ protocol: /^https?$/ })).min(1),
  }),
);

/** Reads the table of CRL addresses (`config/crl-sources.json`). Throws when it is not one, and names the file. */
export async function readCrlSources(file: string): Promise<CrlSource[]> {
  try {
    return crlSources.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: expected a table of issuer, publicKeyHash and urls: ${reason}`, { cause: error });
  }
}
