import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { loadOrCreateLocalAuthority } from "../certs/local-authority.ts";
import type { Surroundings } from "./surroundings.ts";

/** The listeners' certificate and key: the operator's files, or one of the local authority. */
export async function serverTls({ root, settings, clock }: Surroundings): Promise<{ certPem: string; keyPem: string }> {
  const { certificateFile, keyFile, localAuthorityDirectory } = settings.tls;
  if (localAuthorityDirectory !== undefined) {
    const authority = await loadOrCreateLocalAuthority({ folder: resolve(root, localAuthorityDirectory), clock });
    const names = [settings.publicUrl, settings.mtlsUrl].map((url) => new URL(url).hostname);
    return authority.serverCertificate("server", ["localhost", ...new Set([...names, "127.0.0.1", "::1"])]);
  }
  const [certPem, keyPem] = await Promise.all([certificateFile, keyFile].map((file) => readFile(resolve(root, file ?? ""), "utf8")));
  return { certPem: certPem ?? "", keyPem: keyPem ?? "" };
}
