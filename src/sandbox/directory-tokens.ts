import { randomBytes } from "node:crypto";
import { sha256 } from "../kernel/identifiers.ts";
import { certificateId, ownerOf } from "./certified-keys.ts";
import { entry, type DirectoryMemory } from "./directory-memory.ts";
import { DirectoryProblem } from "./directory-problem.ts";
import type { Software } from "./directory-records.ts";

/** The access tokens of the directory itself, each tied to one software and one of its transport certificates. */
export interface DirectoryTokens {
  /** Gives a token to the software whose client id and registered certificate these are (tls_client_auth). */
  issueToken(clientId: string, fingerprint: string): Promise<{ accessToken: string; expiresIn: number }>;
  /** The software that the token was given to, when it comes over the same certificate and that is still good. */
  softwareOfToken(accessToken: string, fingerprint: string): Promise<string | undefined>;
}

export function createDirectoryTokens(needs: { memory: DirectoryMemory; tokenSeconds: number }): DirectoryTokens {
  const { memory, tokenSeconds } = needs;

  async function isGood(software: Software, fingerprint: string): Promise<boolean> {
    const certificate = await memory.get("certificate", certificateId({ ...ownerOf(software), fingerprint }));
    return certificate?.kind === "brcac" && certificate.revokedAt === undefined;
  }

  return {
    async issueToken(clientId, fingerprint) {
      const software = (await memory.list("software")).find((one) => one.clientId === clientId);
      if (!software || !(await isGood(software, fingerprint))) {
        throw new DirectoryProblem(
          401,
          "invalid_client",
          "Expected a client_id and the transport certificate that this directory issued to the same software statement",
        );
      }
      const accessToken = randomBytes(32).toString("base64url");
      const token = { softwareId: software.id, fingerprint };
      await memory.write([entry("token", sha256(accessToken), token, tokenSeconds)]);
      return { accessToken, expiresIn: tokenSeconds };
    },

    async softwareOfToken(accessToken, fingerprint) {
      const token = await memory.get("token", sha256(accessToken));
      const software = token?.fingerprint === fingerprint && (await memory.get("software", token.softwareId));
      return software && (await isGood(software, fingerprint)) ? software.id : undefined;
    },
  };
}
