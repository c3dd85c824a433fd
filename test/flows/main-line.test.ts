import { expect } from "chai";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

describe("a TPP registers itself, gets a token, and a resource server introspects it", () => {
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

  it("takes the line from registration to deletion, after which nothing of the client works", async () => {
    const client = await server.register(tpp);
    const token = (await server.requestToken(tpp, client.clientId)).json();
    expect(token).to.include({ token_type: "Bearer", expires_in: 900, scope: "consents accounts:read institution-users:read" });

    const alive = (await server.introspect(token.access_token)).json();
    expect(alive).to.include({ active: true, client_id: client.clientId, software_id: tpp.description.software_id, org_id: tpp.description.organisation_id });
    expect(alive.cnf["x5t#S256"]).to.match(/^[\w-]{43}$/);

    const authorization = `Bearer ${client.token}`;
    const read = await server.call(client.uri, { headers: { authorization }, identity: tpp.tls });
    expect(read.json()).to.deep.equal(client.body);
    const deleted = await server.call(client.uri, { method: "DELETE", headers: { authorization }, identity: tpp.tls });
    expect(deleted.status).to.equal(204);
    expect(deleted.text).to.equal("");

    expect((await server.introspect(token.access_token)).json()).to.deep.equal({ active: false });
    expect((await server.call(client.uri, { headers: { authorization }, identity: tpp.tls })).status).to.equal(401);
    const refused = await server.requestToken(tpp, client.clientId);
    expect(refused.status).to.equal(401);
    expect(refused.json().error).to.equal("invalid_client");
  });
});
