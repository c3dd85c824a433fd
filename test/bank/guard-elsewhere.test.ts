import { once } from "node:events";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import Koa from "koa";
import { tokenGuard, type GuardedState } from "../../src/bank/token-guard.ts";
import { openBank, type BankBench } from "./bank-bench.ts";

describe("token guard in another resource server, behind a proxy that passes the certificate on", () => {
  let bank: BankBench;
  let server: Server | undefined;
  before(async () => {
    bank = await openBank();
  });
  after(async () => {
    server?.close();
    await bank.close();
  });

  it("lets the bound token in, and answers refusals as RFC 6750 and OAuth have them", async () => {
    const app = new Koa<GuardedState>();
    const clientCertificate = (ctx: Koa.Context) => {
      const header = ctx.get("Client-Cert"); // RFC 9440: a byte sequence between colons
      return header === "" ? undefined : Buffer.from(header.slice(1, -1), "base64");
    };
    app.use(
      tokenGuard({
        introspect: bank.introspection.introspect,
        scope: "cards:read",
        clock: Date.now,
        clientCertificate,
      }),
    );
    app.use((ctx) => {
      ctx.body = { hello: ctx.state.token.clientId };
    });
    server = createServer(app.callback()).listen(0, "localhost");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // it listens on TCP

    const call = async (token: string | undefined, certificate = bank.tpp) => {
      const raw = new X509Certificate(certificate.certificatePem).raw.toString("base64");
      const headers = { "Client-Cert": `:${raw}:`, ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
      const [response] = (await once(get({ host: "localhost", port, agent: false, headers }), "response")) as [
        import("node:http").IncomingMessage,
      ]; // what "response" carries
      return {
        status: response.statusCode,
        body: JSON.parse(Buffer.concat(await response.toArray()).toString()) as Record<string, string>,
      }; // the guard's JSON
    };
    const token = bank.peer.grant(bank.tpp, "cards:read", {
      client_id: "client-7",
      org_id: "o",
      software_id: "s",
      consent_id: "c",
    });

    expect(await call(token)).to.deep.equal({ status: 200, body: { hello: "client-7" } });
    expect(await call(token, bank.otherTpp)).to.have.nested.include({ status: 401, "body.error": "invalid_token" });
    expect(await call(bank.peer.grant(bank.tpp, "accounts:read"))).to.have.nested.include({
      status: 403,
      "body.error": "insufficient_scope",
    });
    expect(await call(undefined)).to.have.nested.include({ status: 401, "body.error": "unauthorized" });
    bank.peer.answerWith(() => ({ status: 503, body: "" }));
    expect(await call(token)).to.have.nested.include({ status: 503, "body.error": "temporarily_unavailable" });
  });
});
