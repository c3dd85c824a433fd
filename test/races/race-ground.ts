import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { startRedis } from "../support/redis-servers.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startServerProcess } from "../support/server-process.ts";
import { freePorts, startTestServer, type TestServer } from "../support/server.ts";

/** Where races are run: one server process or several that share a store, behind one address. */
export interface RaceGround {
  readonly directory: SandboxDirectory;
  readonly server: TestServer;
  stop(): Promise<void>;
}

/** One process on an LMDB store. */
export async function oneProcess(): Promise<RaceGround> {
  const directory = await startSandboxDirectory();
  const server = await startTestServer({ directory });
  return {
    directory,
    server,
    async stop() {
      await server.stop();
      await directory.stop();
    },
  };
}

/** Two processes on one store; each connection goes to the next one, as a load balancer would have it. */
export async function twoProcesses(kind: "lmdb" | "redis"): Promise<RaceGround> {
  const directory = await startSandboxDirectory();
  const redis = kind === "redis" ? await startRedis() : undefined;
  const store = redis === undefined ? {} : { store: { kind, redis: { url: redis.connection.url } } };
  // Started in this process to get settings and ports, which the balancers take over.
  const server = await startTestServer({ directory, settings: store });
  await server.stop();
  const [first, second] = [await startProcess(server.settings), await startProcess(server.settings)];
  const { ports } = server.running;
  const balancers = await Promise.all([balance(ports.public, [first.publicPort, second.publicPort]), balance(ports.mtls, [first.mtlsPort, second.mtlsPort])]);
  return {
    directory,
    server,
    async stop() {
      await Promise.all(balancers.map((balancer) => balancer.stop()));
      await Promise.all([first, second].map(({ stop }) => stop()));
      await redis?.stop();
      await directory.stop();
    },
  };
}

async function startProcess(settings: TestServer["settings"]) {
  const [publicPort, mtlsPort, opsPort] = (await freePorts(3)) as [number, number, number];
  const listeners = { public: { port: publicPort }, mtls: { port: mtlsPort }, ops: { port: opsPort } };
  const { stop } = await startServerProcess({ ...settings, listeners });
  return { publicPort, mtlsPort, stop };
}

/** Hands the bytes of each connection on as they are: TLS is between caller and server. */
async function balance(port: number, targets: readonly number[]): Promise<{ stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let next = 0;
  const balancer = createServer((incoming) => {
    const outgoing = connect(targets[next % targets.length] ?? 0, "127.0.0.1");
    next += 1;
    for (const [one, other] of [[incoming, outgoing], [outgoing, incoming]] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => sockets.delete(one)).pipe(other);
    }
  }).listen(port, "127.0.0.1");
  await once(balancer, "listening");
  return {
    async stop() {
      const closed = new Promise((done) => balancer.close(done));
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}

/** How often each outcome came about. */
export function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  outcomes.forEach((outcome) => (counts[outcome] = (counts[outcome] ?? 0) + 1));
  return counts;
}
