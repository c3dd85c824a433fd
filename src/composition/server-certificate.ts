import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { hostsOf, loadOrCreateLocalAuthority } from "../certs/local-authority.ts";
import type { Surroundings } from "./surroundings.ts";

/** The listeners' certificate and key: the operator's files, or one of the local authority. */
export async function serverTls({ root, settings, clock }: Surroundings): Promise<{ certPem: string; keyPem: string }> {
  const { certificateFile, keyFile, localAuthorityDirectory } = settings.tls;
  if (localAuthorityDirectory !== undefined) {
    const authority = await loadOrCreateLocalAuthority({ folder: resolve(root, localAuthorityDirectory), clock });
    return authority.serverCertificate("server", hostsOf([settings.publicUrl, settings.mtlsUrl]));
  }
  const [certPem, keyPem] = await Promise.all([certificateFile, keyFile].map((file) => readFile(resolve(root, file ?? ""), "utf8")));
  return { certPem: certPem ?? "", keyPem: keyPem ?? "" };
}
