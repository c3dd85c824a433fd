import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { hostsOf, loadOrCreateLocalAuthority } from "../certs/local-authority.ts";
import { readSettingsFile } from "./settings-file.ts";
import type { Surroundings } from "./surroundings.ts";

/** The listeners' certificate and key: the operator's files, or one of the local authority. */
export async function serverTls(surroundings: Surroundings): Promise<{ certPem: string; keyPem: string }> {
  const { root, settings, clock } = surroundings;
  const { certificateFile = "", keyFile = "", localAuthorityDirectory } = settings.tls;
  if (localAuthorityDirectory !== undefined) {
    const authority = await loadOrCreateLocalAuthority({ folder: resolve(root, localAuthorityDirectory), clock });
    return authority.serverCertificate("server", hostsOf([settings.publicUrl, settings.mtlsUrl]));
  }
  const certPem = await readSettingsFile(surroundings, "tls.certificateFile", certificateFile);
  const keyPem = await readSettingsFile(surroundings, "tls.keyFile", keyFile);
  try {
    createSecureContext({ cert: certPem, key: keyPem });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`tls.certificateFile and tls.keyFile: expected a certificate and its own private key in ${certificateFile} and ${keyFile}, PEM (${reason})`, { cause: error });
  }
  return { certPem, keyPem };
}
