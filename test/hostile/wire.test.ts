import { expect } from "chai";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { connect as connectPlain, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import { setTimeout as rest } from "node:timers/promises";
import { answerMalformedInJson } from "../../src/kernel/malformed-requests.ts";
import { answersMalformedInJson, sendRaw, type WireTarget } from "./wire-requests.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

describe("what is no HTTP gets JSON all the same", () => {
  let directory: SandboxDirectory;
  let server: TestServer;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const raw = (port: number, sent: string | Buffer) => sendRaw({ port, ca: directory.localAuthority.caPem }, sent);
  const path = "/default/openbanking_brasil/oauth2/token";
  const listeners: Record<string, () => WireTarget> = {
    "public listener": () => ({ port: server.running.ports.public, ca: directory.localAuthority.caPem }),
    "mtls listener": () => ({ port: server.running.ports.mtls, ca: directory.localAuthority.caPem }),
    "ops listener": () => ({ port: server.running.ports.ops }),
    "sandbox directory": () => ({ port: Number(new URL(directory.urls.auth).port), ca: directory.localAuthority.caPem }),
    "sandbox directory's mtls listener": () => ({ port: Number(new URL(directory.urls.matlsAuth).port), ca: directory.localAuthority.caPem }),
  };
  for (const [name, target] of Object.entries(listeners)) {
    describe(`on the ${name}`, () => answersMalformedInJson(target, path));
  }

  it("an address in absolute form is its path (RFC 9112 3.2.2)", async () => {
    const get = (target: string) => raw(server.running.ports.public, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const discovery = "/default/openbanking_brasil/.well-known/openid-configuration";
    const [plain, ...others] = [await get(discovery), await get(`https://localhost${discovery}`), await get(`HTTP://elsewhere.example:80${discovery}?a=b`)];
    expect([plain?.status, plain?.body["issuer"]]).to.deep.equal([200, server.running.realm.issuer]);
    for (const other of others) expect([other.status, other.body]).to.deep.equal([200, plain?.body]);
    const unknown = await get("https://localhost");
    expect([unknown.status, unknown.body.error]).to.deep.equal([404, "not_found"]);
  });

  it("a body that breaks off harms nobody", async () => {
    const socket = connect({ port: server.running.ports.mtls, host: "localhost", ca: directory.localAuthority.caPem });
    await once(socket, "secureConnect");
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type=`);
    await rest(50);
    socket.destroy();
    expect((await server.call(server.url("token"), { method: "POST" })).status).to.equal(401);
  });

  it("plain HTTP on a TLS port ends, and the listener goes on", async () => {
    const socket = connectPlain(server.running.ports.mtls, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(socket, "close");
    expect((await server.call(server.url("token"), { method: "POST" })).status).to.equal(401);
  });

  describe("a request that does not come to its end", () => {
    let impatient: Server;
    let port: number;

    before(async () => {
      const { certPem, keyPem } = await directory.localAuthority.serverCertificate("impatient", ["localhost"]);
      impatient = createServer({ cert: certPem, key: keyPem, headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 }, (_incoming, outgoing) => outgoing.end("{}"));
      answerMalformedInJson(impatient);
      await new Promise<void>((done) => impatient.listen(0, "127.0.0.1", done));
      port = (impatient.address() as AddressInfo).port;
    });
    after(() => {
      impatient.closeAllConnections();
      impatient.close();
    });

    it("408 when its time is over", async () => {
      const { status, body, head } = await raw(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Slow: `);
      expect(status).to.equal(408);
      expect(body.error).to.equal("invalid_request");
      expect(head).to.contain("application/json");
    });
  });
});
