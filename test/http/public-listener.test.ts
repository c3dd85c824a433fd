import { expect } from "chai";
import { request } from "node:http";
import { endpointPaths, mtlsEndpoints } from "../../src/oidc/endpoints.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

describe("what each listener serves", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    tpp = await directory.createTpp();
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  for (const name of mtlsEndpoints) {
    it(`the public one answers ${name} with 401 JSON, whatever comes with the call (D21)`, async () => {
      const { publicUrl, path } = server.running.realm;
      for (const address of [endpointPaths[name], `${endpointPaths[name]}/some-id`]) {
        for (const method of ["GET", "POST", "PUT", "DELETE"]) {
          const answer = await server.call(`${publicUrl}${path}${address}`, { method, identity: tpp.tls, headers: { authorization: "Bearer x", "client-cert": ":AAAA:" } });
          expectRefusal(answer, 401, "invalid_client", "certificate.absent");
          expect(answer.json().client_id).to.equal(undefined);
        }
      }
    });
  }

  it("the mutual-TLS one knows no discovery, and says so in JSON", async () => {
    const { mtlsUrl, path } = server.running.realm;
    for (const address of ["/.well-known/openid-configuration", endpointPaths.jwks, endpointPaths.authorization, "/nothing"]) {
      const answer = await server.call(`${mtlsUrl}${path}${address}`, { identity: tpp.tls });
      expect([answer.status, answer.json().error]).to.deep.equal([404, "not_found"]);
    }
  });

  it("every answer forbids sniffing and plain HTTP", async () => {
    for (const url of [server.url("jwks"), server.url("token"), `${server.running.realm.issuer}/nothing`]) {
      const { headers } = await server.call(url);
      expect(headers["x-content-type-options"]).to.equal("nosniff");
      expect(headers["strict-transport-security"]).to.match(/max-age=\d{7,}/);
      expect(headers["x-powered-by"]).to.equal(undefined);
    }
  });

  describe("the operator's", () => {
    const ops = (path: string, method = "GET") =>
      new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const sent = request({ port: server.running.ports.ops, host: "127.0.0.1", path, method }, (answer) => {
          let text = "";
          answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
          answer.on("end", () => resolve({ status: answer.statusCode, text }));
        });
        sent.on("error", reject);
        sent.end();
      });

    it("says that it lives", async () => {
      expect(await ops("/live")).to.deep.equal({ status: 200, text: '{"live":true}' });
    });
    it("says that it is ready, and names the state and age of what it needs", async () => {
      await server.register(tpp);
      const { status, text } = await ops("/ready");
      expect(status).to.equal(200);
      const body = JSON.parse(text);
      expect(body.ready).to.equal(true);
      expect(body.store).to.include({ kind: "lmdb", ready: true });
      expect(JSON.stringify(body.directory)).to.match(/openbanking\.jwks/).and.to.match(/"ageSeconds":\d+/);
      for (const kind of ["brcac", "brseal"]) {
        expect(body.anchors[kind], kind).not.to.be.empty;
        expect(body.anchors[kind][0].validUntil).to.match(/^\d{4}-\d\d-\d\dT/);
      }
      expect(body.revocationLists).not.to.be.empty;
      expect(body.revocationLists[0]).to.include({ usable: true });
      expect(body.revocationLists[0].ageSeconds).to.be.a("number");
    });
    it("stays ready while the directory is silent", async () => {
      directory.faults.set({ target: "keystore", kind: "unavailable", milliseconds: 0, location: "https://localhost:9/" });
      const { status } = await ops("/ready");
      directory.faults.clear();
      expect(status).to.equal(200);
    });
    it("takes no other method and has no other page", async () => {
      expect((await ops("/live", "POST")).status).to.equal(405);
      expect((await ops("/secrets")).status).to.equal(404);
    });
  });
});
