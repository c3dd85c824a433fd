import { userInfo } from "node:os";
import { expect } from "chai";
import { sha256 } from "../../src/kernel/identifiers.ts";
import { startRedis } from "../support/redis-servers.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";
import { environmentOf } from "../support/server-process.ts";
import { runPorteiro, type Run } from "./run-porteiro.ts";

describe("porteiro clients, beside a running server", () => {
  let sandbox: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;
  let environment: Record<string, string>;

  const porteiro = (...words: string[]): Promise<Run> => runPorteiro(environment, ...words);
  const succeeded = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await porteiro(...words);
    expect(code, err).to.equal(0);
    return out;
  };
  const refused = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await porteiro(...words);
    expect(code, out).to.equal(1);
    expect(out).to.equal("");
    expect(err).to.match(/^porteiro: [^\n]+\n$/);
    return err;
  };
  const trail = async (): Promise<{ action: string; actor: unknown; details: Record<string, unknown> }[]> =>
    (await succeeded("audit", "show", "--client", client.clientId, "--json")).trim().split("\n").map((line) => JSON.parse(line).entry);

  before(async () => {
    sandbox = await startSandboxDirectory();
    server = await startTestServer({ directory: sandbox });
    environment = environmentOf(server.settings);
  });
  beforeEach(async () => {
    // A software of its own for each: what an operator decides stays with it.
    tpp = await sandbox.createTpp({ roles: ["DADOS"] });
    client = await server.register(tpp);
  });
  afterEach(() => server.call(client.uri, { method: "DELETE", identity: tpp.tls, headers: { authorization: `Bearer ${client.token}` } }));
  after(async () => {
    await server.stop();
    await sandbox.stop();
  });

  it("list shows each client with its software, organisation, status, scopes and time", async () => {
    const [titles = "", row = "", ...more] = (await succeeded("clients", "list")).trim().split("\n");
    expect(titles).to.match(/^CLIENT ID +SOFTWARE +ORGANISATION +STATUS +SCOPE +PRODUCT SCOPES +REGISTERED \(UTC\)$/);
    const { software_id, organisation_id } = tpp.description;
    expect(row).to.match(new RegExp(`^${client.clientId} +${software_id} +${organisation_id} +active +openid .*accounts:read .*\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$`));
    expect(more).to.deep.equal([]);
  });

  it("list goes page by page", async () => {
    const other = await sandbox.createTpp({ roles: ["DADOS"] });
    const second = await server.register(other);
    const ids = [client.clientId, second.clientId].toSorted();
    const first = await porteiro("clients", "list", "--limit", "1", "--json");
    expect(JSON.parse(first.out).client_id).to.equal(ids[0]);
    expect(first.err).to.include(`--after ${ids[0]}`);
    const next = await porteiro("clients", "list", "--limit", "1", "--after", String(ids[0]), "--json");
    expect(JSON.parse(next.out).client_id).to.equal(ids[1]);
    expect(next.err).to.equal("");
    await succeeded("clients", "delete", second.clientId, "--yes");
  });

  it("show prints what is registered, and nothing that opens a door", async () => {
    const shown = JSON.parse(await succeeded("clients", "show", client.clientId, "--json"));
    expect(shown).to.include({ client_id: client.clientId, status: "active", software_id: tpp.description.software_id });
    expect(shown.metadata.redirect_uris).to.deep.equal(client.body["redirect_uris"]);
    for (const secret of [client.token, sha256(client.token), String(client.body["software_statement"]), "hash"]) {
      expect(JSON.stringify(shown).toLowerCase()).not.to.include(secret.toLowerCase());
    }
    expect(await succeeded("clients", "show", client.clientId)).to.include(client.clientId).and.include("redirect_uris");
  });

  it("what is asked of no client is refused in one sentence", async () => {
    const commands = [["show"], ["delete", "--yes"], ["suspend", "--reason", "x"], ["restore"], ["grant", "--scopes", "accounts:read"], ["recover"]];
    const problems = await Promise.all(commands.map(([command = "", ...options]) => refused("clients", command, "0123456789abcdef0123456789abcdef", ...options)));
    expect(problems.every((problem) => problem.includes("there is no client")), problems.join("")).to.equal(true);
  });

  it("suspend stops a client's tokens at once, restore lets it go on", async () => {
    const { access_token } = (await server.requestToken(tpp, client.clientId)).json();
    expect(await refused("clients", "restore", client.clientId)).to.include("is not suspended");
    await succeeded("clients", "suspend", client.clientId, "--reason", "complaint 4711");
    expect((await server.requestToken(tpp, client.clientId)).status).to.equal(401);
    expect((await server.introspect(access_token)).json().active).to.equal(false);
    expect(await refused("clients", "suspend", client.clientId, "--reason", "again")).to.include("complaint 4711");
    await succeeded("clients", "restore", client.clientId);
    expect((await server.requestToken(tpp, client.clientId)).status).to.equal(200);
    const [, suspended, restored] = await trail();
    expect(suspended).to.deep.include({ action: "client.suspended", actor: { kind: "operator", operator: userInfo().username } });
    expect(suspended?.details).to.include({ source: "operator", reason: "complaint 4711" });
    expect(restored).to.include({ action: "client.restored" });
  });

  it("grant gives and takes scopes of the bank's products, and of nothing else", async () => {
    const held = async () => (await server.requestToken(tpp, client.clientId)).json().scope.split(" ");
    expect(await held()).not.to.include("accounts:read_unmasked");
    await succeeded("clients", "grant", client.clientId, "--scopes", "accounts:read_unmasked");
    expect(await held()).to.include("accounts:read_unmasked").and.include("accounts:read");
    await succeeded("clients", "grant", client.clientId, "--withdraw", "accounts:read_unmasked,accounts:read");
    expect(await held()).not.to.include("accounts:read_unmasked").and.not.include("accounts:read");
    const problem = await refused("clients", "grant", client.clientId, "--scopes", "payments,accounts:read");
    expect(problem).to.include("payments").and.include("expected some of accounts:read, accounts:read_unmasked, institution-users:read");
    expect(await held()).not.to.include("accounts:read");
    expect((await trail()).map(({ action }) => action)).to.deep.equal(["client.registered", "client.granted", "client.grant-withdrawn"]);
  });

  it("grant without scopes is refused, and one that changes nothing leaves no audit entry", async () => {
    expect((await porteiro("clients", "grant", client.clientId)).code).to.equal(1);
    await succeeded("clients", "grant", client.clientId, "--scopes", "accounts:read");
    expect(await trail()).to.have.length(1);
  });

  const deleteItself = async () => {
    const { status } = await server.call(client.uri, { method: "DELETE", identity: tpp.tls, headers: { authorization: `Bearer ${client.token}` } });
    expect(status).to.equal(204);
  };
  const registerAnew = async () => server.post(server.url("registration"), tpp.registrationBody(await tpp.statement()), { identity: tpp.tls });

  it("a suspension survives the client's own deletion: no new registration until restore, also of the deleted client", async () => {
    await succeeded("clients", "suspend", client.clientId, "--reason", "complaint 4711");
    await deleteItself();
    const refusal = await registerAnew();
    expect(refusal.status, refusal.text).to.equal(400);
    expect(refusal.json().error).to.equal("unapproved_software_statement");
    expect(refusal.json().checks.map(({ code }: { code: string }) => code)).to.deep.equal(["registration.suspended-by-bank"]);
    expect(refusal.text).not.to.include("4711");
    expect(await succeeded("clients", "list")).to.match(new RegExp(`${client.clientId} .* deleted, suspended`));
    const shown = JSON.parse(await succeeded("clients", "show", client.clientId, "--json"));
    expect(shown).to.include({ status: "deleted", software_id: tpp.description.software_id });
    expect(shown.suspension).to.include({ by: "operator", reason: "complaint 4711" });

    expect(await succeeded("clients", "restore", client.clientId)).to.include("may register again");
    expect(await refused("clients", "restore", client.clientId)).to.include("there is no client");
    expect(await refused("clients", "show", client.clientId)).to.include("there is no client");
    const entries = await trail();
    expect(entries.map(({ action }) => action)).to.deep.equal(["client.registered", "client.suspended", "client.deleted", "client.restored"]);
    expect(entries[2]?.details).to.deep.include({ stays: { suspension: "complaint 4711" } });
    expect(entries[3]?.actor).to.deep.equal({ kind: "operator", operator: userInfo().username });
    client = await server.register(tpp);
    expect((await server.requestToken(tpp, client.clientId)).status).to.equal(200);
  });

  it("a suspension survives the operator's own deletion, which says so", async () => {
    await succeeded("clients", "suspend", client.clientId, "--reason", "x");
    expect(await succeeded("clients", "delete", client.clientId, "--yes")).to.include(`porteiro clients restore ${client.clientId}`);
    expect((await registerAnew()).status).to.equal(400);
    await succeeded("clients", "restore", client.clientId);
  });

  it("what was granted and withdrawn survives a new registration", async () => {
    await succeeded("clients", "grant", client.clientId, "--scopes", "accounts:read_unmasked", "--withdraw", "accounts:read");
    const before = JSON.parse(await succeeded("clients", "show", client.clientId, "--json")).product_scopes;
    for (let time = 0; time < 2; time += 1) {
      await deleteItself();
      expect(await succeeded("clients", "list")).to.include("+accounts:read_unmasked -accounts:read");
      const { clientId: deleted } = client;
      client = await server.register(tpp);
      const { product_scopes } = JSON.parse(await succeeded("clients", "show", client.clientId, "--json"));
      expect(product_scopes).to.have.members(before).and.to.include("accounts:read_unmasked").and.not.include("accounts:read");
      expect(await succeeded("clients", "list")).not.to.include(deleted);
    }
    await succeeded("clients", "grant", client.clientId, "--scopes", "accounts:read");
    await deleteItself();
    client = await server.register(tpp);
    expect((await server.requestToken(tpp, client.clientId)).json().scope.split(" ")).to.include("accounts:read");
  });

  it("recover prints a new registration access token once; the old one is dead", async () => {
    const out = await succeeded("clients", "recover", client.clientId);
    const token = /registration_access_token +(\S+)/.exec(out)?.[1] ?? "";
    expect(out).to.include(client.uri);
    const read = (bearer: string) => server.call(client.uri, { identity: tpp.tls, headers: { authorization: `Bearer ${bearer}` } });
    expect((await read(client.token)).status).to.equal(401);
    expect((await read(token)).status).to.equal(200);
    const entries = await trail();
    expect(entries.at(-1)).to.deep.include({ action: "client.recovered", actor: { kind: "operator", operator: userInfo().username } });
    expect(JSON.stringify(entries)).not.to.include(token);
    client = { ...client, token };
  });

  it("delete asks first; without an answer nothing is deleted", async () => {
    expect(await refused("clients", "delete", client.clientId)).to.include("not confirmed");
    expect((await server.requestToken(tpp, client.clientId)).status).to.equal(200);
    await succeeded("clients", "delete", client.clientId, "--yes");
    expect((await server.requestToken(tpp, client.clientId)).status).to.equal(401);
    expect((await trail()).at(-1)).to.include({ action: "client.deleted" });
    expect(await succeeded("clients", "list")).not.to.include(client.clientId);
  });

  it("two operators who change one client at the same moment both succeed", async () => {
    const runs = await Promise.all([
      porteiro("clients", "grant", client.clientId, "--scopes", "accounts:read_unmasked"),
      porteiro("clients", "grant", client.clientId, "--withdraw", "institution-users:read"),
    ]);
    expect(runs.map(({ code }) => code)).to.deep.equal([0, 0]);
    const { product_scopes } = JSON.parse(await succeeded("clients", "show", client.clientId, "--json"));
    expect(product_scopes).to.have.members(["accounts:read", "accounts:read_unmasked"]);
  });
});

