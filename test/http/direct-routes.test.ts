import { expect } from "chai";
import { form, type HttpsAnswer, type HttpsCall } from "../support/https-call.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

describe("token, introspection and registration requests go past koa, and are answered as by koa", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const interaction = "4b7bd0c6-6c5e-4a8e-9a2b-0d1f1a2b3c4d";
  /** A query takes the request through koa. */
  const bothWays = async (endpoint: "token" | "introspection", call: () => Promise<Omit<HttpsCall, "ca">>): Promise<[HttpsAnswer, HttpsAnswer]> => {
    const send = async (url: string) => {
      const options = await call();
      return server.call(url, { ...options, headers: { ...options.headers, "x-fapi-interaction-id": interaction } });
    };
    return [await send(server.url(endpoint)), await send(`${server.url(endpoint)}?`)];
  };
  const steady = ({ date: _date, ...headers }: HttpsAnswer["headers"]) => headers;

  it("a living token introspected: every header and the whole body", async () => {
    const token = (await server.requestToken(tpp, client.clientId)).json().access_token;
    const [direct, koa] = await bothWays("introspection", async () => ({ ...form({ token }), identity: server.resourceServer }));
    expect(direct.status).to.equal(200);
    expect(direct.json()).to.deep.equal(koa.json());
    expect(direct.json().active).to.equal(true);
    expect(steady(direct.headers)).to.deep.equal(steady(koa.headers));
    expect(direct.headers["x-fapi-interaction-id"]).to.equal(interaction);
    expect(direct.headers["strict-transport-security"]).to.contain("max-age=31536000");
  });

  it("a token issued: every header but the length that its digits give", async () => {
    const [direct, koa] = await bothWays("token", async () => ({
      ...form({
        grant_type: "client_credentials",
        client_assertion: await server.assertion(tpp, client.clientId),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      }),
      identity: tpp.tls,
    }));
    expect([direct.status, koa.status]).to.deep.equal([200, 200]);
    expect(steady(direct.headers)).to.deep.equal(steady(koa.headers));
    expect(direct.json().access_token).to.not.equal(koa.json().access_token);
    expect({ ...direct.json(), access_token: "" }).to.deep.equal({ ...koa.json(), access_token: "" });
  });

  it("refusals: no certificate, no form, a form too large, no token", async () => {
    const long = "a".repeat(70_000);
    for (const [endpoint, call] of [
      ["introspection", { ...form({ token: "x" }) }],
      ["introspection", { method: "POST", identity: server.resourceServer, body: "{}", headers: { "content-type": "application/json" } }],
      ["introspection", { ...form({ token: long }), identity: server.resourceServer }],
      ["introspection", { ...form({}), identity: server.resourceServer }],
      ["token", { ...form({ grant_type: "client_credentials" }) }],
      ["token", { ...form({ grant_type: long }), identity: tpp.tls }],
      ["token", { ...form({ grant_type: "password" }), identity: tpp.tls }],
      ["token", { ...form({ grant_type: "authorization_code", code: "x" }), identity: tpp.tls }],
    ] as const) {
      const [direct, koa] = await bothWays(endpoint, async () => call);
      expect(direct.status, endpoint).to.be.within(400, 413);
      expect(direct.status).to.equal(koa.status);
      expect(direct.json()).to.deep.equal(koa.json());
      expect(steady(direct.headers)).to.deep.equal(steady(koa.headers));
    }
  });

  const sendTo = (url: string, options: Omit<HttpsCall, "ca">) =>
    server.call(url, { identity: tpp.tls, ...options, headers: { ...options.headers, "x-fapi-interaction-id": interaction } });

  it("a registration read, in either form of its address, and written in any way", async () => {
    const authorization = `Bearer ${client.token}`;
    const registration = server.url("registration");
    const spellings = [
      `${registration}/${client.clientId}`,
      `${registration}/${client.clientId}?`,
      `${registration}/${client.clientId}/`,
      `${registration}?client_id=${client.clientId}`,
      `${registration.replace("/oauth2/", "/OAuth2/")}/${client.clientId}`,
    ];
    const [direct, ...koa] = await Promise.all(spellings.map((url) => sendTo(url, { method: "GET", headers: { authorization } })));
    expect(direct?.status).to.equal(200);
    expect(direct?.json().client_id).to.equal(client.clientId);
    for (const answer of koa) {
      expect(answer.json()).to.deep.equal(direct?.json());
      expect(steady(answer.headers)).to.deep.equal(steady(direct?.headers ?? {}));
    }
  });

  it("what names no client, or two of them, opens none", async () => {
    const authorization = `Bearer ${client.token}`;
    const registration = server.url("registration");
    for (const end of ["", "/", "?client_id=", `?client_id=${client.clientId}&client_id=x`, "/%", "/..%2f"]) {
      const answer = await sendTo(`${registration}${end}`, { method: "GET", headers: { authorization } });
      expect([400, 401], end).to.include(answer.status);
    }
  });

  it("registrations refused: no certificate, no JSON, an unknown token", async () => {
    const registration = server.url("registration");
    for (const [path, call] of [
      ["", { method: "POST", identity: undefined }],
      ["", { method: "POST", body: "{", headers: { "content-type": "application/json" } }],
      ["/recover", { method: "POST", body: "[]", headers: { "content-type": "application/json" } }],
      [`/${client.clientId}`, { method: "DELETE", headers: { authorization: "Bearer x" } }],
      [`/${client.clientId}`, { method: "PUT", body: "{}", headers: { "content-type": "application/json" } }],
    ] as const) {
      const direct = await sendTo(`${registration}${path}`, call);
      const koa = await sendTo(`${registration}${path}?`, call);
      expect(direct.status, path).to.be.within(400, 413);
      expect(direct.json()).to.deep.equal(koa.json());
      expect(steady(direct.headers)).to.deep.equal(steady(koa.headers));
    }
  });

  it("a deletion says nothing of a length, which a 204 must not", async () => {
    for (const end of ["", "?"]) {
      const other = await directory.createTpp();
      const { clientId, token } = await server.register(other);
      const answer = await sendTo(`${server.url("registration")}/${clientId}${end}`, {
        method: "DELETE",
        identity: other.tls,
        headers: { authorization: `Bearer ${token}` },
      });
      expect([answer.status, answer.text]).to.deep.equal([204, ""]);
      expect(answer.headers).to.not.have.any.keys("content-length", "content-type", "transfer-encoding");
    }
  });

  it("other methods at these addresses are refused by koa", async () => {
    for (const endpoint of ["token", "introspection"] as const) {
      const answer = await server.call(server.url(endpoint), { method: "GET", identity: tpp.tls });
      expect(answer.status).to.equal(405);
      expect(answer.headers.allow).to.equal("POST");
    }
  });
});
