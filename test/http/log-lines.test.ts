import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { createLog } from "../../src/kernel/log.ts";
import { authorizeUrl, createConsent, fragmentOf, pushRequest, sampleCustomer, throughThePages } from "../support/authorization.ts";
import { form } from "../support/https-call.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const cpf = "00011122285";
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

describe("log lines", () => {
  const lines: string[] = [];
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory, log: createLog("trace", { write: (line: string) => void lines.push(line) }) });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  interface RequestLine {
    readonly requestId?: string;
    readonly method?: string;
    readonly path?: string;
    readonly status?: number;
    readonly clientId?: string;
    readonly refused?: string[];
  }
  /** The line is written after the answer, a moment later perhaps. */
  async function linesOf(requestId: string): Promise<RequestLine[]> {
    for (let tries = 0; tries < 100; tries += 1) {
      const found = lines.filter((line) => line.includes(requestId)).map((line) => JSON.parse(line) as RequestLine);
      if (found.length > 0) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return [];
  }

  it("one for each request, with its id, what was asked, and what became of it", async () => {
    const requestId = randomUUID();
    const call = form({ grant_type: "client_credentials", client_assertion_type: assertionType, client_assertion: await server.assertion(tpp, client.clientId) });
    const answer = await server.call(server.url("token"), { ...call, headers: { ...call.headers, "x-fapi-interaction-id": requestId }, identity: tpp.tls });
    expect(answer.headers["x-fapi-interaction-id"]).to.equal(requestId);
    const written = await linesOf(requestId);
    expect(written).to.have.length(1);
    expect(written[0]).to.include({ requestId, method: "POST", path: new URL(server.url("token")).pathname, status: 200, clientId: client.clientId });
  });

  it("an id of the caller that is no UUID, or none: the server's own, in the answer too", async () => {
    for (const headers of [{ "x-fapi-interaction-id": "not-a-uuid" }, { "x-fapi-interaction-id": `${randomUUID()} x` }, {}]) {
      const answer = await server.call(server.url("jwks"), { headers: headers as Record<string, string> });
      expect(answer.headers["x-fapi-interaction-id"]).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(await linesOf(String(answer.headers["x-fapi-interaction-id"]))).to.have.length(1);
    }
  });

  it("a refusal's line has the codes", async () => {
    const requestId = randomUUID();
    await server.call(server.url("token"), { method: "POST", headers: { "x-fapi-interaction-id": requestId } });
    const [line] = await linesOf(requestId);
    expect(line).to.deep.include({ status: 401, refused: ["certificate.absent"] });
  });

  it("hold no secret and nobody's data, whatever goes through", async function () {
    this.timeout(60_000);
    const secrets: Record<string, string> = { "registration access token": client.token, "the customer's CPF": cpf, "the customer's login": sampleCustomer.login, "the customer's password": sampleCustomer.password };
    const remember = (name: string, value: string): string => (secrets[name] = value);

    // Registration and its management, refusals included.
    const statement = remember("statement", await tpp.statement());
    const authorization = `Bearer ${client.token}`;
    await server.call(client.uri, { headers: { authorization }, identity: tpp.tls });
    await server.post(client.uri, { ...tpp.registrationBody(statement), client_id: client.clientId }, { method: "PUT", headers: { authorization }, identity: tpp.tls });
    await server.post(server.url("registration"), tpp.registrationBody(statement), { identity: tpp.tls });
    await server.post(server.url("registration"), tpp.registrationBody(`${statement.slice(0, -6)}AAAAAA`), { identity: tpp.tls });
    await server.call(client.uri, { headers: { authorization: `Bearer ${remember("wrong token", "w".repeat(43))}` }, identity: tpp.tls });
    const recovered = await server.post(`${server.url("registration")}/recover`, { software_statement: await tpp.statement() }, { identity: tpp.tls });
    remember("recovered token", recovered.json().registration_access_token);

    // Tokens.
    const assertion = remember("assertion", await server.assertion(tpp, client.clientId));
    const token = remember("access token", (await server.requestToken(tpp, client.clientId, { client_assertion: assertion })).json().access_token);
    await server.requestToken(tpp, client.clientId, { client_assertion: assertion });
    await server.introspect(token);
    await server.call(`${server.url("introspection")}?token=${token}`, { identity: server.resourceServer });
    await server.call(`${server.url("token")}?client_assertion=${assertion}`, { ...form({}), identity: tpp.tls });
    const revocation = { token, client_assertion_type: assertionType, client_assertion: await server.assertion(tpp, client.clientId) };
    await server.call(server.url("revocation"), { ...form(revocation), identity: tpp.tls });

    // A customer's journey, with a wrong password on the way.
    const consentId = await createConsent(server, tpp, client.clientId, { cpf });
    const pushed = await pushRequest(server, tpp, client.clientId, `openid accounts resources ${consentId.startsWith("consent:") ? consentId : `consent:${consentId}`}`);
    expect(pushed.answer.status, pushed.answer.text).to.equal(201);
    const callback = await throughThePages(server, authorizeUrl(server, client.clientId, pushed.answer.json().request_uri), "approve");
    const code = remember("code", fragmentOf(callback).get("code") ?? "");
    remember("front-channel ID token", fragmentOf(callback).get("id_token") ?? "");
    const exchange = { grant_type: "authorization_code", code, redirect_uri: tpp.description.redirect_uris[0], code_verifier: remember("code verifier", pushed.verifier), scope: undefined };
    const tokens = (await server.requestToken(tpp, client.clientId, exchange)).json();
    remember("customer's access token", tokens.access_token);
    remember("refresh token", tokens.refresh_token);
    await server.requestToken(tpp, client.clientId, exchange);
    await server.requestToken(tpp, client.clientId, { grant_type: "refresh_token", refresh_token: tokens.refresh_token });
    await server.introspect(tokens.access_token);

    const written = lines.join("");
    expect(lines.length).to.be.greaterThan(20);
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret, name).to.have.length.greaterThan(8);
      // Also without the part that a signature or route has in common with others.
      expect(written.includes(secret) || written.includes(secret.slice(-40)), name).to.equal(false);
    }
    expect(written).not.to.match(/eyJ[\w-]{20,}\.[\w-]{20,}/);
    expect(written).not.to.match(/PRIVATE KEY|"(authorization|cookie|password|client_assertion)":"(?!\[redacted\])/);
  });
});
