import { createPublicKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import forge from "node-forge";
import { makeKey, privateKeyPemOf } from "../../src/certs/issue-certificate.ts";
import { atEndOfRun } from "../support/end-of-run.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp, type TlsIdentity } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

/** What an operator gives the official suite: its base URL, the alias of the plan, the scopes of `client.scope`. */
export const suiteConfiguration = {
  base: "https://www.certification.openid.net",
  redirectUri: "https://www.certification.openid.net/test/a/porteiro/callback",
  redirectUriWithQuery: "https://www.certification.openid.net/test/a/porteiro/callback?dummy1=lorem&dummy2=ipsum",
  clientScope: "openid consents resources accounts",
} as const;

/** The server under test, the directory, and the one software statement that every module registers anew. */
export interface SuiteWorld {
  readonly directory: SandboxDirectory;
  readonly server: TestServer;
  readonly tpp: SandboxTpp;
  /** `mtls.cert` is a single certificate: the suite sends no intermediates, the server holds them. */
  readonly identity: TlsIdentity;
}

let world: Promise<SuiteWorld> | undefined;

/** All modules run against one server, as in a run of the plan: a module that leaves its client behind breaks the next. */
export function suiteWorld(): Promise<SuiteWorld> {
  world ??= start();
  return world;
}

let folder: string | undefined;

// The last module's file cannot know that it is the last.
atEndOfRun({
  async stop() {
    const started = await world?.catch(() => undefined);
    await started?.server.stop();
    await started?.directory.stop();
  },
  folder: () => folder,
});

async function start(): Promise<SuiteWorld> {
  const directory = await startSandboxDirectory();
  folder = directory.folder;
  try {
    return await startWith(directory);
  } catch (error) {
    // Else its listeners would keep the test process alive.
    await directory.stop();
    throw error;
  }
}

async function startWith(directory: SandboxDirectory): Promise<SuiteWorld> {
  const anchors = { root: join(directory.anchorsFolder, "root-v10.crt"), issuer: join(directory.anchorsFolder, "ac-ssl.crt") };
  const server = await startTestServer({
    directory,
    settings: {
      certificates: {
        brcacAnchors: [anchors.root],
        brsealAnchors: [join(directory.anchorsFolder, "root-v5.crt")],
        intermediates: [anchors.issuer],
        crlAllowedHosts: [new URL(directory.urls.crl).host],
      },
    },
  });
  const { redirectUri, redirectUriWithQuery } = suiteConfiguration;
  const tpp = await directory.createTpp({ roles: ["DADOS"], redirectUris: [redirectUri, redirectUriWithQuery] });
  return { directory, server, tpp, identity: { key: tpp.tls.key, cert: new X509Certificate(tpp.tls.cert).toString() } };
}

/**
 * The suite's forged certificate: subject, issuer name, serial number, dates and extensions copied from the true one,
 * with a new key, signed by an authority that nobody knows.
 */
export async function forgedCopy(identity: TlsIdentity): Promise<TlsIdentity> {
  const [key, unknownAuthority] = await Promise.all([makeKey(), makeKey()]);
  const copy = forge.pki.certificateFromPem(identity.cert);
  copy.publicKey = forge.pki.publicKeyFromPem(createPublicKey(key).export({ type: "spki", format: "pem" }).toString());
  copy.sign(forge.pki.privateKeyFromPem(privateKeyPemOf(unknownAuthority)), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(copy), key: privateKeyPemOf(key) };
}
