import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createBankApp } from "../bank/bank-app.ts";
import { startBankServer } from "../bank/bank-server.ts";
import { bankSettings, bankUrl } from "../bank/bank-settings.ts";
import { createSampleData } from "../bank/sample-data.ts";
import { createIntrospection } from "../bank/token-introspection.ts";
import { readCertificate } from "../certs/certificate.ts";
import { hostsOf, loadOrCreateLocalAuthority, replaceFile } from "../certs/local-authority.ts";
import { systemClock } from "../kernel/clock.ts";
import { systemRandomness } from "../kernel/identifiers.ts";
import { createLog, type LogLevel } from "../kernel/log.ts";
import { derivedKey } from "../kernel/secret-box.ts";
import { endpointUrl, openFinanceRealm } from "../oidc/endpoints.ts";
import { directorySettingsSchema } from "../sandbox/directory-settings.ts";
import { startDirectory } from "../sandbox/start-directory.ts";
import { readEncryptionKey } from "../settings/encryption-key.ts";
import { profileNamedIn } from "../settings/load-settings.ts";
import type { Settings } from "../settings/settings-schema.ts";
import { openStore } from "../store/open-store.ts";
import { hostsHint, realHostNames } from "./real-host-names.ts";
import { surroundingsOf } from "./serve-command.ts";
import { onceAskedToStop } from "./stop-signal.ts";

/** Where the sandbox's parts keep what they make: certificates in `certs/local`, everything else under `var`. */
interface SandboxPlaces {
  readonly authority: string;
  readonly anchors: string;
  readonly resourceServers: string;
}

function placesOf(root: string): SandboxPlaces {
  const authority = join(root, "certs/local");
  return { authority, anchors: join(authority, "directory"), resourceServers: join(authority, "resource-servers.json") };
}

/**
 * The profile of the surroundings, before anything is opened or written.
 * @throws Error in production: the sandbox's keys are not protected, and everybody knows its customers' passwords
 */
function sandboxProfile(what: string): string {
  const profile = profileNamedIn(process.env);
  if (profile === "production") {
    throw new Error(`${what} does not run with the profile production; expected PORTEIRO_PROFILE to be local or directory-sandbox`);
  }
  return profile;
}

export interface DirectoryServeOptions {
  readonly store: string;
  readonly publicPort: number;
  readonly mtlsPort: number;
  readonly crlPort?: number;
  readonly realHostNames: boolean;
  readonly realHostNamesPort: number;
  readonly host: string;
  readonly logLevel: LogLevel;
}

/** Runs the sandbox Central Directory until the process is asked to stop. */
export async function serveDirectory(root: string, options: DirectoryServeOptions): Promise<void> {
  const profile = sandboxProfile("the sandbox directory");
  const log = createLog(options.logLevel);
  const places = placesOf(root);
  const store = await openStore({ kind: "lmdb", path: resolve(root, options.store) }, { clock: systemClock, log });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => store.close());
  const { publicPort, mtlsPort, crlPort, realHostNames, realHostNamesPort, host } = options;
  const running = await startDirectory({
    store,
    clock: systemClock,
    settings: directorySettingsSchema.parse({ profile, host, publicPort, mtlsPort, crlPort, realHostNames, realHostNamesPort }),
    log,
    localAuthority: await loadOrCreateLocalAuthority({ folder: places.authority, clock: systemClock }),
    anchorsFolder: places.anchors,
  });
  console.log(`ready directory ${running.urls.auth} mtls ${running.urls.matlsApi}`);
  await onceAskedToStop();
  await running.stop();
}

/** What wins over the settings of the sample bank where it is given. */
export interface BankOptions extends Partial<Settings["sampleBank"]> {
  readonly logLevel: LogLevel;
}

/** Runs the sample bank until the process is asked to stop. */
export async function serveBank(root: string, options: BankOptions): Promise<void> {
  const bank = await startBank(root, options);
  console.log(`ready bank ${bank.url}`);
  await onceAskedToStop();
  await bank.stop();
}

