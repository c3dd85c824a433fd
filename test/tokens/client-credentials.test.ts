import { createHash, X509Certificate } from "node:crypto";
import { expect } from "chai";
import { createMovableClock } from "../support/movable-clock.ts";
import { form } from "../support/https-call.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

describe("a client gets a token with client_credentials", () => {
  const { clock, forward } = createMovableClock();
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;

  before(async () => {
    directory = await startSandboxDirectory({ clock });
    server = await startTestServer({
      directory,
      clock,
      settings: {
        offeredScopes: ["openid", "consents", "accounts", "customers", "resources", "payments"],
        bankProducts: { "accounts:read": "registration", "accounts:read_unmasked": "operator" },
      },
    });
    tpp = await directory.createTpp({ roles: ["DADOS", "PAGTO"] });
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const asksFor = (scope: string | undefined) => server.requestToken(tpp, client.clientId, { scope });

  describe("scope (design section 5)", () => {
    it("without one: everything that the client may have without a customer", async () => {
      expect((await asksFor(undefined)).json().scope).to.equal("consents payments accounts:read");
      expect((await asksFor("")).json().scope).to.equal("consents payments accounts:read");
    });
    it("one of them, and several in any order, each once", async () => {
      expect((await asksFor("consents")).json().scope).to.equal("consents");
      expect((await asksFor("accounts:read consents")).json().scope).to.equal("accounts:read consents");
      expect((await asksFor("consents consents")).json().scope).to.equal("consents");
    });
    it("an unknown one is named", async () => {
      const answer = await asksFor("consents no-such-scope");
      expectRefusal(answer, 400, "invalid_scope", "scope.not-covered");
      expect(answer.json().error_description).to.contain("no-such-scope");
    });
    for (const scope of ["accounts", "customers", "resources", "openid", "loans", "consent:urn:bank:C1", "openid accounts"]) {
      it(`${scope} needs a customer: refused`, async () => expectRefusal(await asksFor(scope), 400, "invalid_scope", "scope.not-covered"));
    }
    it("a bank product that the client does not hold: refused", async () => {
      expectRefusal(await asksFor("accounts:read_unmasked"), 400, "invalid_scope", "scope.not-covered");
    });
    it("scopes separated otherwise, or with other characters: refused", async () => {
      for (const scope of ["consents,payments", "consents\npayments", "cons\u0000ents", "consents é", "\"consents\""]) {
        expectRefusal(await asksFor(scope), 400, "invalid_scope", "scope.not-covered");
      }
    });
    it("nothing left: refused, never a token without scope", async () => {
      const bare = await startTestServer({ directory, clock, settings: { bankProducts: {}, offeredScopes: ["openid"] } });
      try {
        const idle = await directory.createTpp();
        const { clientId } = await bare.register(idle);
        expectRefusal(await bare.requestToken(idle, clientId), 400, "invalid_scope", "scope.nothing-left");
        expectRefusal(await bare.requestToken(idle, clientId, { scope: "openid" }), 400, "invalid_scope", "scope.not-covered");
      } finally {
        await bare.stop();
      }
    });
  });

  describe("the token", () => {
    it("answers as RFC 6749 5.1 says, and is not to be stored", async () => {
      const answer = await asksFor(undefined);
      const { access_token, ...rest } = answer.json();
      expect(rest).to.deep.equal({ token_type: "Bearer", expires_in: 900, scope: "consents payments accounts:read" });
      expect(access_token).to.match(/^[A-Za-z0-9_-]{59}$/);
      expect(answer.headers["cache-control"]).to.equal("no-store");
      expect(answer.headers["content-type"]).to.match(/^application\/json/);
    });
    it("is bound to the certificate (RFC 8705), also to a renewed one", async () => {
      for (const identity of [tpp.tls, await tpp.renewedTls()]) {
        const { access_token } = (await server.requestToken(tpp, client.clientId, {}, identity)).json();
        const thumbprint = createHash("sha256").update(new X509Certificate(identity.cert).raw).digest("base64url");
        expect((await server.introspect(access_token)).json().cnf).to.deep.equal({ "x5t#S256": thumbprint });
      }
    });
    it("lives as long as it says", async () => {
      const { access_token, expires_in } = (await asksFor("consents")).json();
      forward(expires_in - 5);
      expect((await server.introspect(access_token)).json().active).to.equal(true);
      forward(6);
      expect((await server.introspect(access_token)).json()).to.deep.equal({ active: false });
    });
    it("no two are alike", async () => {
      const tokens = await Promise.all(Array.from({ length: 20 }, async () => (await asksFor("consents")).json().access_token));
      expect(new Set(tokens).size).to.equal(20);
    });
  });

  describe("the request", () => {
    const post = (body: string, contentType = "application/x-www-form-urlencoded") =>
      server.call(server.url("token"), { method: "POST", body, headers: { "content-type": contentType }, identity: tpp.tls });
    const parameters = async () => ({
      grant_type: "client_credentials",
      client_assertion_type: assertionType,
      client_assertion: await server.assertion(tpp, client.clientId),
    });

    for (const name of ["grant_type", "client_assertion", "client_assertion_type"] as const) {
      it(`${name} twice, even with one value: refused`, async () => {
        const sent = await parameters();
        const body = `${new URLSearchParams(sent).toString()}&${new URLSearchParams({ [name]: sent[name] }).toString()}`;
        expectRefusal(await post(body), 400, "invalid_request", "parameter.repeated");
      });
    }
    it("another content type: refused", async () => {
      const json = JSON.stringify(await parameters());
      expectRefusal(await post(json, "application/json"), 400, "invalid_request", "form.content-type");
      expectRefusal(await post(new URLSearchParams(await parameters()).toString(), "text/plain"), 400, "invalid_request", "form.content-type");
    });
    it("a content type with charset is well", async () => {
      const answer = await post(new URLSearchParams(await parameters()).toString(), "application/x-www-form-urlencoded; charset=UTF-8");
      expect(answer.status).to.equal(200);
    });
    it("no grant type, an unknown one, one that needs a customer", async () => {
      expectRefusal(await server.requestToken(tpp, client.clientId, { grant_type: undefined }), 400, "invalid_request", "parameter.absent");
      for (const grant_type of ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "é\u0000"]) {
        expectRefusal(await server.requestToken(tpp, client.clientId, { grant_type }), 400, "unsupported_grant_type", "grant-type.not-offered");
      }
    });
    it("parameters in the query count for nothing", async () => {
      const answer = await server.call(`${server.url("token")}?${new URLSearchParams(await parameters()).toString()}`, { ...form({}), identity: tpp.tls });
      expectRefusal(answer, 400, "invalid_request", "parameter.absent");
    });
    it("another method: 405 that names the right one", async () => {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const answer = await server.call(server.url("token"), { method, identity: tpp.tls });
        expectRefusal(answer, 405, "invalid_request", "method.not-allowed");
        expect(answer.headers["allow"]).to.contain("POST");
      }
    });
    it("a client registered without the grant", async () => {
      const without = await directory.createTpp();
      const { clientId } = await server.register(without, { grant_types: ["authorization_code", "implicit", "refresh_token"] });
      expectRefusal(await server.requestToken(without, clientId), 400, "unauthorized_client", "grant-type.not-registered");
    });
  });

  describe("a suspended client", () => {
    it("gets no token, and its tokens are inactive", async () => {
      const fallen = await directory.createTpp();
      const { clientId, token, uri } = await server.register(fallen);
      const { access_token } = (await server.requestToken(fallen, clientId)).json();
      await directory.directory.setStatus({ softwareId: fallen.description.software_id, status: "Inactive" });
      const body = { ...fallen.registrationBody(await fallen.statement()), client_id: clientId };
      const update = await server.post(uri, body, { method: "PUT", headers: { authorization: `Bearer ${token}` }, identity: fallen.tls });
      expect(update.status).to.equal(400);
      expectRefusal(await server.requestToken(fallen, clientId), 401, "invalid_client", "client.suspended");
      expect((await server.introspect(access_token)).json()).to.deep.equal({ active: false });
    });
  });
});
