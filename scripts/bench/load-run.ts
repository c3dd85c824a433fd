import { connect, type TLSSocket } from "node:tls";
import { cpuMicroseconds } from "./process-figures.ts";
import { createResponseReader, type Answer } from "./response-reader.ts";
import { percentile } from "./statistics.ts";
import type { Conversation, Identity, Script } from "./traffic.ts";

/** Where to connect and as whom; connection n takes the n-th entry, round and round. */
export interface Target {
  /** One for each server process. */
  readonly ports: readonly number[];
  readonly caPem: string;
  readonly identities: readonly Identity[];
}

export interface Timing {
  readonly connections: number;
  readonly warmSeconds: number;
  readonly measureSeconds: number;
}

/** Processes whose CPU time is read at both ends of the measured time. */
export interface Watched {
  readonly server: readonly number[];
  readonly store: readonly number[];
}

export interface LoadFigures {
  /** Operations that ended as they must within the measured time. */
  readonly operations: number;
  readonly seconds: number;
  readonly operationsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuMicroseconds: number;
  readonly storeCpuMicroseconds: number;
  /** The load generator's own share of a core; near 1 it, and not the server, was the limit. */
  readonly loadBusy: number;
  readonly errors: number;
  readonly firstError: string | undefined;
}

/** A server that says nothing for this long has failed the measurement. */
const patienceMs = 15_000;

interface Tally {
  readonly latencies: number[];
  readonly bodies: Buffer[];
  measuring: boolean;
  stopping: boolean;
  completed: number;
  errors: number;
  firstError: string | undefined;
}

function fail(tally: Tally, error: string): void {
  tally.errors += 1;
  tally.firstError ??= error;
}

function openConnection(target: Target, connection: number): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const identity = target.identities[connection % target.identities.length];
  const port = target.ports[connection % target.ports.length];
  if (!identity || port === undefined) throw new Error("A target needs at least one port and one identity");
  const socket = connect({
    host: "127.0.0.1",
    servername: "localhost",
    port,
    ca: target.caPem,
    cert: identity.certificatePem,
    key: identity.privateKeyPem,
    minVersion: "TLSv1.3",
  });
  socket.setNoDelay(true);
  socket.once("secureConnect", () => resolve(socket));
  socket.once("error", reject);
  return promise;
}

/** Speaks on one connection until told to stop or out of requests; an operation once begun is brought to its end. */
function converse(socket: TLSSocket, conversation: Conversation, tally: Tally, keepBodies: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const reader = createResponseReader();
  let begunAt = 0;
  let over = false;

  const begin = (): void => {
    const first = tally.stopping ? undefined : conversation.begin();
    if (!first) {
      over = true;
      socket.end();
      resolve();
      return;
    }
    begunAt = performance.now();
    socket.write(first);
  };
  const take = (answer: Answer): void => {
    const step = conversation.proceed(answer);
    if (Buffer.isBuffer(step)) {
      socket.write(step);
      return;
    }
    if (step === "unexpected") {
      fail(tally, `${answer.status} ${answer.body.toString("utf8", 0, 300)}`);
    } else {
      tally.completed += 1;
      if (tally.measuring) tally.latencies.push(performance.now() - begunAt);
      if (keepBodies) tally.bodies.push(Buffer.from(answer.body));
    }
    begin();
  };
  const giveUp = (reason: string): void => {
    if (over) return;
    over = true;
    fail(tally, reason);
    socket.destroy();
    resolve();
  };

  socket.on("data", (chunk: Buffer) => {
    try {
      const answer = reader.push(chunk);
      if (answer) take(answer);
    } catch (error) {
      giveUp(String(error));
    }
  });
  socket.on("error", (error) => giveUp(`connection failed: ${error.message}`));
  socket.on("end", () => giveUp("the server closed the connection"));
  socket.setTimeout(patienceMs, () => giveUp(`no answer within ${patienceMs / 1000} s`));
  begin();
  return promise;
}

async function openConnections(target: Target, count: number): Promise<TLSSocket[]> {
  return Promise.all(Array.from({ length: count }, (_, connection) => openConnection(target, connection)));
}

function newTally(): Tally {
  return { latencies: [], bodies: [], measuring: false, stopping: false, completed: 0, errors: 0, firstError: undefined };
}

interface Moment {
  readonly at: number;
  readonly own: number;
  readonly server: number;
  readonly store: number;
}

function momentOf(watched: Watched): Moment {
  const own = process.cpuUsage();
  return {
    at: performance.now(),
    own: own.user + own.system,
    server: cpuMicroseconds(watched.server),
    store: cpuMicroseconds(watched.store),
  };
}

/**
 * Runs a prepared script against a server: connects, warms up, measures. When the prepared requests run out first, the
 * measured time ends with the last of them; of a script with few requests at most the first half is warm-up.
 */
export async function runLoad(target: Target, script: Script, timing: Timing, watched: Watched): Promise<LoadFigures> {
  const tally = newTally();
  const sockets = await openConnections(target, timing.connections);
  const talk = Promise.all(
    sockets.map((socket, connection) => converse(socket, script.conversation(connection), tally, false)),
  );

  await warmedUp(tally, script, timing, talk);
  const start = momentOf(watched);
  tally.measuring = true;
  const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timing.measureSeconds * 1000);
  await Promise.race([timeIsUp, talk]);
  clearTimeout(timer);
  tally.measuring = false;
  tally.stopping = true;
  const end = momentOf(watched);
  await talk;

  const latencies = Float64Array.from(tally.latencies).sort();
  const seconds = (end.at - start.at) / 1000;
  return {
    operations: latencies.length,
    seconds,
    operationsPerSecond: latencies.length / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    serverCpuMicroseconds: end.server - start.server,
    storeCpuMicroseconds: end.store - start.store,
    loadBusy: (end.own - start.own) / (seconds * 1e6),
    errors: tally.errors + (latencies.length === 0 ? 1 : 0),
    firstError: tally.firstError ?? (latencies.length === 0 ? "nothing was completed in the measured time" : undefined),
  };
}

async function warmedUp(tally: Tally, script: Script, timing: Timing, talk: Promise<unknown>): Promise<void> {
  const enough = (script.prepared ?? Number.POSITIVE_INFINITY) / 2;
  const { promise, resolve } = Promise.withResolvers<void>();
  const startedAt = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - startedAt >= timing.warmSeconds * 1000 || tally.completed >= enough) resolve();
  }, 5);
  await Promise.race([promise, talk]);
  clearInterval(timer);
}

/** Says a prepared script once from beginning to end and returns every answer's body. Rejects when one went wrong. */
export async function collectBodies(target: Target, script: Script, connections: number): Promise<string[]> {
  const tally = newTally();
  const sockets = await openConnections(target, connections);
  await Promise.all(
    sockets.map((socket, connection) => converse(socket, script.conversation(connection), tally, true)),
  );
  if (tally.errors > 0) throw new Error(`${tally.errors} requests went wrong; the first: ${tally.firstError ?? ""}`);
  return tally.bodies.map(String);
}
