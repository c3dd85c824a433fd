import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Middleware } from "koa";
import mount from "koa-mount";
import { z } from "zod";
import { createCrlCache } from "./certs/crl-cache.ts";
import { readCrlSources, type CrlSource } from "./certs/crl-sources.ts";
import { loadOrCreateLocalAuthority } from "./certs/local-authority.ts";
import { loadTrustAnchors, type TrustAnchors } from "./certs/trust-anchors.ts";
import { createCachedKeys } from "./directory/cached-keys.ts";
import { createGuardedHttp, type GuardedHttp } from "./directory/guarded-http.ts";
import { createKeystore } from "./directory/keystore.ts";
import { createParticipants } from "./directory/participants.ts";
import { createSoftwareKeys } from "./directory/software-keys.ts";
import { createMtlsApp, createPublicApp, type AppsNeeds } from "./http/apps.ts";
import { createClientCertificateReader } from "./http/client-certificate.ts";
import { createHealth, createOpsApp } from "./http/ops-app.ts";
import { createClientCertificateJudge } from "./http/judge-client-certificate.ts";
import { listenPlain, listenTls, type Listener } from "./http/listeners.ts";
import { createRateLimit } from "./http/rate-limit.ts";
import type { Clock } from "./kernel/clock.ts";
import type { Randomness } from "./kernel/identifiers.ts";
import type { Log } from "./kernel/log.ts";
import { createSecretBox, derivedKey } from "./kernel/secret-box.ts";
import { createProvider } from "./oidc/create-provider.ts";
import { discoveryDocument } from "./oidc/discovery.ts";
import { assertionAudiences, openFinanceRealm, recoverUrl, type Realm } from "./oidc/endpoints.ts";
import { loadSigningKeys } from "./oidc/signing-keys.ts";
import { createAuditLog } from "./policy/audit/audit-log.ts";
import { createAuditSequencer } from "./policy/audit/audit-sequencer.ts";
import { createClientLifecycle } from "./policy/registration/client-lifecycle.ts";
import { createRegistrationFacts, type RegistrationRules } from "./policy/registration/registration-facts.ts";
import { roleScopesSchema } from "./policy/scope/role-scopes.ts";
import { createClientAuthentication } from "./policy/token/authenticate-client.ts";
import { createClientCredentialsGrant } from "./policy/token/client-credentials.ts";
import { createTokenIntrospection } from "./policy/token/introspect-token.ts";
import { createTokenRevocation } from "./policy/token/revoke-token.ts";
import { createCertificateVerdicts, createSealVerdicts } from "./policy/trust/certificate-verdicts.ts";
import { createResourceServers, resourceServersSchema } from "./policy/trust/resource-servers.ts";
import { readEncryptionKey } from "./settings/encryption-key.ts";
import type { Settings } from "./settings/settings-schema.ts";
import { createClientRecords } from "./store/client-records.ts";
import { isStoreUnavailable, openStore, type StoreOptions } from "./store/open-store.ts";
import type { Store } from "./store/store.ts";

