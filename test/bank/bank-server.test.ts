import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:https";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { openBank, type BankBench } from "./bank-bench.ts";

describe("bank listener", () => {
  let bank: BankBench;
  beforeEach(async () => {
    bank = await openBank();
  });
  afterEach(() => bank.close());

  async function handshake(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({ host: "localhost", port: bank.port, ca: bank.caPem, ...options });
    await once(socket, "secureConnect");
    return socket;
  }

  it("speaks TLS 1.3, and of TLS 1.2 only the two ECDHE_RSA AES-GCM suites", async () => {
    for (const cipher of ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]) {
      const socket = await handshake({ maxVersion: "TLSv1.2", ciphers: cipher });
      expect([socket.getProtocol(), socket.getCipher().name]).to.deep.equal(["TLSv1.2", cipher]);
      socket.destroy();
    }
    const newest = await handshake({});
    expect(newest.getProtocol()).to.equal("TLSv1.3");
    newest.destroy();
    for (const ciphers of ["ECDHE-RSA-CHACHA20-POLY1305", "AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256"]) {
      const error: unknown = await handshake({ maxVersion: "TLSv1.2", ciphers }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(Error);
    }
  });

  it("gives paths of neither API a JSON 404, and every answer a request id", async () => {
    const answer = await bank.call({ path: "/nothing" });
    expect([answer.status, answer.body?.["error"]]).to.deep.equal([404, "not_found"]);
    expect(answer.headers["x-request-id"]).to.match(/^[0-9a-f-]{36}$/);
  });

  it("describes itself in OpenAPI 3.1, without a token: every path, every reference resolved", async () => {
    const { status, body, text } = await bank.call({ path: "/openapi.json", certificate: "none" });
    expect([status, body?.["openapi"]]).to.deep.equal([200, "3.1.0"]);
    expect(body?.["paths"]).to.have.all.keys([
      ...["/digitalbanking/db-accounts/v1/accounts", "/db-accounts/v1/accounts", "/v1/accounts"].flatMap((path) => [
        path,
        `${path}/{accountId}`,
      ]),
      "/digitalbanking/ux-users/v1/customers/{customerId}",
      "/v1/customers/{customerId}",
    ]);
    const schemas = Object.keys((body?.["components"] as { schemas: object } | undefined)?.schemas ?? {}); // its form is what the test looks at
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(schemas).to.include(name);
    expect(text)
      .to.contain('"name":"transactionId","in":"header","required":true')
      .and.contain('"name":"loginId","in":"query","required":false');
  });

  it("lets a call under way end when it stops, and takes no new one", async () => {
    const token = bank.peer.grant(bank.tpp, "accounts:read");
    const gate = Promise.withResolvers<void>();
    bank.peer.answerWith(() => {
      gate.resolve();
      return "hang";
    });
    const agent = new Agent({
      keepAlive: true,
      ca: bank.caPem,
      cert: bank.tpp.certificatePem,
      key: bank.tpp.privateKeyPem,
    });
    const underWay = request({
      agent,
      host: "localhost",
      port: bank.port,
      path: "/v1/accounts?hostUserId=1",
      headers: { authorization: `Bearer ${token}`, transactionId: randomUUID() },
    });
    underWay.end();
    const answered = once(underWay, "response");
    await gate.promise;
    const stopped = bank.stopBank();
    const refused: unknown = await handshake({}).catch((reason: unknown) => reason);
    expect(refused).to.have.property("code", "ECONNREFUSED");
    bank.introspection.close(); // ends the hanging introspection, and with it the call
    const [response] = (await answered) as [import("node:http").IncomingMessage]; // what "response" carries
    expect(response.statusCode).to.equal(503);
    expect(response.headers.connection).to.equal("close");
    response.resume();
    await stopped;
    agent.destroy();
  });
});
