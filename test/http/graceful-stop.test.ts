import { expect } from "chai";
import { once } from "node:events";
import { request } from "node:http";
import { Agent } from "node:https";
import { setTimeout as rest } from "node:timers/promises";
import { connect } from "node:tls";
import { startKeystoreBetween, type KeystoreBetween } from "../support/keystore-between.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { freePorts, startTestServer, type TestServer } from "../support/server.ts";
import { startServerProcess, type ServerProcess } from "../support/server-process.ts";

describe("a server that is asked to stop (SIGTERM)", function () {
  this.timeout(60_000);
  let directory: SandboxDirectory;
  let keystore: KeystoreBetween;
  /** Gives the settings and the calls; the process under test serves the same store under ports of its own. */
  let server: TestServer;
  let instance: ServerProcess;
  let ports: { public: number; mtls: number; ops: number };

  before(async () => {
    directory = await startSandboxDirectory();
    keystore = await startKeystoreBetween(directory);
    server = await startTestServer({ directory, settings: { directory: { keystoreUrl: keystore.url, caFile: directory.localAuthority.caFile } } });
  });
  after(async () => {
    await server.stop();
    await keystore.stop();
    await directory.stop();
  });
  beforeEach(async () => {
    const [publicPort = 0, mtls = 0, ops = 0] = await freePorts(3);
    ports = { public: publicPort, mtls, ops };
    instance = await startServerProcess({ ...server.settings, listeners: { public: { port: ports.public }, mtls: { port: ports.mtls }, ops: { port: ports.ops } } });
  });
  afterEach(() => instance.child.kill("SIGKILL"));

  const at = (url: string): string => {
    const address = new URL(url);
    address.port = String(address.port === new URL(String(server.settings["publicUrl"])).port ? ports.public : ports.mtls);
    return address.href;
  };

  /** A registration that the server cannot answer before `goOn` is called: the keystore keeps it waiting. */
  async function slowRegistration(tpp: SandboxTpp, agent?: Agent) {
    const waiting = new Promise<() => void>((asked) => {
      keystore.answer(keystore.jwksPath(tpp), (_incoming, outgoing) => {
        asked(async () => {
          const answer = await server.call(`${directory.urls.keystore}${keystore.jwksPath(tpp)}`);
          outgoing.writeHead(200, { "content-type": "application/json" });
          outgoing.end(answer.text);
        });
      });
    });
    const body = { redirect_uris: tpp.description.redirect_uris, software_statement: (await keystore.registration(tpp)).software_statement };
    const answer = server.post(at(server.url("registration")), body, { identity: tpp.tls, ...(agent ? { agent } : {}) });
    return { answer, goOn: await waiting };
  }

  it("answers what is under way, keeps what it acknowledged, takes nothing new, and ends with 0", async () => {
    const tpp = await directory.createTpp();
    const { answer, goOn } = await slowRegistration(tpp);
    const ended = instance.stop();
    await untilRefused();
    expect(instance.child.exitCode).to.equal(null);
    goOn();
    const registered = await answer;
    expect(registered.status, registered.text).to.equal(201);
    expect(await ended).to.equal(0);
    // Another process on the same store knows the client.
    expect((await server.requestToken(tpp, registered.json().client_id)).status).to.equal(200);
  });

  it("lets go of kept connections: neither an idle one, nor one that was answering, holds it up", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const idle = connect({ port: ports.mtls, host: "localhost", ca: server.ca });
    try {
      await once(idle, "secureConnect");
      idle.on("error", () => undefined);
      const tpp = await directory.createTpp();
      const { answer, goOn } = await slowRegistration(tpp, agent);
      const ended = instance.stop();
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
    expect(await ops("/live")).to.deep.equal({ status: 200, body: { live: true } });
    const ready = await ops("/ready");
    expect(ready.status).to.equal(200);
    expect(ready.body).to.include({ ready: true });

    const { answer, goOn } = await slowRegistration(await directory.createTpp());
    const ended = instance.stop();
    await untilRefused();
    const finishing = await ops("/ready");
    expect(finishing.status).to.equal(503);
    expect(finishing.body).to.include({ ready: false, stopping: true });
    expect((await ops("/live")).status).to.equal(200);
    goOn();
    expect((await answer).status).to.equal(201);
    expect(await ended).to.equal(0);
  });

  it("ends at once at a second signal", async () => {
    const tpp = await directory.createTpp();
    const { answer } = await slowRegistration(tpp);
    const cut = answer.then(
      () => "answered",
      () => "cut",
    );
    const ended = instance.stop();
    await untilRefused();
    instance.child.kill("SIGTERM");
    expect(await ended).to.equal(1);
    expect(await cut).to.equal("cut");
  });

  async function untilRefused(): Promise<void> {
    for (;;) {
      const refused = await server.call(at(server.url("jwks"))).then(
        () => false,
        () => true,
      );
      if (refused) return;
      await rest(20);
    }
  }

  function ops(path: string): Promise<{ status: number | undefined; body: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      const sent = request({ port: ports.ops, host: "127.0.0.1", path }, (answer) => {
        let text = "";
        answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
        answer.on("end", () => resolve({ status: answer.statusCode, body: JSON.parse(text) as Record<string, unknown> }));
      });
      sent.on("error", reject);
      sent.end();
    });
  }
});
