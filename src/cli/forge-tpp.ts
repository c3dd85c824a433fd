import { makeKey, privateKeyPemOf } from "../certs/issue-certificate.ts";
import type { ForgeryKind } from "../sandbox/directory-requests.ts";
import { pemPair, publicPem, whole } from "./create-tpp.ts";
import type { DirectoryClient } from "./directory-client.ts";
import { readTpp, readTppFile, tppFiles, type TppFiles } from "./tpp-folder.ts";

/** What each kind of forgery is, for people. */
export const forgeryMeanings: Record<ForgeryKind, string> = {
  "forged-issuer": "the whole chain copied, names and serial numbers included, signed with other keys",
  expired: "ended yesterday",
  "not-yet-valid": "begins tomorrow",
  revoked: "on the revocation list",
  "wrong-usage": "for servers, not for clients",
  sha1: "signed with SHA-1",
  "rsa-1024": "key of 1024 bits",
  ec: "elliptic key",
  "other-software": "UID of another software statement",
  "other-organisation": "another organisation's id",
  "foreign-root": "a chain of the same depth under an unknown root",
};

function forgersKey(kind: ForgeryKind) {
  if (kind === "ec") return makeKey("ec");
  return makeKey("rsa", kind === "rsa-1024" ? 1024 : 2048);
}

/** A TPP's files with a transport certificate that is wrong in one way; everything else stays as it is. */
export async function forgeTpp(client: DirectoryClient, folder: string, kind: ForgeryKind): Promise<TppFiles> {
  const { software_id: softwareId } = await readTpp(folder);
  const key = await forgersKey(kind);
  const forged = await client.command("/sandbox/forgeries", { softwareId, kind, publicKey: publicPem(key) }, pemPair);
  const read = await Promise.all(tppFiles.map(async (name) => [name, await readTppFile(folder, name)] as const));
  return {
    // Every name of the list has been read.
    ...(Object.fromEntries(read) as unknown as TppFiles),
    "client.crt": whole(forged),
    "client.key": privateKeyPemOf(key),
  };
}
