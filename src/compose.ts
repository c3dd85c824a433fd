import { setTimeout as rest } from "node:timers/promises";
import type { Middleware } from "koa";
import mount from "koa-mount";
import { createCustomerSide } from "./composition/customer-side.ts";
import { createDirectoryClient } from "./composition/directory-client.ts";
import { openSettingsStore } from "./composition/open-settings-store.ts";
import { createFactsSource } from "./composition/registration-facts-source.ts";
import { readTable, registrationRules } from "./composition/registration-rules.ts";
import { serverTls } from "./composition/server-certificate.ts";
import type { Surroundings } from "./composition/surroundings.ts";
import { bankAnchors, createTrust } from "./composition/trust.ts";
import { createMtlsListener, createPublicApp, type AppsNeeds } from "./http/apps.ts";
import { createCallerAddress } from "./http/caller-address.ts";
import { createClientCertificateReader } from "./http/client-certificate.ts";
import { createEngineRun } from "./http/engine-run.ts";
import { createFewAtOnce } from "./http/few-at-once.ts";
import { createClientCertificateJudge } from "./http/judge-client-certificate.ts";
import { listenPlain, listenTls, type Listener } from "./http/listeners.ts";
import { createHealth, createOpsApp } from "./http/ops-app.ts";
import { createRateLimit } from "./http/rate-limit.ts";
import { createEngineErrorPage } from "./http/send-page.ts";
import { createTrustedProxies } from "./http/trusted-proxies.ts";
import { createSecretBox, derivedKey } from "./kernel/secret-box.ts";
import { createProvider } from "./oidc/create-provider.ts";
import { discoveryDocument } from "./oidc/discovery.ts";
import { assertionAudiences, openFinanceRealm, type Realm } from "./oidc/endpoints.ts";
import { createTrailBeginning, loadSigningKeys } from "./oidc/signing-keys.ts";
import { createAuditLog } from "./policy/audit/audit-log.ts";
import { createAuditSequencer } from "./policy/audit/audit-sequencer.ts";
import { createExpirySweep } from "./policy/consent/expiry-sweep.ts";
import { createClientLifecycle } from "./policy/registration/client-lifecycle.ts";
import { createOrganisationWatch } from "./policy/registration/organisation-watch.ts";
import { createClientAuthentication } from "./policy/token/authenticate-client.ts";
import { createClientCredentialsGrant } from "./policy/token/client-credentials.ts";
import { createTokenIntrospection } from "./policy/token/introspect-token.ts";
import { createKnownClients } from "./policy/token/known-clients.ts";
import { createTokenRevocation } from "./policy/token/revoke-token.ts";
import { createResourceServers, resourceServersSchema } from "./policy/trust/resource-servers.ts";
import { readEncryptionKey } from "./settings/encryption-key.ts";
import { createClientChanges } from "./store/client-changes.ts";
import { createClientRecords } from "./store/client-records.ts";
import { isStoreUnavailable } from "./store/open-store.ts";

export interface RunningServer {
  readonly realm: Realm;
  readonly ports: { readonly public: number; readonly mtls: number; readonly ops: number };
  /** Lets the requests under way finish, then lets go of everything. Loses nothing that was acknowledged. */
  stop(): Promise<void>;
}

/** How long a graceful stop waits for requests under way. */
const graceMilliseconds = 10_000;

/**
 * How many codes and refresh tokens are redeemed at once while the processor is busy. On Redis with 64 connections a code
 * costs 530 us of CPU with 8, 12 or 16 and 580 us without a limit; on LMDB nothing is won, since all wait for its commits.
 */
const redemptionsAtOnce = { lmdb: Infinity, redis: 16 } as const;

/**
 * Wires the authorization server from settings and starts its listeners: the one place where the layers meet.
 * @throws Error that says what is missing; whatever was opened before is closed again
 */
