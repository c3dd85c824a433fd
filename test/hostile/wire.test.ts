import { expect } from "chai";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { connect as connectPlain, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import { setTimeout as rest } from "node:timers/promises";
import { answerParserErrorsInJson } from "../../src/kernel/http-parser-errors.ts";
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

  /** Sends bytes as they are and gives the first answer; the other side must end the connection. */
  async function raw(port: number, sent: string | Buffer): Promise<{ status: number; body: { error: string; error_description: string }; head: string }> {
    const socket = connect({ port, host: "localhost", ca: directory.localAuthority.caPem, servername: "localhost" });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // The server may close while we still write; what it answered before counts.
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    socket.write(sent);
    await once(socket, "close");
    const [head = "", body = ""] = Buffer.concat(chunks).toString("utf8").split("\r\n\r\n");
    return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]), body: JSON.parse(body), head };
  }

  const path = "/default/openbanking_brasil/oauth2/token";
  const malformed: Record<string, string | Buffer> = {
    "a request line of letters": "nonsense\r\n\r\n",
    "an unknown method": `BREW ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    "a version that does not exist": `GET ${path} HTTP/9.9\r\nHost: localhost\r\n\r\n`,
    "no Host header": `GET ${path} HTTP/1.1\r\n\r\n`,
    "a header without colon": `GET ${path} HTTP/1.1\r\nHost localhost\r\n\r\n`,
    "a header with a NUL": `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n`,
    "a line feed inside a header": `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: a\nb\r\n\r\n`,
    "two lengths": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    "a length and chunks (request smuggling)": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "a length below zero": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n`,
    "a broken chunk": `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    "random bytes": Buffer.from("8f3a00ff17c2d95b0d0a0d0a", "hex"),
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  };
  for (const listener of ["public", "mtls"] as const) {
    describe(`on the ${listener} listener`, () => {
      for (const [name, sent] of Object.entries(malformed)) {
        it(`${name}: 400`, async () => {
          const { status, body, head } = await raw(server.running.ports[listener], sent);
          expect(status).to.equal(400);
          expect(body.error).to.equal("invalid_request");
          expect(body.error_description).to.match(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
          expect(head.toLowerCase()).to.contain("content-type: application/json").and.to.contain("connection: close");
        });
      }
      it("headers of 20 KB, or a thousand of them, or a request line of 20 KB: 431", async () => {
        const long = "x".repeat(20_000);
        const many = Array.from({ length: 1_000 }, (_, index) => `X-${index}: ${"y".repeat(20)}`).join("\r\n");
        for (const sent of [`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: ${long}\r\n\r\n`, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${many}\r\n\r\n`, `GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`]) {
          const { status, body } = await raw(server.running.ports[listener], sent);
          expect(status).to.equal(431);
          expect(body.error).to.equal("invalid_request");
        }
      });
    });
  }

  it("an expectation that nobody knows: 417", async () => {
    const { status, body } = await raw(server.running.ports.mtls, `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 200-maybe\r\nContent-Length: 0\r\n\r\n`);
    expect(status).to.equal(417);
    expect(body.error).to.equal("invalid_request");
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
      answerParserErrorsInJson(impatient);
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
