import { expect } from "chai";
import { form, type HttpsAnswer, type HttpsCall } from "../support/https-call.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

describe("token and introspection requests go past koa, and are answered as by koa", () => {
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

  it("other methods at these addresses are refused by koa", async () => {
    for (const endpoint of ["token", "introspection"] as const) {
      const answer = await server.call(server.url(endpoint), { method: "GET", identity: tpp.tls });
      expect(answer.status).to.equal(405);
      expect(answer.headers.allow).to.equal("POST");
    }
  });
});
