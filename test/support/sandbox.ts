import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import { loadOrCreateLocalAuthority, type LocalAuthority } from "../../src/certs/local-authority.ts";
import { makeKey, privateKeyPemOf } from "../../src/certs/issue-certificate.ts";
import { createTpp, type ServerAddress, type TppWish } from "../../src/cli/create-tpp.ts";
import { fetchStatement, openDirectoryClient, type DirectoryClient } from "../../src/cli/directory-client.ts";
import { json, registrationBody, tppSchema, type TppDescription, type TppFiles } from "../../src/cli/tpp-folder.ts";
import { systemClock, type Clock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import type { Faults } from "../../src/sandbox/directory-faults.ts";
import type { ForgeryKind } from "../../src/sandbox/directory-requests.ts";
import { directorySettingsSchema, type DirectoryUrls } from "../../src/sandbox/directory-settings.ts";
import type { Directory } from "../../src/sandbox/directory.ts";
import { startDirectory } from "../../src/sandbox/start-directory.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";

/** A certificate with its intermediates, and its key: what `tls.connect` and `https.Agent` take. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** A TPP of the sandbox, ready to call a server. */
export interface SandboxTpp {
  /** What `porteiro directory create-tpp` would write. */
  readonly files: TppFiles;
  readonly description: TppDescription;
  readonly tls: TlsIdentity;
  readonly signing: { readonly key: KeyObject; readonly kid: string };
  readonly encryption: { readonly key: KeyObject; readonly kid: string };
  /** A fresh statement, over the real calls. */
  fetchStatement(): Promise<string>;
  /** A statement straight from the directory: older by some seconds, or with other claims (null takes one out). */
  statement(change?: { readonly ageSeconds?: number; readonly claims?: Record<string, unknown> }): Promise<string>;
  /** The complete registration body around a statement. */
  registrationBody(statement: string): Record<string, unknown>;
  /** A transport certificate for this TPP that is wrong in one way. */
  forge(kind: ForgeryKind): Promise<TlsIdentity>;
  /** Another good transport certificate of the same software. */
  renewedTls(): Promise<TlsIdentity>;
}

export interface SandboxDirectory {
  readonly urls: DirectoryUrls;
  readonly directory: Directory;
  readonly faults: Faults;
  readonly client: DirectoryClient;
  readonly localAuthority: LocalAuthority;
  /** Holds `local/ca.crt` and the anchors under `local/directory/` (root-v10.crt, root-v5.crt, ...). */
  readonly folder: string;
  readonly anchorsFolder: string;
  createTpp(wish?: TppWish): Promise<SandboxTpp>;
  /** Stops the directory and opens it again on the same ports and the same store. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface SandboxOptions {
  readonly clock?: Clock;
  /** What the TPPs' descriptions say of the authorization server. */
  readonly server?: ServerAddress;
  /** Settings of the directory beside its ports. */
  readonly settings?: z.input<typeof directorySettingsSchema>;
}

const noServer: ServerAddress = {
  issuer: "https://localhost:7443/default/openbanking_brasil",
  registrationEndpoint: "https://localhost:7444/default/openbanking_brasil/oauth2/register",
  tokenEndpoint: "https://localhost:7444/default/openbanking_brasil/oauth2/token",
};

/** Starts the sandbox directory in this process, on free ports, with a store and an authority of its own. */
export async function startSandboxDirectory(options: SandboxOptions = {}): Promise<SandboxDirectory> {
  const { clock = systemClock, server = noServer } = options;
  const folder = await mkdtemp(join(tmpdir(), "porteiro-sandbox-"));
  const localFolder = join(folder, "local");
  const anchorsFolder = join(localFolder, "directory");
  const localAuthority = await loadOrCreateLocalAuthority({ folder: localFolder, clock });
  let ports = { publicPort: 0, mtlsPort: 0 };

  async function start() {
    const store = openLmdbStore({ path: join(folder, "store"), clock });
    const settings = directorySettingsSchema.parse({ ...options.settings, ...ports });
    const log = createLog("fatal");
    const running = await startDirectory({ store, clock, settings, log, localAuthority, anchorsFolder });
    ports = { publicPort: portOf(running.urls.auth), mtlsPort: portOf(running.urls.matlsAuth) };
    const client = await openDirectoryClient(running.urls.auth, localAuthority.caFile);
    return { store, client, ...running };
  }

  let current = await start();
  const end = async () => {
    await current.stop();
    await current.store.close();
  };
  return {
    get urls() {
      return current.urls;
    },
    get directory() {
      return current.directory;
    },
    get faults() {
      return current.faults;
    },
    get client() {
      return current.client;
    },
    localAuthority,
    folder,
    anchorsFolder,
    async createTpp(wish = {}) {
      const needs = { client: current.client, directoryUrl: current.urls.auth, caPem: localAuthority.caPem, server };
      return sandboxTpp(await createTpp(needs, wish), () => current.directory);
    },
    async restart() {
      await end();
      current = await start();
    },
    async stop() {
      await end();
      await rm(folder, { recursive: true });
    },
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function sandboxTpp(files: TppFiles, directory: () => Directory): SandboxTpp {
  const description = tppSchema.parse(json(files["tpp.json"]));
  const softwareId = description.software_id;
  const privateKey = (use: string) => {
    // The file is the one just made by create-tpp.
    const { keys } = json(files["jwks-private.json"]) as { keys: { use: string; kid: string }[] };
    const jwk = keys.find((one) => one.use === use)!;
    return { key: createPrivateKey({ key: jwk, format: "jwk" }), kid: jwk.kid };
  };
  const tls = { cert: files["client.crt"], key: files["client.key"] };
  return {
    files,
    description,
    tls,
    signing: privateKey("sig"),
    encryption: privateKey("enc"),
    fetchStatement: () =>
      fetchStatement(
        {
          tokenEndpoint: description.directory.token_endpoint,
          assertionUrl: description.directory.assertion_url,
          clientId: description.directory.client_id,
        },
        { certPem: tls.cert, keyPem: tls.key },
        files["ca.crt"],
      ),
    statement: ({ ageSeconds = 0, claims = {} } = {}) => directory().statement({ softwareId, ageSeconds, claims }),
    registrationBody: (statement) => registrationBody(description, statement),
    async forge(kind) {
      const key = kind === "ec" ? await makeKey("ec") : await makeKey("rsa", kind === "rsa-1024" ? 1024 : 2048);
      const forged = await directory().forge({ softwareId, kind, publicKey: createPublicKey(key) });
      return { cert: forged.certificatePem + forged.chainPem, key: privateKeyPemOf(key) };
    },
    async renewedTls() {
      const key = await makeKey();
      const { transport } = await directory().rotateKeys({ softwareId, transportKey: createPublicKey(key) });
      return { cert: transport!.certificatePem + transport!.chainPem, key: privateKeyPemOf(key) };
    },
  };
}
