import { expect } from "chai";
import { once } from "node:events";
import { Agent } from "node:https";
import { setTimeout as rest } from "node:timers/promises";
import { connect } from "node:tls";
import { openStopGround, type Instance, type StopGround } from "./stop-ground.ts";

describe("a server that is asked to stop (SIGTERM)", function () {
  this.timeout(60_000);
  let ground: StopGround;
  let instance: Instance | undefined;

  before(async () => {
    ground = await openStopGround();
  });
  after(() => ground.stop());
  afterEach(() => instance?.process.kill());

  const start = async (...how: Parameters<StopGround["start"]>): Promise<Instance> => {
    instance = await ground.start(...how);
    return instance;
  };
  const createTpp = () => ground.directory.createTpp();

  it("answers what is under way, keeps what it acknowledged, takes nothing new, and ends with 0", async () => {
    const { holdRegistration, process: { child, stop }, untilRefused } = await start();
    const tpp = await createTpp();
    const { answer, goOn } = await holdRegistration(tpp);
    const ended = stop();
    await untilRefused();
    expect(child.exitCode).to.equal(null);
    goOn();
    const registered = await answer;
    expect(registered.status, registered.text).to.equal(201);
    expect(await ended).to.equal(0);
    // Another process on the same store knows the client.
    expect((await ground.server.requestToken(tpp, registered.json().client_id)).status).to.equal(200);
  });

  it("lets go of kept connections: neither an idle one, nor one that was answering, holds it up", async () => {
    const { holdRegistration, ports, process: { stop }, untilRefused } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const idle = connect({ port: ports.mtls, host: "localhost", ca: ground.server.ca });
    try {
      await once(idle, "secureConnect");
      idle.on("error", () => undefined);
      const { answer, goOn } = await holdRegistration(await createTpp(), agent);
      const ended = stop();
      await untilRefused();
      const began = performance.now();
      goOn();
      expect((await answer).status).to.equal(201);
      expect(await ended).to.equal(0);
      // Far less than the ten seconds after which what is left is cut off.
      expect(performance.now() - began).to.be.lessThan(8_000);
    } finally {
      agent.destroy();
      idle.destroy();
    }
  });

  it("says on the operator's listener that it lives, that it is ready, and, while it finishes, that it is not", async () => {
    const { holdRegistration, ops, process: { stop }, untilRefused } = await start();
    expect(await ops("/live")).to.deep.equal({ status: 200, body: { live: true } });
    const ready = await ops("/ready");
    expect(ready.status).to.equal(200);
    expect(ready.body).to.include({ ready: true });

    const { answer, goOn } = await holdRegistration(await createTpp());
    const ended = stop();
    await untilRefused();
    const finishing = await ops("/ready");
    expect(finishing.status).to.equal(503);
    expect(finishing.body).to.include({ ready: false, stopping: true });
    expect((await ops("/live")).status).to.equal(200);
    goOn();
    expect((await answer).status).to.equal(201);
    expect(await ended).to.equal(0);
  });

  it("with a time to drain it says at once that it is not ready, and serves on until the balancer has noticed", async () => {
    const { at, holdRegistration, ops, process: { stop } } = await start({ drainSeconds: 3 });
    const tpp = await createTpp();
    const ended = stop();
    while ((await ops("/ready")).status === 200) await rest(20);
    expect((await ops("/ready")).body).to.include({ ready: false, stopping: true });
    expect((await ground.server.call(at(ground.server.url("jwks")))).status).to.equal(200);
    const { answer, goOn } = await holdRegistration(tpp);
    goOn();
    expect((await answer).status).to.equal(201);
    expect(await ended).to.equal(0);
  });

  it("at Ctrl-C, which a terminal sends to the whole group and a parent sends on, answers what is under way all the same", async () => {
    const { holdRegistration, process: { stop, stopGroup }, untilRefused } = await start();
    const { answer, goOn } = await holdRegistration(await createTpp());
    const ended = stopGroup("SIGINT");
    void stop("SIGINT");
    await rest(300);
    void stop("SIGTERM");
    await untilRefused();
    goOn();
    expect((await answer).status).to.equal(201);
    expect(await ended).to.equal(0);
  });

  it("under npm start, Ctrl-C answers what is under way", async () => {
    const { holdRegistration, process: { stopGroup }, untilRefused } = await start({}, ["npm", "start"]);
    const { answer, goOn } = await holdRegistration(await createTpp());
    const ended = stopGroup("SIGINT");
    await untilRefused();
    goOn();
    expect((await answer).status).to.equal(201);
    await ended;
  });

  it("ends at once when it is asked again", async () => {
    const { holdRegistration, process: { child, stop }, untilRefused } = await start();
    const { answer } = await holdRegistration(await createTpp());
    const cut = answer.then(
      () => "answered",
      () => "cut",
    );
    const ended = stop();
    await untilRefused();
    await rest(2_100);
    child.kill("SIGTERM");
    expect(await ended).to.equal(1);
    expect(await cut).to.equal("cut");
  });
});