export async function startServer(surroundings: Surroundings): Promise<RunningServer> {
  const { settings, clock, randomness, log } = surroundings;
  /** What to let go of, latest first, when the server stops or a later step of the start fails. */
  await using opened = new AsyncDisposableStack();
  const realm = openFinanceRealm(settings);
  const encryptionKey = readEncryptionKey(surroundings.root, settings.secrets, randomness);
  const tls = await serverTls(surroundings);
  const store = await openSettingsStore(surroundings);
  opened.defer(() => store.close());

  const trust = await createTrust(surroundings, store);
  opened.defer(() => trust.close());
  const directory = await createDirectoryClient(surroundings, store);
  opened.defer(() => directory.close());
  const clients = createClientRecords({ store });
  const audit = createAuditLog({ clock, randomness });
  const lifecycle = createClientLifecycle({ clients, audit, clock, randomness });
  const box = createSecretBox(encryptionKey, "signing-keys", randomness);
  const beginning = createTrailBeginning({ store, box, realm: realm.name });
  const sequencer = createAuditSequencer({ store, beginning, clock, randomness, log, sealKey: derivedKey(encryptionKey, "audit") });
  const consentBox = createSecretBox(encryptionKey, "consents", randomness);
  const introspect = createTokenIntrospection({ store, clients, consentBox, clock, issuer: realm.issuer });

  const rules = await registrationRules(surroundings, realm);
  const productScopes = Object.keys(settings.bankProducts);
  const keys = await loadSigningKeys({ store, box, audit, clock, randomness, realm: realm.name });
  const customerSide = await createCustomerSide(surroundings, { store, audit, encryptionKey, consentBox, realm, clients });
  opened.defer(() => customerSide.close());
  const cookieKeys = [derivedKey(encryptionKey, "cookies").toString("base64url")];
  const provider = createProvider({
    realm,
    store,
    box: createSecretBox(encryptionKey, "authorization-requests", randomness),
    clients,
    softwareKeys: directory.softwareKeys,
    consents: customerSide.consents,
    customers: customerSide.customers,
    clock,
    randomness,
    log,
    privateJwks: keys.privateJwks,
    cookieKeys,
    // Those of the roles too: who was registered while the institution offered more stays a client.
    scopes: [...new Set([...rules.listedScopes, ...Object.values(rules.roleScopes).flat()])],
    accessTokenSeconds: settings.tokens.accessTokenSeconds,
    renderError: createEngineErrorPage({ isUnavailable: isStoreUnavailable }),
  });
  // The engine is a koa application; its types and koa's disagree only on the context's state.
  const engine = mount(realm.path, provider as never) as Middleware;

  const runEngine = createEngineRun(provider as never);

  const isTrustedProxy = createTrustedProxies(settings.trustedProxies);
  const callerAddress = createCallerAddress({ isTrustedProxy, header: settings.callerAddressHeader });
  const readCertificate = createClientCertificateReader(isTrustedProxy);
  const registrationLimit = () => createRateLimit({ callsPerMinute: settings.registration.requestsPerMinute, clock });
  const judgeCertificate = createClientCertificateJudge({ read: readCertificate, verdicts: trust.brcac, callerAddress, refusals: registrationLimit() });
  const appsNeeds: AppsNeeds = {
    realm,
    log,
    isUnavailable: isStoreUnavailable,
    discoveryDocument: discoveryDocument(realm, rules.listedScopes, productScopes),
    publicJwks: keys.publicJwks,
    registration: {
      realm,
      facts: createFactsSource({ clock, rules, trust, directory, clients }),
      lifecycle,
      clients,
      judgeCertificate,
      rateLimit: registrationLimit(),
      callerAddress,
      maxBodyBytes: settings.registration.maxBodyKilobytes * 1024,
      productScopes: productScopes.filter((scope) => settings.bankProducts[scope] === "registration"),
      clock,
      randomness,
    },
    tokens: {
      realm,
      store,
      engine,
      runEngine,
      fewAtOnce: createFewAtOnce({ atOnce: redemptionsAtOnce[settings.store.kind], now: () => performance.now() }),
      judgeCertificate,
      readCertificate,
      authentication: createClientAuthentication({
        clients: createKnownClients({ clients, softwareKeys: directory.softwareKeys }),
        softwareKeys: directory.softwareKeys,
        clock,
        rules: {
          audiences: assertionAudiences(realm),
          maxSeconds: settings.tokens.assertionMaxSeconds,
          clockSkewSeconds: settings.tokens.clockSkewSeconds,
        },
      }),
      clientCredentials: createClientCredentialsGrant({ clientChanges: createClientChanges(store), clock, randomness, lifetimeSeconds: settings.tokens.accessTokenSeconds }),
      introspect,
      revoke: createTokenRevocation({ store, audit }),
      identifyResourceServer: createResourceServers({
        list: await readTable(surroundings, settings.tables.resourceServersFile, resourceServersSchema),
        anchors: await bankAnchors(surroundings),
        clock,
      }),
    },
    cookieKeys,
    consents: customerSide.consentRoutes({ introspect, readCertificate, judgeCertificate, callerAddress }),
    interaction: { ...customerSide.interaction, sessions: customerSide.sessions, realm, provider, engine, clients, callerAddress, clock },
    myConsents: { ...customerSide.interaction, provider, sessions: customerSide.sessions, clients, callerAddress, clock },
  };

  opened.defer(trust.crl.start());
  opened.defer(sequencer.start());
  opened.defer(createExpirySweep({ store, clients, consents: customerSide.consents, realm: realm.name, log }).start());
  void directory.keystore.signingKeys();
  const { participants } = directory;
  if (participants) {
    const { participantsRefreshSeconds } = settings.directory;
    opened.defer(createOrganisationWatch({ participants, clients, lifecycle, store, realm: realm.name, log, refreshSeconds: participantsRefreshSeconds }).start());
  }

  const health = createHealth({ store, ...directory, ...trust, clock });
  const { listeners } = settings;
  // First to listen and last to stop: it says whether the others may be called.
  const ops = await listenPlain(createOpsApp(health).callback(), { ...listeners.ops, givenBy: "listeners.ops" });
  opened.defer(() => ops.stop(graceMilliseconds));
  const serving: Listener[] = [];
  opened.defer(() => Promise.all(serving.map((listener) => listener.stop(graceMilliseconds))).then(() => undefined));
  const withoutCertificate = { ...tls, clientCertificate: false };
  const publicListener = await listenTls(createPublicApp(appsNeeds).callback(), { ...listeners.public, givenBy: "listeners.public" }, withoutCertificate);
  serving.push(publicListener);
  const mtls = await listenTls(createMtlsListener(appsNeeds), { ...listeners.mtls, givenBy: "listeners.mtls" }, { ...tls, clientCertificate: true });
  serving.push(mtls);
  health.serving();

  const everything = opened.move();
  return {
    realm,
    ports: { public: publicListener.port, mtls: mtls.port, ops: ops.port },
    async stop() {
      health.stopping();
      // A balancer goes on sending until it has asked again.
      await rest(settings.drainSeconds * 1_000);
      await everything.disposeAsync();
    },
  };
}
