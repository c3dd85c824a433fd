import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { RequestListener } from "node:http";
import { expect } from "chai";
import { systemClock } from "../../src/kernel/clock.ts";
import { tlsListenerOptions } from "../../src/kernel/tls-options.ts";
import { createEcosystem, type Ecosystem } from "../../scripts/bench/ecosystem.ts";
import { collectBodies, runLoad, type Target } from "../../scripts/bench/load-run.ts";
import { prepareScript } from "../../scripts/bench/traffic.ts";

describe("bench: a measurement over real mutual TLS", () => {
  const timing = { connections: 4, warmSeconds: 0.05, measureSeconds: 0.2 };
  const watched = { server: [process.pid], store: [] };
  const script = () => prepareScript({ kind: "static", path: "/" });
  let ecosystem: Ecosystem;
  let server: Server;

  before(async () => {
    ecosystem = await createEcosystem(systemClock, 1);
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  async function listen(answer: RequestListener): Promise<Target> {
    const { certificatePem: certPem, privateKeyPem: keyPem } = ecosystem.server;
    const tls = { ...tlsListenerOptions({ certPem, keyPem }), ca: ecosystem.caPem, requestCert: true, rejectUnauthorized: true };
    server = createServer(tls, answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP address");
    return { ports: [address.port], caPem: ecosystem.caPem, identities: [ecosystem.tpp] };
  }

  it("counts what was answered, with latencies and CPU time", async () => {
    const target = await listen((_request, response) => response.end('{"active":true}'));
    const figures = await runLoad(target, script(), timing, watched);
    expect(figures.errors).to.equal(0);
    expect(figures.operations).to.be.greaterThan(0);
    expect(figures.p99Ms).to.be.at.least(figures.p50Ms);
    expect(figures.operationsPerSecond).to.be.closeTo(figures.operations / figures.seconds, 0.001);
  });

  it("counts every wrong answer as an error and says what the first one was", async () => {
    const target = await listen((_request, response) => response.writeHead(500).end("active, but out of order"));
    const figures = await runLoad(target, script(), timing, watched);
    expect(figures.operations).to.equal(0);
    expect(figures.errors).to.be.greaterThan(0);
    expect(figures.firstError).to.match(/^500 active, but/);
  });

  it("counts a connection that the server drops", async () => {
    const target = await listen((request) => request.socket.destroy());
    const figures = await runLoad(target, script(), timing, watched);
    expect(figures.errors).to.be.at.least(timing.connections);
  });

  it("refuses a server of another authority", async () => {
    const target = await listen((_request, response) => response.end("active"));
    const error = await runLoad({ ...target, caPem: ecosystem.tpp.certificatePem }, script(), timing, watched).catch(String);
    expect(error).to.match(/certificate/);
  });

  it("collects each prepared request's answer once", async () => {
    const target = await listen((_request, response) => response.end('{"active":true}'));
    let left = 10;
    const bodies = await collectBodies(
      target,
      { prepared: left, conversation: () => ({ begin: () => (left-- > 0 ? Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") : undefined), proceed: () => "done" }) },
      3,
    );
    expect(bodies).to.deep.equal(Array.from({ length: 10 }, () => '{"active":true}'));
  });
});
