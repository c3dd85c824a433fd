import { randomUUID, type KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { SignJWT, type JWTHeaderParameters, type JWTPayload } from "jose";
import { readCertificate } from "../../src/certs/certificate.ts";
import { startServer, type RunningServer } from "../../src/compose.ts";
import { systemClock, type Clock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createLog, type Log } from "../../src/kernel/log.ts";
import { endpointUrl, openFinanceRealm, type EndpointName } from "../../src/oidc/endpoints.ts";
import { loadSettings } from "../../src/settings/load-settings.ts";
import { form, httpsCall, type HttpsAnswer, type HttpsCall } from "./https-call.ts";
import type { SandboxDirectory, SandboxTpp, TlsIdentity } from "./sandbox.ts";

const root = resolve(import.meta.dirname, "../..");

export interface TestServerOptions {
  readonly directory: SandboxDirectory;
  readonly clock?: Clock;
  /** Settings laid over those of the local profile. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Where log lines go; nowhere when left out. */
  readonly log?: Log;
}

export interface Registered {
  readonly clientId: string;
  readonly token: string;
  readonly uri: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AssertionChange {
  readonly claims?: JWTPayload;
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: KeyObject;
}

export interface TestServer {
  readonly running: RunningServer;
  /** What to give another process or server so that it serves the same store under other ports. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly ca: string;
  /** The bank's resource server, listed in the settings. */
  readonly resourceServer: TlsIdentity;
  url(name: EndpointName): string;
  call(url: string, call?: Omit<HttpsCall, "ca">): Promise<HttpsAnswer>;
  /** POSTs a registration body as it is. */
  post(url: string, body: unknown, call?: Omit<HttpsCall, "ca" | "body">): Promise<HttpsAnswer>;
  /** Registers the TPP with a fresh statement; throws when the answer is not 201. */
  register(tpp: SandboxTpp, change?: Readonly<Record<string, unknown>>): Promise<Registered>;
  /** A client assertion; claims and header may be changed or (undefined) left out, and another key may sign. */
  assertion(tpp: SandboxTpp, clientId: string, change?: AssertionChange): Promise<string>;
  /** A client_credentials request with a new assertion; parameters may be changed or (undefined) left out. */
  requestToken(tpp: SandboxTpp, clientId: string, change?: Readonly<Record<string, string | undefined>>, identity?: TlsIdentity): Promise<HttpsAnswer>;
  introspect(token: string, identity?: TlsIdentity): Promise<HttpsAnswer>;
  stop(): Promise<void>;
}

/** Starts the real server in this process against a sandbox directory, on free ports and a store of its own. */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnFreePorts(options);
    } catch (error) {
      // Another process may have taken a port in the moment between finding and listening.
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || attempt === 5) {
        throw error;
      }
    }
  }
}

async function startOnFreePorts(options: TestServerOptions): Promise<TestServer> {
  const { directory, clock = systemClock } = options;
  const resourceServer = await directory.localAuthority.serverCertificate("resource-server", ["localhost"]);
  const settings = { ...(await baseSettings(directory, resourceServer.certPem)), ...options.settings };
  const running = await startServer({
    root,
    settings: loadSettings({ root, environment: {}, overrides: settings }),
    clock,
    randomness: systemRandomness,
    log: options.log ?? createLog((process.env["TEST_LOG_LEVEL"] ?? "fatal") as "fatal"),
  });
  return testServer(running, settings, directory, clock, { cert: resourceServer.certPem, key: resourceServer.keyPem });
}

async function baseSettings(directory: SandboxDirectory, resourceServerPem: string): Promise<Record<string, unknown>> {
  const { folder, anchorsFolder, localAuthority, urls } = directory;
  const instance = join(folder, `server-${randomUUID()}`);
  const [publicPort, mtlsPort, opsPort] = await freePorts(3);
  const resourceServers = join(folder, "resource-servers.json");
  await writeFile(resourceServers, JSON.stringify([{ name: "test", publicKeySha256: readCertificate(resourceServerPem).publicKeyHash }]));
  return {
    publicUrl: `https://localhost:${publicPort}`,
    mtlsUrl: `https://localhost:${mtlsPort}`,
    listeners: { public: { port: publicPort }, mtls: { port: mtlsPort }, ops: { port: opsPort } },
    tls: { localAuthorityDirectory: join(folder, "local") },
    store: { lmdb: { path: instance } },
    secrets: { encryptionKeyFile: join(folder, "encryption.key") },
    directory: { keystoreUrl: `${urls.keystore}/`, participantsUrl: `${urls.auth}/participants`, caFile: localAuthority.caFile },
    certificates: {
      brcacAnchors: [join(anchorsFolder, "root-v10.crt")],
      brsealAnchors: [join(anchorsFolder, "root-v5.crt")],
      crlAllowedHosts: [new URL(urls.crl).host],
    },
    registration: { requestsPerMinute: 0 },
    tables: { resourceServersFile: resourceServers, resourceServerAnchors: [localAuthority.caFile] },
    logLevel: "fatal",
  };
}

/** Free at the moment: a port must be known before the server starts, because its URLs hold it. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function testServer(running: RunningServer, settings: Readonly<Record<string, unknown>>, directory: SandboxDirectory, clock: Clock, resourceServer: TlsIdentity): TestServer {
  const ca = directory.localAuthority.caPem;
  const realm = openFinanceRealm({ publicUrl: String(settings["publicUrl"]), mtlsUrl: String(settings["mtlsUrl"]) });
  const url = (name: EndpointName) => endpointUrl(realm, name);
  const call: TestServer["call"] = (address, wish = {}) => httpsCall(address, { ...wish, ca });
  const post: TestServer["post"] = (address, body, wish = {}) =>
    call(address, { method: "POST", ...wish, headers: { "content-type": "application/json", ...wish.headers }, body: JSON.stringify(body) });

  const assertion: TestServer["assertion"] = (tpp, clientId, change = {}) => {
    const now = Math.floor(clock() / 1000);
    const claims = { iss: clientId, sub: clientId, aud: realm.issuer, iat: now, exp: now + 60, jti: randomUUID(), ...change.claims };
    return new SignJWT(claims).setProtectedHeader({ alg: "PS256", kid: tpp.signing.kid, ...change.header }).sign(change.key ?? tpp.signing.key);
  };

  return {
    running,
    settings,
    ca,
    resourceServer,
    url,
    call,
    post,
    assertion,
    async register(tpp, change = {}) {
      const body = { ...tpp.registrationBody(await tpp.fetchStatement()), ...change };
      const answer = await post(url("registration"), body, { identity: tpp.tls });
      if (answer.status !== 201) {
        throw new Error(`registration answered ${answer.status}: ${answer.text}`);
      }
      const registered = answer.json();
      return { clientId: registered.client_id, token: registered.registration_access_token, uri: registered.registration_client_uri, body: registered };
    },
    async requestToken(tpp, clientId, change = {}, identity = tpp.tls) {
      const client_assertion = "client_assertion" in change ? change["client_assertion"] : await assertion(tpp, clientId);
      const parameters = {
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ...change,
        client_assertion,
      };
      return call(url("token"), { ...form(parameters), identity });
    },
    introspect: (token, identity = resourceServer) => call(url("introspection"), { ...form({ token }), identity }),
    stop: () => running.stop(),
  };
}