/** Starts the sample bank of the settings. */
export async function startBank(root: string, { logLevel, ...given }: BankOptions): Promise<{ readonly url: string; stop(): Promise<void> }> {
  sandboxProfile("the sample bank");
  const { settings } = surroundingsOf(root, { sampleBank: given });
  const { sampleBank } = settings;
  const { tls, caPem } = await bankIdentity(placesOf(root), sampleBank);
  const { introspect, close } = createIntrospection({
    introspectionUrl: endpointUrl(openFinanceRealm(settings), "introspection"),
    certificatePem: tls.certPem,
    keyPem: tls.keyPem,
    caPem,
    timeoutMs: 5_000,
  });
  const app = createBankApp({
    introspect,
    // Account ids must be the same in every process and after a restart.
    sampleData: createSampleData(derivedKey(readEncryptionKey(root, settings.secrets, systemRandomness), "account-ids"), sampleBank.closedAccounts),
    clock: systemClock,
    log: createLog(logLevel),
    newRequestId: randomUUID,
    settings: bankSettings(sampleBank),
  });
  const server = await startBankServer({ app, ...tls, host: sampleBank.host, port: sampleBank.port, stopTimeoutMs: 10_000 });
  return {
    url: bankUrl(sampleBank),
    async stop() {
      await server.stop();
      close();
    },
  };
}

/** One certificate for the bank's listener and for its calls to the authorization server. */
async function bankIdentity({ authority, resourceServers }: SandboxPlaces, sampleBank: Settings["sampleBank"]) {
  const local = await loadOrCreateLocalAuthority({ folder: authority, clock: systemClock });
  const tls = await local.serverCertificate("bank", hostsOf([bankUrl(sampleBank)]));
  const { publicKeyHash } = readCertificate(tls.certPem);
  // Whole or not at all: the server may be reading it at this moment.
  await replaceFile(resourceServers, `${JSON.stringify([{ name: "sample-bank", publicKeySha256: publicKeyHash }], undefined, 2)}\n`, 0o644);
  return { tls, caPem: local.caPem };
}

export interface SandboxOptions {
  readonly directoryHost: string;
  /** Left out: a folder of its own for either set of names. */
  readonly directoryStore?: string;
  readonly realHostNames: boolean;
  readonly realHostNamesPort: number;
}

/** Starts directory, server and bank, tells when all are ready, and stops all when one ends or the sandbox is asked to. */
export async function serveSandbox(root: string, options: SandboxOptions): Promise<void> {
  sandboxProfile("the sandbox");
  const places = placesOf(root);
  await bankIdentity(places, surroundingsOf(root).settings.sampleBank);
  const real = options.realHostNames ? realHostNames(options.realHostNamesPort, places.anchors) : undefined;
  // Its authorities name the addresses of their CRLs, so that each set of names has a state of its own.
  const directoryStore = options.directoryStore ?? (real ? "var/directory-real-names" : "var/directory");
  const hint = real && (await hostsHint(real.names));
  if (hint !== undefined) {
    console.error(hint);
  }
  const parts: ChildProcess[] = [];
  const failure = Promise.withResolvers<never>();
  let stopping = false;
  const start = async (...words: string[]): Promise<string> => {
    if (stopping) throw new Error(`${words.join(" ")} is not started: the sandbox is about to stop`);
    const part = spawnPart(root, words, real?.serverEnvironment);
    parts.push(part);
    part.once("exit", (code, signal) => failure.reject(new Error(`porteiro ${words.join(" ")} ended by itself (${signal ?? `exit code ${code}`})`)));
    return readyLine(part);
  };
  const startAll = async (): Promise<void> => {
    console.error("starting the directory ...");
    const directory = await start("directory", "serve", "--host", options.directoryHost, "--store", directoryStore, ...(real?.directoryOptions ?? []));
    console.error("starting the authorization server and the bank ...");
    const others = await Promise.all([start("serve"), start("bank")]);
    console.log(`ready ${[directory, ...others].map((line) => line.replace(/^ready /, "")).join(" ")}`);
  };
  // Listened to from the first part on: whoever stops the sandbox while it starts leaves none behind.
  const asked = onceAskedToStop();
  try {
    await Promise.race([asked, failure.promise, startAll().then(() => asked)]);
  } finally {
    stopping = true;
    await Promise.all(parts.map(stopped));
  }
}

/** Starts a command of this program, with the same limits of the heap that the launcher has set for this process. */
function spawnPart(root: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcessByStdio<null, Readable, null> {
  const command = [...process.execArgv, join(root, "src/cli/porteiro.ts"), ...words];
  return spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...environment } });
}

function readyLine({ stdout }: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  return new Promise((done) => {
    createInterface({ input: stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) {
        done(line);
      }
    });
  });
}

async function stopped(part: ChildProcess): Promise<void> {
  if (part.exitCode !== null || part.signalCode !== null) {
    return;
  }
  const gone = new Promise((done) => part.once("exit", done));
  part.kill("SIGTERM");
  await gone;
}
