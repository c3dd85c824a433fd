import { z } from "zod";
import { makeKey, privateKeyPemOf } from "../certs/issue-certificate.ts";
import { pemPair, privateJwk, publicPem, whole } from "./create-tpp.ts";
import type { DirectoryClient } from "./directory-client.ts";
import { pretty, readTpp, type TppFiles } from "./tpp-folder.ts";
import { tppKeys } from "./tpp-keys.ts";

export const rotatableKeys = ["transport", "sig", "enc"] as const;
export type RotatableKey = (typeof rotatableKeys)[number];

const rotated = z.object({
  transport: pemPair.optional(),
  signing: pemPair.extend({ kid: z.string() }).optional(),
  encryption: z.object({ kid: z.string() }).optional(),
});

/** Makes new keys for a TPP, has the directory certify and publish them, and gives the files that change. */
export async function rotateTppKeys(
  client: DirectoryClient,
  folder: string,
  wanted: readonly RotatableKey[],
): Promise<Partial<TppFiles>> {
  const { software_id: softwareId } = await readTpp(folder);
  const before = await tppKeys(folder);
  const newKey = async (kind: RotatableKey) => (wanted.includes(kind) ? makeKey() : undefined);
  const [transportKey, signingKey, encryptionKey] = await Promise.all(rotatableKeys.map(newKey));
  const answer = await client.command(
    "/sandbox/key-rotations",
    {
      softwareId,
      ...(transportKey && { transportKey: publicPem(transportKey) }),
      ...(signingKey && { signingKey: publicPem(signingKey) }),
      ...(encryptionKey && { encryptionKey: publicPem(encryptionKey) }),
    },
    rotated,
  );
  const fresh = [
    ...(signingKey && answer.signing
      ? [await privateJwk(signingKey, { kid: answer.signing.kid, use: "sig", alg: "PS256" })]
      : []),
    ...(encryptionKey && answer.encryption
      ? [await privateJwk(encryptionKey, { kid: answer.encryption.kid, use: "enc", alg: "RSA-OAEP" })]
      : []),
  ];
  const kept = before.filter(({ use }) => fresh.every((key) => key.use !== use));
  return {
    ...(transportKey && answer.transport && { "client.crt": whole(answer.transport), "client.key": privateKeyPemOf(transportKey) }),
    ...(signingKey && answer.signing && { "brseal.crt": whole(answer.signing), "brseal.key": privateKeyPemOf(signingKey) }),
    ...(fresh.length > 0 && { "jwks-private.json": pretty({ keys: [...fresh, ...kept] }) }),
  };
}
