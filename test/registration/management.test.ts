import { expect } from "chai";
import { forgeryKinds } from "../../src/sandbox/directory-requests.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { expectRefusal, startRegistrationWorld, type Registered, type RegistrationWorld } from "./registration-world.ts";

describe("managing a registration (RFC 7592)", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;
  let neighbour: SandboxTpp;
  let client: Registered;
  let neighbourClient: Registered;

  before(async () => {
    world = await startRegistrationWorld();
    [tpp, neighbour] = await Promise.all([world.directory.createTpp(), world.directory.createTpp()]);
    client = await world.register(tpp);
    neighbourClient = await world.register(neighbour);
  });
  after(() => world.stop());

  const byQuery = () => `${world.address()}?client_id=${client.clientId}`;

  it("reads the same under both forms of the address", async () => {
    for (const url of [client.uri, byQuery()]) {
      const answer = await world.manage("GET", tpp, client, { url });
      expect(answer.status, answer.text).to.equal(200);
      expect(answer.json()).to.deep.equal(client.body);
      expect(answer.headers["cache-control"]).to.equal("no-store");
    }
  });

  it("updates and deletes under the form with client_id in the query", async () => {
    const own = await world.directory.createTpp();
    const registered = await world.register(own);
    const url = `${world.address()}?client_id=${registered.clientId}`;
    const updated = await world.manage("PUT", own, registered, { url, body: await world.updateBody(own, registered) });
    expect(updated.status, updated.text).to.equal(200);
    expect(updated.json().registration_client_uri).to.equal(registered.uri);
    expect((await world.manage("DELETE", own, registered, { url })).status).to.equal(204);
    expectRefusal(await world.manage("GET", own, registered, { url }), "registration-token.unknown");
  });

  it("refuses an address that names no client, two, or another", async () => {
    for (const url of [world.address(), `${byQuery()}&client_id=x`, `${world.address()}/${"0".repeat(32)}`, `${world.address()}/x%00y`]) {
      expectRefusal(await world.manage("GET", tpp, client, { url }), "registration-token.unknown");
    }
  });

  it("wants the registration access token", async () => {
    for (const authorization of ["", "Basic YTpi", "Bearer", `Bearer ${client.token} ${client.token}`]) {
      const answer = await world.manage("GET", tpp, client, { headers: { authorization } });
      expectRefusal(answer, "registration-token.absent");
      expect(answer.headers["www-authenticate"]).to.match(/^Bearer /);
    }
    for (const token of ["invented", `${client.token}x`, client.token.slice(0, -1), neighbourClient.token]) {
      expectRefusal(await world.manage("GET", tpp, client, { token }), "registration-token.unknown");
    }
  });

  it("takes it behind several spaces, and any spelling of Bearer (RFC 9110 11.1)", async () => {
    for (const scheme of ["Bearer  ", "bearer   ", "BEARER "]) {
      const headers = { authorization: `${scheme}${client.token}` };
      const read = await world.manage("GET", tpp, client, { headers });
      expect(read.status, read.text).to.equal(200);
      expect(read.json()).to.deep.equal(client.body);
      const updated = await world.manage("PUT", tpp, client, { headers, body: await world.updateBody(tpp, client) });
      expect(updated.status, updated.text).to.equal(200);
      client = { ...client, body: updated.json() };
    }
  });

  it("finds the client of an address in absolute form (RFC 9112 3.2.2)", async () => {
    for (const url of [client.uri, byQuery()]) {
      const answer = await world.manage("GET", tpp, client, { url, target: url });
      expect(answer.status, answer.text).to.equal(200);
      expect(answer.json()).to.deep.equal(client.body);
    }
  });

  it("takes no access token for it", async () => {
    const { access_token: token } = (await world.server.requestToken(tpp, client.clientId)).json();
    expectRefusal(await world.manage("GET", tpp, client, { token }), "registration-token.unknown");
  });

  it("one client's token on another's address opens neither and harms neither", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const body = method === "PUT" ? { body: await world.updateBody(tpp, client) } : {};
      expectRefusal(await world.manage(method, tpp, client, { url: neighbourClient.uri, ...body }), "registration-token.unknown");
      expectRefusal(await world.manage(method, neighbour, client, { url: neighbourClient.uri, ...body }), "registration-token.unknown");
    }
    expect((await world.manage("GET", tpp, client)).json()).to.deep.equal(client.body);
    expect((await world.manage("GET", neighbour, neighbourClient)).json()).to.deep.equal(neighbourClient.body);
  });

  it("takes a stolen token only with a certificate of the client's software", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const body = method === "PUT" ? { body: await world.updateBody(tpp, client) } : {};
      expectRefusal(await world.manage(method, neighbour, client, body), "registration-token.other-software");
    }
    expect((await world.manage("GET", tpp, client)).json()).to.deep.equal(client.body);
  });

  it("takes a renewed certificate of the same software", async () => {
    const own = await world.directory.createTpp();
    const registered = await world.register(own);
    const identity = await own.renewedTls();
    expect((await world.manage("GET", own, registered, { identity })).json()).to.deep.equal(registered.body);
    const updated = await world.manage("PUT", own, registered, { identity, body: await world.updateBody(own, registered) });
    expect(updated.status, updated.text).to.equal(200);
    expect((await world.server.requestToken(own, registered.clientId, {}, identity)).status).to.equal(200);
    expect((await world.manage("DELETE", own, registered, { identity })).status).to.equal(204);
  });

  // "revoked" has its own place: every-code.test.ts and certificates of tokens.
  for (const kind of forgeryKinds.filter((one) => one !== "revoked")) {
    it(`takes no certificate with the fault ${kind} for any call (D12)`, async () => {
      const identity = await tpp.forge(kind);
      const weak = kind === "sha1" || kind === "rsa-1024";
      for (const method of ["GET", "PUT", "DELETE"]) {
        const body = method === "PUT" ? { body: await world.updateBody(tpp, client) } : {};
        const answer = await world.manage(method, tpp, client, { identity, weak, ...body });
        expect(answer.status, answer.text).to.equal(401);
        expect(answer.json()).not.to.have.property("client_id");
        expect(answer.json().error).to.equal(kind.startsWith("other-") ? "invalid_token" : "invalid_client");
      }
      expect((await world.manage("GET", tpp, client)).status).to.equal(200);
    });
  }

  it("needs neither statement nor directory to read or delete (D12)", async () => {
    const own = await world.directory.createTpp();
    const registered = await world.register(own);
    world.directory.faults.set({ target: "keystore", kind: "unavailable", milliseconds: 0, location: "" });
    try {
      expect((await world.manage("GET", own, registered)).status).to.equal(200);
      expect((await world.manage("DELETE", own, registered)).status).to.equal(204);
    } finally {
      world.directory.faults.clear();
    }
  });

  it("deletes once: afterwards token, client and statement are free", async () => {
    const own = await world.directory.createTpp();
    const body = await world.bodyOf(own);
    const registered = (await world.post(own, body)).json();
    const asClient = { clientId: registered.client_id, token: registered.registration_access_token, uri: registered.registration_client_uri, body: registered };
    const { access_token } = (await world.server.requestToken(own, asClient.clientId)).json();
    const gone = await Promise.all([1, 2, 3].map(() => world.manage("DELETE", own, asClient)));
    expect(gone.map(({ status }) => status).toSorted()).to.deep.equal([204, 401, 401]);
    for (const method of ["GET", "DELETE"]) {
      expectRefusal(await world.manage(method, own, asClient), "registration-token.unknown");
    }
    expect((await world.server.introspect(access_token)).json()).to.deep.equal({ active: false });
    expect((await world.server.requestToken(own, asClient.clientId)).json().error).to.equal("invalid_client");
    const again = await world.post(own, body);
    expect(again.status, again.text).to.equal(201);
    expect(again.json().client_id).not.to.equal(asClient.clientId);
    expect(again.json().registration_access_token).not.to.equal(asClient.token);
  });

  it("answers 405 with Allow to other methods, and 404 to other addresses, in JSON", async () => {
    const own = `/${client.clientId}`;
    const cases = [["", "PATCH", "POST"], ["", "OPTIONS", "POST"], [own, "POST", "PUT"], [own, "PATCH", "GET"]] as const;
    for (const [path, method, allowed] of cases) {
      const answer = await world.server.call(world.address(path), { method, identity: tpp.tls });
      expectRefusal(answer, "method.not-allowed");
      expect(String(answer.headers["allow"]).split(", ")).to.include(allowed);
    }
    const nowhere = await world.server.call(world.address("/a/b"), { identity: tpp.tls });
    expect(nowhere.status).to.equal(404);
    expect(nowhere.json().error).to.equal("not_found");
  });

  for (const path of ["/check", "/recover", "/check?", "/recover/"]) {
    it(`takes ${path} for no client: other methods than POST are answered 405`, async () => {
      for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
        const answer = await world.manage(method, tpp, client, { url: world.address(path) });
        expectRefusal(answer, "method.not-allowed");
        expect(answer.headers["allow"]).to.equal("POST");
      }
    });
  }

  it("answers HEAD as GET, without the body", async () => {
    const answer = await world.manage("HEAD", tpp, client);
    expect(answer.status).to.equal(200);
    expect(answer.text).to.equal("");
    const refused = await world.manage("HEAD", tpp, client, { token: "invented" });
    expect(refused.status).to.equal(401);
  });

  it("answers 401 on the public address, where no certificate can come", async () => {
    const { issuer } = world.server.running.realm;
    for (const path of ["/oauth2/register", "/oauth2/register/check", `/oauth2/register/${client.clientId}`]) {
      const answer = await world.server.call(`${issuer}${path}`, { headers: { authorization: `Bearer ${client.token}` } });
      expectRefusal(answer, "certificate.absent");
    }
  });
});
