import { atEndOfRun } from "../../support/end-of-run.ts";
import { readFile } from "node:fs/promises";
import { randomUUID, X509Certificate } from "node:crypto";
import { createBankApp } from "../../../src/bank/bank-app.ts";
import { startBankServer } from "../../../src/bank/bank-server.ts";
import { createSampleData } from "../../../src/bank/sample-data.ts";
import { createIntrospection } from "../../../src/bank/token-introspection.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { createLog } from "../../../src/kernel/log.ts";
import { derivedKey } from "../../../src/kernel/secret-box.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp, type TlsIdentity } from "../../support/sandbox.ts";
import { freePorts, startTestServer, type TestServer } from "../../support/server.ts";
import { suiteConfiguration, suiteWorld } from "../suite-world.ts";

/** A client of the plan, with everything that its section of the configuration holds. */
export interface FapiClient {
  /** The suite sends a few things in another way with its second client. */
  readonly number: 1 | 2;
  readonly tpp: SandboxTpp;
  /** `mtls.cert` is a single certificate. */
  readonly identity: TlsIdentity;
  readonly clientId: string;
  readonly redirectUri: string;
}

/** The server under test, the bank behind it, and the two clients registered beforehand. */
export interface FapiWorld {
  readonly server: TestServer;
  readonly resourceUrl: string;
  readonly consentUrl: string;
  readonly client1: FapiClient;
  readonly client2: FapiClient;
}

export interface StartedWorld extends FapiWorld {
  /** Stops the bank; server and directory belong to the caller. */
  stopBank(): Promise<void>;
}

let world: Promise<StartedWorld> | undefined;

/** All modules run against the server of the registration plan, as they do in the field. */
export function fapiWorld(): Promise<FapiWorld> {
  // `mtls.cert` is a single certificate: the suite sends no intermediates.
  world ??= suiteWorld().then((shared) => startFapiWorld(shared, (tpp) => ({ key: tpp.tls.key, cert: new X509Certificate(tpp.tls.cert).toString() })));
  return world;
}

// The last module's file cannot know that it is the last. Server and directory stop with their own.
atEndOfRun({ stop: async () => (await world?.catch(() => undefined))?.stopBank() });

/** The bank and the two clients of a server that runs already. */
export async function startFapiWorld(
  { directory, server }: { directory: SandboxDirectory; server: TestServer },
  identityOf: (tpp: SandboxTpp) => TlsIdentity = (tpp) => tpp.tls,
): Promise<StartedWorld> {
  const { publicUrl, stopBank } = await startBank(server);
  const { redirectUri, redirectUriWithQuery, clientScope } = suiteConfiguration;
  const register = async (number: 1 | 2, uri: string): Promise<FapiClient> => {
    const tpp = await directory.createTpp({ roles: ["DADOS"], redirectUris: [uri] });
    const { clientId } = await server.register(tpp, { scope: clientScope });
    return { number, tpp, clientId, redirectUri: uri, identity: identityOf(tpp) };
  };
  const [client1, client2] = await Promise.all([register(1, redirectUri), register(2, redirectUriWithQuery)]);
  return {
    server,
    client1,
    client2,
    stopBank,
    resourceUrl: `${publicUrl}/open-banking/accounts/v2/accounts`,
    consentUrl: `${String(server.settings["mtlsUrl"])}/open-banking/consents/v3/consents`,
  };
}

export interface OwnWorld extends FapiWorld {
  readonly directory: SandboxDirectory;
  stop(): Promise<void>;
}

/** Directory, server, bank and clients for one test file alone, with a clock of its own. */
export async function ownFapiWorld({ clock = systemClock, keyFreshnessSeconds = 300 } = {}): Promise<OwnWorld> {
  const directory = await startSandboxDirectory();
  try {
    const { keystore, auth } = directory.urls;
    const addresses = { keystoreUrl: `${keystore}/`, participantsUrl: `${auth}/participants`, caFile: directory.localAuthority.caFile };
    const server = await startTestServer({ directory, clock, settings: { directory: { ...addresses, keyFreshnessSeconds, coolDownSeconds: 1 } } });
    const started = await startFapiWorld({ directory, server });
    const stop = async () => {
      await started.stopBank();
      await server.stop();
      await directory.stop();
    };
    return { ...started, directory, stop };
  } catch (error) {
    // Else its listeners would keep the test process alive.
    await directory.stop();
    throw error;
  }
}

/** The sample bank as `porteiro bank` runs it: it asks the server about every token. */
async function startBank(server: TestServer): Promise<{ publicUrl: string; stopBank: () => Promise<void> }> {
  const { encryptionKeyFile } = server.settings["secrets"] as { encryptionKeyFile: string };
  const [port = 0] = await freePorts(1);
  const publicUrl = `https://localhost:${port}`;
  const { cert: certPem, key: keyPem } = server.resourceServer;
  const { introspect, close } = createIntrospection({ introspectionUrl: server.url("introspection"), certificatePem: certPem, keyPem, caPem: server.ca, timeoutMs: 10_000 });
  const app = createBankApp({
    introspect,
    sampleData: createSampleData(derivedKey((await readFile(encryptionKeyFile, "utf8")).trim(), "account-ids")),
    clock: systemClock,
    log: createLog("fatal"),
    newRequestId: randomUUID,
    settings: { institutionId: "00016", publicUrl },
  });
  const bank = await startBankServer({ app, certPem, keyPem, host: "127.0.0.1", port, stopTimeoutMs: 1_000 });
  const stopBank = async () => {
    await bank.stop();
    close();
  };
  return { publicUrl, stopBank };
}