/** What the surroundings give a program of the house. */
export interface Surroundings {
  /** The project's folder; relative paths of settings start there. */
  readonly root: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

export interface RunningServer {
  readonly realm: Realm;
  readonly ports: { readonly public: number; readonly mtls: number; readonly ops: number };
  /** Lets the requests under way finish, then lets go of everything. Loses nothing that was acknowledged. */
  stop(): Promise<void>;
}

/** How long a graceful stop waits for requests under way. */
const graceMilliseconds = 10_000;

/** Wires the authorization server from settings and starts its listeners: the one place where the layers meet. */
export async function startServer(surroundings: Surroundings): Promise<RunningServer> {
  const { settings, clock, randomness, log } = surroundings;
  const realm = openFinanceRealm(settings);
  const encryptionKey = readEncryptionKey(surroundings.root, settings.secrets, randomness);
  const tls = await serverTls(surroundings);
  const store = await openSettingsStore(surroundings);

  const trust = await createTrust(surroundings, store);
  const directory = await createDirectoryClient(surroundings, store);
  const clients = createClientRecords({ store });
  const audit = createAuditLog({ store, clock, randomness });
  const lifecycle = createClientLifecycle({ clients, audit, clock, randomness });
  const sequencer = createAuditSequencer({ store, clock, randomness, log, sealKey: derivedKey(encryptionKey, "audit") });

  const box = createSecretBox(encryptionKey, "signing-keys", randomness);
  const keys = await loadSigningKeys({ store, box, audit, clock, randomness, realm: realm.name });
  const rules = await registrationRules(surroundings, realm);
  const productScopes = Object.keys(settings.bankProducts);
  const scopes = [...new Set([...settings.offeredScopes, ...Object.values(rules.roleScopes).flat()])];
  const provider = createProvider({
    realm,
    clients,
    privateJwks: keys.privateJwks,
    scopes,
    accessTokenSeconds: settings.tokens.accessTokenSeconds,
  });

  const readCertificate = createClientCertificateReader(settings.trustedProxies);
  const judgeCertificate = createClientCertificateJudge(readCertificate, trust.brcac);
  const appsNeeds: AppsNeeds = {
    realm,
    log,
    isUnavailable: isStoreUnavailable,
    discoveryDocument: discoveryDocument(realm, settings.offeredScopes, productScopes),
    publicJwks: keys.publicJwks,
    registration: {
      realm,
      facts: createRegistrationFacts({
        rules,
        clock,
        ...directory,
        clients,
        judgeSeal: ([leaf, ...sent]) => trust.brseal.judge(leaf && Buffer.from(leaf, "base64"), sent.map((der) => Buffer.from(der, "base64"))),
      }),
      lifecycle,
      clients,
      judgeCertificate,
      rateLimit: createRateLimit({ callsPerMinute: settings.registration.requestsPerMinute, clock }),
      // koa-mount's and koa's types disagree only on the context's state.
      engine: mount(realm.path, provider as never) as Middleware,
      maxBodyBytes: settings.registration.maxBodyKilobytes * 1024,
      productScopes: productScopes.filter((scope) => settings.bankProducts[scope] === "registration"),
      clock,
      randomness,
      log,
    },
    tokens: {
      realm,
      judgeCertificate,
      readCertificate,
      authentication: createClientAuthentication({
        clients,
        softwareKeys: directory.softwareKeys,
        clock,
        rules: {
          audiences: assertionAudiences(realm),
          maxSeconds: settings.tokens.assertionMaxSeconds,
          clockSkewSeconds: settings.tokens.clockSkewSeconds,
        },
      }),
      clientCredentials: createClientCredentialsGrant({ store, clock, randomness, lifetimeSeconds: settings.tokens.accessTokenSeconds }),
      introspect: createTokenIntrospection({ store, clients, clock, issuer: realm.issuer }),
      revoke: createTokenRevocation({ store, audit }),
      identifyResourceServer: createResourceServers({
        list: await readTable(surroundings, settings.tables.resourceServersFile, resourceServersSchema),
        anchors: await bankAnchors(surroundings),
        clock,
      }),
    },
  };

  const health = createHealth({ store, ...directory, crl: trust.crl, anchors: trust.anchors, clock });
  const listeners: Record<"public" | "mtls" | "ops", Listener> = {
    public: await listenTls(createPublicApp(appsNeeds).callback(), settings.listeners.public, { ...tls, clientCertificate: false }),
    mtls: await listenTls(createMtlsApp(appsNeeds).callback(), settings.listeners.mtls, { ...tls, clientCertificate: true }),
    ops: await listenPlain(createOpsApp(health).callback(), settings.listeners.ops),
  };
  const stopCrl = trust.crl.start();
  const stopSequencer = sequencer.start();
  void directory.keystore.signingKeys();

  return {
    realm,
    ports: { public: listeners.public.port, mtls: listeners.mtls.port, ops: listeners.ops.port },
    async stop() {
      health.stopping();
      stopCrl();
      await Promise.all(Object.values(listeners).map((listener) => listener.stop(graceMilliseconds)));
      await stopSequencer();
      directory.http.close();
      trust.http.close();
      await store.close();
    },
  };
}

/** Opens the store that the settings name. */
export async function openSettingsStore({ root, settings, clock, log }: Surroundings): Promise<Store> {
  return openStore(storeOptions(root, settings.store), { clock, log });
}

function storeOptions(root: string, { kind, lmdb, redis }: Settings["store"]): StoreOptions {
  if (kind === "lmdb") {
    return { kind, path: resolve(root, lmdb.path), mapSizeBytes: lmdb.mapSizeMegabytes * 1024 * 1024 };
  }
  const { keyPrefix, waitReplicas, waitMilliseconds, requirePersistence } = redis;
  return { kind, connection: redisConnection(redis), keyPrefix, waitReplicas, waitMilliseconds, requirePersistence };
}

function redisConnection(redis: Settings["store"]["redis"]): Extract<StoreOptions, { kind: "redis" }>["connection"] {
  const secrets = { ...(redis.password === undefined ? {} : { password: redis.password }), tls: redis.tls };
  switch (redis.mode) {
    case "standalone":
      return { kind: "standalone", url: redis.url };
    case "sentinel": {
      const sentinelPassword = redis.sentinelPassword === undefined ? {} : { sentinelPassword: redis.sentinelPassword };
      return { kind: "sentinel", sentinels: redis.nodes, name: redis.sentinelName, ...secrets, ...sentinelPassword };
    }
    case "cluster":
      return { kind: "cluster", nodes: redis.nodes, ...secrets };
  }
}

async function serverTls({ root, settings, clock }: Surroundings): Promise<{ certPem: string; keyPem: string }> {
  const { certificateFile, keyFile, localAuthorityDirectory } = settings.tls;
  if (localAuthorityDirectory !== undefined) {
    const authority = await loadOrCreateLocalAuthority({ folder: resolve(root, localAuthorityDirectory), clock });
    const names = [settings.publicUrl, settings.mtlsUrl].map((url) => new URL(url).hostname);
    return authority.serverCertificate("server", ["localhost", ...new Set([...names, "127.0.0.1", "::1"])]);
  }
  const [certPem, keyPem] = await Promise.all([certificateFile, keyFile].map((file) => readFile(resolve(root, file ?? ""), "utf8")));
  return { certPem: certPem ?? "", keyPem: keyPem ?? "" };
}

interface Trust {
  readonly anchors: TrustAnchors;
  readonly brcac: ReturnType<typeof createCertificateVerdicts>;
  readonly brseal: ReturnType<typeof createSealVerdicts>;
  readonly crl: ReturnType<typeof createCrlCache>;
  readonly http: GuardedHttp;
}

/** Anchors, revocation, and the judges of both kinds of certificate. */
export async function createTrust({ root, settings, clock, log }: Surroundings, store: Store): Promise<Trust> {
  const { certificates, directory } = settings;
  const files = (paths: readonly string[]) => paths.map((file) => resolve(root, file));
  const intermediates = files(certificates.intermediates);
  const anchors = await loadTrustAnchors({ anchors: files(certificates.brcacAnchors), intermediates });
  const sealAnchors = await loadTrustAnchors({ anchors: files(certificates.brsealAnchors), intermediates });
  const sources = await readCrlSources(resolve(root, certificates.crlSourcesFile));
  const http = createGuardedHttp({
    ...crlHosts(sources, certificates.crlAllowedHosts),
    allowPrivateAddresses: directory.allowPrivateAddresses,
    timeoutMs: directory.timeoutMilliseconds,
    // The largest lists of ICP-Brasil have some megabytes.
    maxBytes: 32 * 1024 * 1024,
    ...(directory.caFile === undefined ? {} : { caPem: await readFile(resolve(root, directory.caFile), "utf8") }),
    log,
  });
  const crl = createCrlCache({
    fetch: async (url) => (await http.get(url, { accept: "application/pkix-crl, */*" })).body,
    store,
    clock,
    log,
    sources,
    settings: certificates,
  });
  const judging = { revocation: crl, clock, whenRevocationUnknown: certificates.whenRevocationUnknown };
  return {
    anchors,
    brcac: createCertificateVerdicts({ ...judging, anchors }),
    brseal: createSealVerdicts({ ...judging, anchors: sealAnchors }),
    crl,
    http,
  };
}

/** CRLs are published over plain http as a rule: they carry their own signature. */
function crlHosts(sources: readonly CrlSource[], further: readonly string[]): { allowedHosts: string[]; plainHttpHosts: string[] } {
  const urls = sources.flatMap((source) => source.urls).map((url) => new URL(url));
  const hostsOf = (protocol: string) => urls.filter((url) => url.protocol === protocol).map(({ host }) => host);
  return { allowedHosts: [...hostsOf("https:"), ...further], plainHttpHosts: [...hostsOf("http:"), ...further] };
}

/** The client of the Central Directory. */
export async function createDirectoryClient({ root, settings, clock, log }: Surroundings, store: Store) {
  const { directory } = settings;
  const urls = [directory.keystoreUrl, ...(directory.participantsUrl === undefined ? [] : [directory.participantsUrl])];
  const http = createGuardedHttp({
    allowedHosts: [...urls.map((url) => new URL(url).host), ...directory.allowedHosts],
    allowPrivateAddresses: directory.allowPrivateAddresses,
    timeoutMs: directory.timeoutMilliseconds,
    maxBytes: directory.maxAnswerKilobytes * 1024,
    ...(directory.caFile === undefined ? {} : { caPem: await readFile(resolve(root, directory.caFile), "utf8") }),
    log,
  });
  const times = { freshness: directory.keyFreshnessSeconds, maxStale: directory.maxStaleSeconds, coolDown: directory.coolDownSeconds };
  const keys = createCachedKeys({ http, store, clock, log, times });
  const participants =
    directory.participantsUrl === undefined
      ? {}
      : {
          participants: createParticipants({
            http,
            store,
            clock,
            log,
            url: directory.participantsUrl,
            times: { ...times, freshness: directory.participantsRefreshSeconds },
          }),
        };
  return {
    http,
    keystore: createKeystore({ keys, keystoreUrl: directory.keystoreUrl }),
    softwareKeys: createSoftwareKeys(keys),
    ...participants,
  };
}

/** What registrations are judged by. */
export async function registrationRules(surroundings: Surroundings, realm: Realm): Promise<RegistrationRules> {
  const { settings } = surroundings;
  return {
    realm: realm.name,
    ...settings.registration,
    statementIssuers: settings.directory.statementIssuers,
    environment: settings.directory.environment,
    keystoreUrl: settings.directory.keystoreUrl,
    roleScopes: await readTable(surroundings, settings.tables.roleScopesFile, roleScopesSchema),
    offeredScopes: settings.offeredScopes,
    recoverUrl: recoverUrl(realm),
  };
}

async function bankAnchors({ root, settings }: Surroundings): Promise<TrustAnchors> {
  const files = settings.tables.resourceServerAnchors.map((file) => resolve(root, file));
  return files.length === 0 ? { anchors: [], intermediates: [], named: () => [], isAnchor: () => false } : loadTrustAnchors({ anchors: files });
}

/** Reads a table of `config/`; a wrong one stops the start with its name and what was expected. */
async function readTable<T>({ root }: Surroundings, file: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(resolve(root, file), "utf8");
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(`${file} is not usable: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
