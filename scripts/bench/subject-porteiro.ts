import { createHash, X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createSecretBox } from "../../src/kernel/secret-box.ts";
import { endpointPaths, openFinanceRealm } from "../../src/oidc/endpoints.ts";
import { createEngineAdapter } from "../../src/oidc/engine-adapter.ts";
import { createClientRecords } from "../../src/store/client-records.ts";
import type { Store } from "../../src/store/store.ts";
import type { BankProcessSettings } from "./bank-process.ts";
import { startProcess, type StartedProcess } from "./child-process.ts";
import type { BenchClient, Ecosystem } from "./ecosystem.ts";
import { freePorts } from "./free-ports.ts";
import { createJourney, type Journey } from "./journey.ts";
import { measuredServer, twoProcesses } from "./plan.ts";
import type { BenchSandbox } from "./sandbox.ts";
import { openBenchStore, seedClients } from "./seed-clients.ts";
import { accountIdKey, benchCustomer, seedConsents } from "./seed-consents.ts";
import type { Subject, SubjectNeeds } from "./subject.ts";
import type { Identity } from "./traffic.ts";

export interface PorteiroNeeds {
  readonly ecosystem: Ecosystem;
  readonly sandbox: BenchSandbox;
  readonly core: number | undefined;
  /** Where the second process goes: on one core the two would push each other out of its caches. */
  readonly secondCore: number | undefined;
  readonly clock: Clock;
}

/** What the server calls itself, wherever it listens: so all of them can be asked with the same assertions. */
const publicUrl = "https://localhost";
const realm = openFinanceRealm({ publicUrl, mtlsUrl: publicUrl });
const { issuer } = realm;
const paths = {
  token: `${realm.path}${endpointPaths.token}`,
  introspection: `${realm.path}${endpointPaths.introspection}`,
  registration: `${realm.path}${endpointPaths.registration}`,
  pushedRequests: `${realm.path}${endpointPaths.pushed_authorization_request}`,
};

const bankScript = fileURLToPath(new URL("bank-process.ts", import.meta.url));
const command = fileURLToPath(new URL("../porteiro", import.meta.url));

function storeEnvironment({ store, folder, redisPort }: SubjectNeeds): Record<string, string> {
  return {
    PORTEIRO_STORE_KIND: store,
    PORTEIRO_STORE_LMDB_PATH: join(folder, "lmdb"),
    ...(store === "redis" ? { PORTEIRO_STORE_REDIS_URL: `redis://127.0.0.1:${redisPort ?? 0}` } : {}),
  };
}

type StartedServer = StartedProcess & { readonly port: number };

async function startServer(subject: SubjectNeeds, needs: PorteiroNeeds, core: number | undefined): Promise<StartedServer> {
  const [publicPort = 0, port = 0, opsPort = 0] = await freePorts(3);
  const started = await startProcess({
    name: "porteiro serve",
    command: [command, "serve"],
    core,
    readyMark: "ready server ",
    environment: {
      ...needs.sandbox.environment,
      ...storeEnvironment(subject),
      PORTEIRO_PUBLIC_URL: publicUrl,
      PORTEIRO_MTLS_URL: publicUrl,
      PORTEIRO_LISTENERS_PUBLIC_PORT: String(publicPort),
      PORTEIRO_LISTENERS_MTLS_PORT: String(port),
      PORTEIRO_LISTENERS_OPS_PORT: String(opsPort),
      PORTEIRO_REGISTRATION_REQUESTS_PER_MINUTE: "0",
      PORTEIRO_LOG_LEVEL: "warn",
    },
  });
  return { ...started, port };
}

/** The sample bank in front of a server. */
async function startBank(serverPort: number, folder: string, { sandbox, core }: PorteiroNeeds): Promise<StartedProcess> {
  const settings: BankProcessSettings = {
    certPem: sandbox.resourceServer.certificatePem,
    keyPem: sandbox.resourceServer.privateKeyPem,
    caPem: sandbox.caPem,
    introspectionUrl: `https://localhost:${serverPort}${paths.introspection}`,
    accountIdKey: accountIdKey(sandbox.encryptionKey).toString("base64url"),
  };
  const file = join(folder, "bank.json");
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  return startProcess({ name: "the bank", command: [process.execPath, bankScript, file], core, readyMark: "ready " });
}

/** What customers and clients do, with records put straight into the server's store. */
async function startJourney(store: Store, clients: readonly BenchClient[], { sandbox, clock }: PorteiroNeeds): Promise<Journey> {
  const consentsOf = await seedConsents({ store, clock, clients, encryptionKey: sandbox.encryptionKey });
  return createJourney({
    adapter: createEngineAdapter({
      store,
      clients: createClientRecords({ store }),
      clock,
      box: createSecretBox(sandbox.encryptionKey, "authorization-requests", systemRandomness),
      accessTokenSeconds: 900,
    }),
    clock,
    issuer,
    clients,
    consentsOf,
    customerId: benchCustomer().customerId,
    thumbprint: thumbprintOf(sandbox.tpp.identity),
  });
}

function thumbprintOf({ certificatePem }: Identity): string {
  return createHash("sha256").update(new X509Certificate(certificatePem).raw).digest("base64url");
}

/** The server itself, in so many processes on one store. */
function createSubject(name: string, processes: number, needs: PorteiroNeeds): Subject {
  const { ecosystem, sandbox } = needs;
  return {
    name,
    stores: ["lmdb", "redis"],
    async start(subject) {
      const clients = ecosystem.clients(subject.clients);
      const store = await openBenchStore(subject, needs.clock);
      await seedClients({ ...needs, store, clients });
      const journey = subject.withJourney ? await startJourney(store, clients, needs) : undefined;
      const started: StartedServer[] = [];
      // The first makes the server's signing key.
      for (let count = 0; count < processes; count += 1) {
        started.push(await startServer(subject, needs, count === 0 ? needs.core : needs.secondCore));
      }
      const [first] = started;
      const bank = journey && first ? await startBank(first.port, subject.folder, needs) : undefined;
      return {
        pids: started.map(({ pid }) => pid),
        startMs: Math.max(...started.map(({ startMs }) => startMs)),
        ports: started.map(({ port }) => port),
        caPem: sandbox.caPem,
        paths,
        audience: issuer,
        scope: "consents",
        clients,
        clientIdentity: sandbox.tpp.identity,
        resourceServer: { identity: sandbox.resourceServer, clientId: undefined },
        journey,
        bank: bank && { pid: bank.pid, port: Number(bank.readyLine), path: "/open-banking/accounts/v2/accounts" },
        registrations: sandbox.registrations,
        async stop() {
          await bank?.stop();
          await Promise.all(started.map(({ stop }) => stop()));
          await store.close();
        },
      };
    },
  };
}

/** The server in one process and in two. */
export function createPorteiroSubjects(needs: PorteiroNeeds): readonly Subject[] {
  return [createSubject(measuredServer, 1, needs), createSubject(twoProcesses, 2, needs)];
}