describe("porteiro clients, on Redis", () => {
  it("sees the running server's clients, and what it changes counts there at once", async () => {
    const redis = await startRedis();
    const sandbox = await startSandboxDirectory();
    const server = await startTestServer({ directory: sandbox, settings: { store: { kind: "redis", redis: { url: redis.connection.url } } } });
    try {
      const environment = environmentOf(server.settings);
      const tpp = await sandbox.createTpp({ roles: ["DADOS"] });
      const { clientId, token, uri } = await server.register(tpp);
      const listed = await runPorteiro(environment, "clients", "list", "--json");
      expect(JSON.parse(listed.out).client_id).to.equal(clientId);
      const suspended = await runPorteiro(environment, "clients", "suspend", clientId, "--reason", "test");
      expect(suspended.code, suspended.err).to.equal(0);
      expect((await server.requestToken(tpp, clientId)).status).to.equal(401);

      const deleted = await server.call(uri, { method: "DELETE", identity: tpp.tls, headers: { authorization: `Bearer ${token}` } });
      expect(deleted.status).to.equal(204);
      const again = await server.post(server.url("registration"), tpp.registrationBody(await tpp.statement()), { identity: tpp.tls });
      expect(again.json().error, again.text).to.equal("unapproved_software_statement");
      expect((await runPorteiro(environment, "clients", "restore", clientId)).code).to.equal(0);
      await server.register(tpp);
      expect((await runPorteiro(environment, "clients", "list")).out).not.to.include(clientId);
    } finally {
      await server.stop();
      await sandbox.stop();
      await redis.stop();
    }
  });
});
