import { expect } from "chai";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { createAuthority, issueServerCertificate } from "../../src/certs/issue-certificate.ts";
import { createMovableClock } from "../support/movable-clock.ts";
import { form } from "../support/https-call.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

describe("a resource server introspects a token", () => {
  const { clock, forward } = createMovableClock();
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;

  before(async () => {
    directory = await startSandboxDirectory({ clock });
    server = await startTestServer({ directory, clock });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const newToken = async (owner = tpp, clientId = client.clientId): Promise<string> => (await server.requestToken(owner, clientId)).json().access_token;

  describe("who may", () => {
    it("a TPP may not", async () => {
      expectRefusal(await server.introspect(await newToken(), tpp.tls), 401, "invalid_client", "resource-server.unknown");
    });
    it("nobody may without a certificate", async () => {
      const answer = await server.call(server.url("introspection"), form({ token: await newToken() }));
      expectRefusal(answer, 401, "invalid_client", "certificate.absent");
    });
    it("nobody may by a certificate of the bank's authority whose key is not listed", async () => {
      const { certPem, keyPem } = await directory.localAuthority.serverCertificate("not-listed", ["localhost"]);
      const answer = await server.introspect(await newToken(), { cert: certPem, key: keyPem });
      expectRefusal(answer, 401, "invalid_client", "resource-server.unknown");
    });
    it("nobody may by a listed key that another authority certified", async () => {
      const period = { notBefore: new Date(clock() - 86_400_000), notAfter: new Date(clock() + 86_400_000) };
      const { subject } = new X509Certificate(directory.localAuthority.caPem);
      const commonName = /CN=(.*)/.exec(subject)?.[1] ?? "";
      const foreign = await createAuthority({ subject: { organisation: "Porteiro", commonName }, ...period });
      const privateKey = createPrivateKey(server.resourceServer.key);
      const { certificatePem } = await issueServerCertificate(foreign, { hosts: ["localhost"], privateKey, extendedKeyUsage: ["clientAuth"], ...period });
      const answer = await server.introspect(await newToken(), { cert: certificatePem, key: server.resourceServer.key });
      expectRefusal(answer, 401, "invalid_client", "resource-server.unknown");
    });
    it("a TPP's client assertion does not help", async () => {
      const parameters = {
        token: await newToken(),
        client_assertion: await server.assertion(tpp, client.clientId),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      };
      const answer = await server.call(server.url("introspection"), { ...form(parameters), identity: tpp.tls });
      expectRefusal(answer, 401, "invalid_client", "resource-server.unknown");
    });
  });

  describe("what it is told", () => {
    it("of a living token: whose it is, what it opens, what it is bound to", async () => {
      const answer = await server.introspect(await newToken());
      expect(answer.status).to.equal(200);
      expect(answer.headers["cache-control"]).to.equal("no-store");
      const { iat, exp, ...rest } = answer.json();
      expect(exp - iat).to.equal(900);
      expect(Math.abs(iat - clock() / 1000)).to.be.lessThan(60);
      expect(rest).to.deep.equal({
        active: true,
        client_id: client.clientId,
        scope: "consents accounts:read institution-users:read",
        token_type: "Bearer",
        iss: server.running.realm.issuer,
        cnf: { "x5t#S256": createHash("sha256").update(new X509Certificate(tpp.tls.cert).raw).digest("base64url") },
        org_id: tpp.description.organisation_id,
        software_id: tpp.description.software_id,
      });
    });
    it("a token_type_hint, even a wrong or unknown one, changes nothing", async () => {
      for (const token_type_hint of ["access_token", "refresh_token", "nonsense"]) {
        const answer = await server.call(server.url("introspection"), { ...form({ token: await newToken(), token_type_hint }), identity: server.resourceServer });
        expect(answer.json().active).to.equal(true);
      }
    });
    it("of an expired token: only that it is not active", async () => {
      const token = await newToken();
      forward(901);
      expect((await server.introspect(token)).json()).to.deep.equal({ active: false });
    });

    const nothing: Record<string, () => Promise<string> | string> = {
      "the token of a client, with one character changed": async () => `${(await newToken()).slice(0, -1)}~`,
      "the secret part under another client's route": async () => {
        const other = await directory.createTpp();
        const { clientId } = await server.register(other);
        return clientId.slice(0, 16) + (await newToken()).slice(16);
      },
      "a registration access token": () => client.token,
      "a client id": () => client.clientId,
      "a client assertion": () => server.assertion(tpp, client.clientId),
      "a route of nobody": () => `${"0".repeat(16)}${"a".repeat(43)}`,
      "a name of another entry": () => `${client.clientId.slice(0, 16)}/../client`,
      "control characters": () => "\u0000\r\n\u007f",
      "letters beyond ASCII": () => "ação".repeat(20),
      "braces and store syntax": () => `{client:${client.clientId.slice(0, 16)}}:token/`,
      "50,000 characters": () => client.clientId.slice(0, 16) + "x".repeat(50_000),
    };
    for (const [name, token] of Object.entries(nothing)) {
      it(`of ${name}: only that it is not active`, async () => {
        const answer = await server.introspect(await token());
        expect(`${answer.status} ${answer.text}`).to.equal('200 {"active":false}');
      });
    }
    it("of no token, an empty one, two, or one too many: a clear refusal", async () => {
      const post = (body: string) =>
        server.call(server.url("introspection"), { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" }, identity: server.resourceServer });
      expectRefusal(await post(""), 400, "invalid_request", "parameter.absent");
      expectRefusal(await post("token="), 400, "invalid_request", "parameter.absent");
      expectRefusal(await post("token=a&token=b"), 400, "invalid_request", "parameter.repeated");
      expectRefusal(await post(`token=${"x".repeat(70_000)}`), 400, "invalid_request", "form.too-large");
    });
    it("the token in the address, or by GET: refused", async () => {
      const token = await newToken();
      const inQuery = await server.call(`${server.url("introspection")}?token=${token}`, { ...form({}), identity: server.resourceServer });
      expectRefusal(inQuery, 400, "invalid_request", "parameter.absent");
      const byGet = await server.call(`${server.url("introspection")}?token=${token}`, { identity: server.resourceServer });
      expectRefusal(byGet, 405, "invalid_request", "method.not-allowed");
    });
  });

  describe("the client is deleted (engine A1)", () => {
    const deleted = async (owner: SandboxTpp, { uri, token }: Registered) =>
      server.call(uri, { method: "DELETE", headers: { authorization: `Bearer ${token}` }, identity: owner.tls });

    it("its tokens end at once, and every answer is 200, also in the midst of it", async () => {
      const owner = await directory.createTpp();
      const registered = await server.register(owner);
      const token = await newToken(owner, registered.clientId);
      expect((await server.introspect(token)).json().active).to.equal(true);
      const [gone, ...meanwhile] = await Promise.all([deleted(owner, registered), ...Array.from({ length: 20 }, () => server.introspect(token))]);
      expect(gone.status).to.equal(204);
      expect(new Set(meanwhile.map(({ status }) => status))).to.deep.equal(new Set([200]));
      const after = await server.introspect(token);
      expect(`${after.status} ${after.text}`).to.equal('200 {"active":false}');
    });
    it("a token asked for in the midst of it is dead or was never given", async () => {
      const owner = await directory.createTpp();
      const registered = await server.register(owner);
      const [gone, ...answers] = await Promise.all([
        deleted(owner, registered),
        ...Array.from({ length: 10 }, () => server.requestToken(owner, registered.clientId)),
      ]);
      expect(gone.status).to.equal(204);
      for (const answer of answers) {
        if (answer.status === 200) {
          expect((await server.introspect(answer.json().access_token)).json()).to.deep.equal({ active: false });
        } else {
          expectRefusal(answer, 401, "invalid_client", "client.unknown");
        }
      }
    });
    it("registered anew, the software's old tokens stay dead", async () => {
      const owner = await directory.createTpp();
      const first = await server.register(owner);
      const token = await newToken(owner, first.clientId);
      expect((await deleted(owner, first)).status).to.equal(204);
      const second = await server.register(owner);
      expect(second.clientId).not.to.equal(first.clientId);
      expect((await server.introspect(token)).json()).to.deep.equal({ active: false });
      expect((await server.introspect(await newToken(owner, second.clientId))).json().active).to.equal(true);
    });
  });

  describe("one client's registration access token at another's address (engine A1)", () => {
    it("opens nothing and harms neither", async () => {
      const other = await directory.createTpp();
      const theirs = await server.register(other);
      for (const method of ["GET", "DELETE"]) {
        for (const identity of [tpp.tls, other.tls]) {
          const answer = await server.call(theirs.uri, { method, headers: { authorization: `Bearer ${client.token}` }, identity });
          expectRefusal(answer, 401, "invalid_token", "registration-token.unknown");
        }
      }
      for (const [owner, { uri, token }] of [[tpp, client], [other, theirs]] as const) {
        expect((await server.call(uri, { headers: { authorization: `Bearer ${token}` }, identity: owner.tls })).status).to.equal(200);
      }
    });
  });
});
