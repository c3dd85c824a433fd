import { createPublicKey, type KeyObject } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCertificate } from "../../src/certs/certificate.ts";
import { makeKey, privateKeyPemOf } from "../../src/certs/issue-certificate.ts";
import { loadOrCreateLocalAuthority } from "../../src/certs/local-authority.ts";
import { registrationBody } from "../../src/cli/tpp-folder.ts";
import type { Clock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import { createTppSchema } from "../../src/sandbox/directory-requests.ts";
import { directorySettingsSchema } from "../../src/sandbox/directory-settings.ts";
import type { Tpp } from "../../src/sandbox/directory.ts";
import { startDirectory } from "../../src/sandbox/start-directory.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import { startClientKeystore } from "./client-keystore.ts";
import type { BenchClient } from "./ecosystem.ts";
import type { Identity } from "./traffic.ts";

/** The world around the server: the sandbox directory with its TPPs, and the keystore of the clients that it has already. */
export interface BenchSandbox {
  readonly caPem: string;
  /** Settings of every server in this world. */
  readonly environment: Readonly<Record<string, string>>;
  /** 32 bytes in base64url, the one in the environment. */
  readonly encryptionKey: string;
  /** The TPP that all registered clients belong to. */
  readonly tpp: { readonly identity: Identity; readonly softwareId: string; readonly organisationId: string };
  readonly resourceServer: Identity;
  /** Base URL of the registered clients' JWKS. */
  readonly clientKeystore: string;
  /** Registration bodies with statements of this moment, each of a software of its own, and the certificates that go with them. */
  registrations(count: number): Promise<{ readonly bodies: string[]; readonly identities: Identity[] }>;
  stop(): Promise<void>;
}

export interface BenchSandboxNeeds {
  /** An empty folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly randomness: (length: number) => Buffer;
  readonly clients: readonly BenchClient[];
}

/** How long a server of this world uses a client's keys: as long as the settings let it, and longer than any run. */
export const keyFreshnessSeconds = 3_600;

export const redirectUri = "https://www.certification.openid.net/test/a/bench/callback";

function pem(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
}

/** Starts it in this process, which has nothing else to do while a server is measured. */
export async function startBenchSandbox({ folder, clock, randomness, clients }: BenchSandboxNeeds): Promise<BenchSandbox> {
  await mkdir(folder, { recursive: true });
  const localFolder = join(folder, "local");
  const anchorsFolder = join(localFolder, "directory");
  const localAuthority = await loadOrCreateLocalAuthority({ folder: localFolder, clock });
  const store = openLmdbStore({ path: join(folder, "directory"), clock });
  const settings = directorySettingsSchema.parse({ publicPort: 0, mtlsPort: 0 });
  const running = await startDirectory({ store, clock, settings, log: createLog("warn"), localAuthority, anchorsFolder });
  const { directory, urls } = running;
  const keystoreTls = await localAuthority.serverCertificate("bench-keystore", ["localhost"]);
  const keystore = await startClientKeystore(keystoreTls, clients);
  const resourceServer = await localAuthority.serverCertificate("resource-server", ["localhost"]);
  const resourceServers = join(folder, "resource-servers.json");
  const listed = { name: "bench", publicKeySha256: readCertificate(resourceServer.certPem).publicKeyHash };
  await writeFile(resourceServers, JSON.stringify([listed]));
  const encryptionKey = randomness(32).toString("base64url");
  const encryptionKeyFile = join(folder, "encryption.key");
  await writeFile(encryptionKeyFile, encryptionKey, { mode: 0o600 });

  // Making keys takes a tenth of a second each: all TPPs have the same ones, and only their certificates differ.
  const [transportKey, signingKey, encryptingKey] = await Promise.all([makeKey(), makeKey(), makeKey()]);
  const keys = { transportKey: pem(transportKey), signingKey: pem(signingKey), encryptionKey: pem(encryptingKey) };
  const tpps: Tpp[] = [];
  const tppAt = async (index: number): Promise<Tpp> => {
    const wish = { roles: ["DADOS"], redirectUris: [redirectUri], ...keys };
    return (tpps[index] ??= await directory.createTpp(createTppSchema.parse(wish)));
  };
  const identityOf = ({ transport }: Tpp): Identity => ({
    certificatePem: transport.certificatePem + transport.chainPem,
    privateKeyPem: privateKeyPemOf(transportKey),
  });
  const registrationOf = async ({ organisation, software }: Tpp): Promise<string> => {
    const statement = await directory.statement({ softwareId: software.id, ageSeconds: 0, claims: {} });
    const jwksUri = `${urls.keystore}/${organisation.id}/${software.id}/application.jwks`;
    const facts = { jwks_uri: jwksUri, redirect_uris: software.redirectUris, webhook_uris: software.webhookUris };
    return JSON.stringify(registrationBody(facts, statement));
  };

  const first = await tppAt(0);
  return {
    caPem: localAuthority.caPem,
    encryptionKey,
    clientKeystore: keystore.url,
    tpp: { identity: identityOf(first), softwareId: first.software.id, organisationId: first.organisation.id },
    resourceServer: { certificatePem: resourceServer.certPem, privateKeyPem: resourceServer.keyPem },
    environment: {
      PORTEIRO_TLS_LOCAL_AUTHORITY_DIRECTORY: localFolder,
      PORTEIRO_SECRETS_ENCRYPTION_KEY_FILE: encryptionKeyFile,
      PORTEIRO_DIRECTORY_KEYSTORE_URL: `${urls.keystore}/`,
      PORTEIRO_DIRECTORY_PARTICIPANTS_URL: `${urls.auth}/participants`,
      PORTEIRO_DIRECTORY_ALLOWED_HOSTS: JSON.stringify([new URL(keystore.url).host]),
      PORTEIRO_DIRECTORY_CA_FILE: localAuthority.caFile,
      PORTEIRO_DIRECTORY_KEY_FRESHNESS_SECONDS: String(keyFreshnessSeconds),
      PORTEIRO_CERTIFICATES_BRCAC_ANCHORS: JSON.stringify([join(anchorsFolder, "root-v10.crt")]),
      PORTEIRO_CERTIFICATES_BRSEAL_ANCHORS: JSON.stringify([join(anchorsFolder, "root-v5.crt")]),
      PORTEIRO_CERTIFICATES_CRL_ALLOWED_HOSTS: JSON.stringify([new URL(urls.crl).host]),
      PORTEIRO_TABLES_RESOURCE_SERVERS_FILE: resourceServers,
      PORTEIRO_TABLES_RESOURCE_SERVER_ANCHORS: JSON.stringify([localAuthority.caFile]),
    },
    async registrations(count) {
      const bodies: string[] = [];
      const identities: Identity[] = [];
      for (let index = 0; index < count; index += 1) {
        const tpp = await tppAt(index);
        bodies.push(await registrationOf(tpp));
        identities.push(identityOf(tpp));
      }
      return { bodies, identities };
    },
    async stop() {
      await Promise.all([running.stop(), keystore.stop()]);
      await store.close();
    },
  };
}
