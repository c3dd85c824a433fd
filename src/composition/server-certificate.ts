import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { resolve } from "node:path";
import { hostsOf, loadOrCreateLocalAuthority } from "../certs/local-authority.ts";
import { readSettingsFile } from "./settings-file.ts";
import type { Surroundings } from "./surroundings.ts";

interface ServerTls {
  readonly certPem: string;
  readonly keyPem: string;
}

/** The listeners' certificate and key: the operator's files, or one of the local authority. */
export async function serverTls({ root, settings, clock }: Surroundings): Promise<ServerTls> {
  const { certificateFile = "", keyFile = "", localAuthorityDirectory } = settings.tls;
  if (localAuthorityDirectory === undefined) {
    return readServerFiles(root, { certificateFile, keyFile });
  }
  const authority = await loadOrCreateLocalAuthority({ folder: resolve(root, localAuthorityDirectory), clock });
  return authority.serverCertificate("server", hostsOf([settings.publicUrl, settings.mtlsUrl]));
}

/**
 * The operator's certificate and key.
 * @throws Error when one cannot be read, they do not belong together, or the key is not RSA, which the suites of
 *   FAPI-BR 6.2.2 need
 */
export async function readServerFiles(root: string, { certificateFile, keyFile }: { certificateFile: string; keyFile: string }): Promise<ServerTls> {
  const certPem = await readSettingsFile(root, certificateFile);
  const keyPem = await readSettingsFile(root, keyFile);
  const certificate = readable(() => new X509Certificate(certPem), `${certificateFile}: expected a PEM file with a certificate`);
  const key: KeyObject = readable(() => createPrivateKey(keyPem), `${keyFile}: expected a PEM file with a private key that no password protects`);
  if (certificate.publicKey.asymmetricKeyType !== "rsa") {
    throw new Error(`${certificateFile}: expected the certificate of an RSA key; TLS 1.2 is spoken with ECDHE_RSA only (FAPI-BR 6.2.2)`);
  }
  if (!certificate.checkPrivateKey(key)) {
    throw new Error(`${keyFile}: expected the private key of the certificate in ${certificateFile}`);
  }
  return { certPem, keyPem };
}

function readable<T>(read: () => T, expected: string): T {
  try {
    return read();
  } catch (error) {
    throw new Error(expected, { cause: error });
  }
}
