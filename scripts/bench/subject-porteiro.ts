import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { Clock } from "../../src/kernel/clock.ts";
import { startProcess, type StartedProcess } from "./child-process.ts";
import type { Ecosystem } from "./ecosystem.ts";
import { freePorts } from "./free-ports.ts";
import { twoProcesses } from "./plan.ts";
import type { BenchSandbox } from "./sandbox.ts";
import { openBenchStore, seedClients } from "./seed-clients.ts";
import type { Subject, SubjectNeeds } from "./subject.ts";

export interface PorteiroNeeds {
  readonly ecosystem: Ecosystem;
  readonly sandbox: BenchSandbox;
  readonly core: number | undefined;
  readonly clock: Clock;
}

/** What the server calls itself, wherever it listens: so all of them can be asked with the same assertions. */
const publicUrl = "https://localhost";
const realmPath = "/default/openbanking_brasil";

const command = fileURLToPath(new URL("../porteiro", import.meta.url));

function storeEnvironment({ store, folder, redisPort }: SubjectNeeds): Record<string, string> {
  return {
    PORTEIRO_STORE_KIND: store,
    PORTEIRO_STORE_LMDB_PATH: join(folder, "lmdb"),
    PORTEIRO_STORE_REDIS_URL: `redis://127.0.0.1:${redisPort ?? 0}`,
  };
}

async function startServer(subject: SubjectNeeds, needs: PorteiroNeeds): Promise<StartedProcess & { readonly port: number }> {
  const [publicPort = 0, port = 0, opsPort = 0] = await freePorts(3);
  const started = await startProcess({
    name: "porteiro serve",
    command: [command, "serve"],
    core: needs.core,
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
      await store.close();
      const started: (StartedProcess & { readonly port: number })[] = [];
      // The first makes the server's signing key.
      for (let count = 0; count < processes; count += 1) started.push(await startServer(subject, needs));
      return {
        pids: started.map(({ pid }) => pid),
        startMs: Math.max(...started.map(({ startMs }) => startMs)),
        ports: started.map(({ port }) => port),
        caPem: sandbox.caPem,
        paths: {
          token: `${realmPath}/oauth2/token`,
          introspection: `${realmPath}/oauth2/introspect`,
          registration: `${realmPath}/oauth2/register`,
        },
        audience: `${publicUrl}${realmPath}`,
        scope: "consents",
        clients,
        clientIdentity: sandbox.tpp.identity,
        resourceServer: { identity: sandbox.resourceServer, clientId: undefined },
        registrations: sandbox.registrations,
        async stop() {
          await Promise.all(started.map(({ stop }) => stop()));
        },
      };
    },
  };
}

/** The server in one process and in two. */
export function createPorteiroSubjects(needs: PorteiroNeeds): readonly Subject[] {
  return [createSubject("porteiro", 1, needs), createSubject(twoProcesses, 2, needs)];
}
