import { expect } from "chai";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { startServerProcess } from "../support/server-process.ts";
import { openStopGround, type Instance, type StopGround } from "./stop-ground.ts";

/** What a process has started, by number. */
function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter((word) => word !== "").map(Number);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await rest(50);
}

describe("a server of two workers", function () {
  this.timeout(60_000);
  let ground: StopGround;
  let instance: Instance | undefined;

  before(async () => {
    ground = await openStopGround();
  });
  after(() => ground.stop());
  afterEach(() => instance?.process.kill());

  const start = async (change: Readonly<Record<string, unknown>> = {}): Promise<Instance> => {
    instance = await ground.start({ workers: 2, logLevel: "error", ...change });
    return instance;
  };

  it("starts on a store that nobody has used before", async () => {
    const { ops, process: { stop } } = await start({ store: { lmdb: { path: join(ground.directory.folder, "unused") } } });
    expect((await ops("/ready")).status).to.equal(200);
    expect(await stop()).to.equal(0);
  });

  it("serves, answers what is under way when it is asked to stop, and ends with all its workers", async () => {
    const { holdRegistration, process: { child, stop }, untilRefused } = await start();
    const workers = childrenOf(child.pid);
    expect(workers).to.have.length(2);
    const held = await Promise.all([1, 2, 3, 4].map(async () => holdRegistration(await ground.directory.createTpp())));
    const ended = stop();
    await untilRefused();
    held.forEach(({ goOn }) => goOn());
    const answers = await Promise.all(held.map(({ answer }) => answer));
    expect(answers.map(({ status }) => status)).to.deep.equal([201, 201, 201, 201]);
    const began = performance.now();
    expect(await ended).to.equal(0);
    expect(performance.now() - began).to.be.lessThan(8_000);
    expect(workers.filter((pid) => isAlive(pid))).to.deep.equal([]);
  });

  it("at Ctrl-C, which reaches primary and workers alike, answers what is under way", async () => {
    const { holdRegistration, process: { stopGroup }, untilRefused } = await start();
    const { answer, goOn } = await holdRegistration(await ground.directory.createTpp());
    const ended = stopGroup("SIGINT");
    await untilRefused();
    goOn();
    expect((await answer).status).to.equal(201);
    expect(await ended).to.equal(0);
  });

  it("replaces a worker that was killed, and says how it ended", async () => {
    const { at, process: { child, logged, stop } } = await start();
    const [first = 0, second] = childrenOf(child.pid);
    process.kill(first, "SIGKILL");
    await until(() => childrenOf(child.pid).length === 2 && !childrenOf(child.pid).includes(first));
    expect(childrenOf(child.pid)).to.include(second);
    const line = logged.map((text) => JSON.parse(text) as Record<string, unknown>).find(({ msg }) => msg === "a worker ended; starting another");
    expect(line).to.include({ worker: first, exitCode: null, signal: "SIGKILL" });
    expect((await ground.server.call(at(ground.server.url("jwks")))).status).to.equal(200);
    expect(await stop()).to.equal(0);
  });

  it("does not start the replacement any more when it is asked to stop before", async () => {
    const { process: { child, stop } } = await start();
    const [first = 0] = childrenOf(child.pid);
    process.kill(first, "SIGKILL");
    await until(() => !childrenOf(child.pid).includes(first));
    expect(await stop()).to.equal(0);
  });

  it("gives up with 1 and the reason when its workers cannot start", async () => {
    const ports = await ground.ports();
    const taken = createServer().listen(ports.ops, "127.0.0.1");
    await once(taken, "listening");
    const settings = ground.settingsAt(ports, { workers: 2 });
    const sentence = await startServerProcess(settings).then(
      () => "it started",
      (error: Error) => error.message,
    );
    taken.close();
    expect(sentence).to.match(/^scripts\/porteiro serve ended with 1: /);
    expect(sentence).to.include(`cannot listen on port ${ports.ops}`).and.include("porteiro: a worker ended before it was ready (exit code 1)");
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
