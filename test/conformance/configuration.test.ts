import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Page } from "playwright-core";
import { answerCallback } from "../../src/cli/journey-browser.ts";
import { fetchStatement } from "../../src/cli/directory-client.ts";
import { permissions } from "../../src/policy/consent/permission-groups.ts";
import { runPorteiro } from "../cli/run-porteiro.ts";
import { fragmentOf } from "../support/authorization.ts";
import { openBrowser } from "../support/browser.ts";
import { httpsCall } from "../support/https-call.ts";
import { startSampleBank, type SampleBank } from "../support/sample-bank.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { environmentOf } from "../support/server-process.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { planClient, planSchema, type Plan } from "./plan-runner.ts";

const suite = "https://suite.example:8443";
const callback = `${suite}/test/a/porteiro/callback`;
const prefix = "fapi1-advanced-final-";
/** The 28 that the suite asks a person for. */
const consentPermissions = permissions.filter((one) => !/_BUSINESS_|_INCOMES_|^FUNDS|^TREASURE|^EXCHANGES/.test(one));

describe("porteiro conformance-config", function () {
  this.timeout(120_000);
  let directory: SandboxDirectory;
  let server: TestServer;
  let bank: SampleBank;
  let out: string;
  let registration: Plan;
  let authorization: Plan;

  const configure = (...words: string[]) => configureUnder({}, ...words);
  const configureUnder = (settings: object, ...words: string[]) => {
    const environment = environmentOf({ ...server.settings, sampleBank: { publicUrl: bank.url }, ...settings });
    return runPorteiro(environment, "conformance-config", "--alias", "porteiro", "--directory-url", directory.urls.auth, "--ca", directory.localAuthority.caFile, ...words);
  };
  const readPlan = async (name: string) => planSchema.parse(JSON.parse(await readFile(join(out, `${name}.json`), "utf8")));

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    bank = await startSampleBank(server);
    out = await mkdtemp(join(tmpdir(), "porteiro-conformance-"));
    const { code, err } = await configure("--suite", `${suite}/`, "--out", out);
    expect(code, err).to.equal(0);
    registration = await readPlan(`${prefix}brazil-dcr-test-plan`);
    authorization = await readPlan(`${prefix}test-plan`);
  });
  after(async () => {
    await bank.stop();
    await server.stop();
    await directory.stop();
    await rm(out, { recursive: true });
  });

  const side = () => ({ ca: server.ca, callback });
  /** The browser of one module: cookies are shared within it. */
  const inModule = async (redirectUri: string, work: (page: Page) => Promise<void>) => {
    const context = await (await openBrowser()).newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
    context.setDefaultTimeout(20_000);
    try {
      const page = await context.newPage();
      await answerCallback(page, redirectUri);
      await work(page);
    } finally {
      await context.close();
    }
  };

  it("knows what the suite asks for", () => expect(consentPermissions).to.have.length(28));

  it("writes the directory's URLs as the suite compares them, and everything else at our servers", () => {
    const domain = "sandbox.directory.openbankingbrasil.org.br";
    expect(registration.directory).to.include({ discoveryUrl: `https://auth.${domain}/.well-known/openid-configuration`, apibase: `https://matls-api.${domain}/`, keystore: `https://keystore.${domain}/` });
    for (const plan of [registration, authorization]) {
      expect(plan.server.discoveryUrl).to.equal(`${server.running.realm.issuer}/.well-known/openid-configuration`);
      expect(plan.resource.consentUrl.startsWith(String(server.settings["mtlsUrl"]))).to.equal(true);
      expect(plan.resource.resourceUrl.startsWith(bank.url)).to.equal(true);
      expect(plan.alias).to.equal("porteiro");
    }
    expect(Object.keys(authorization.override ?? {}).map((name) => name.slice(prefix.length))).to.have.members([
      "user-rejects-authentication",
      "ensure-authorization-request-without-request-object-fails",
      "par-attempt-to-use-expired-request_uri",
      "par-attempt-to-use-request_uri-for-different-client",
      "par-attempt-reuse-request_uri",
      "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds",
    ]);
  });

  it("gives each client keys and a certificate of its own: one PS256 and one RSA-OAEP key, a single certificate", () => {
    const sections = [[registration.client, registration.mtls], [authorization.client, authorization.mtls], [authorization.client2!, authorization.mtls2!]] as const;
    for (const [client, mtls] of sections) {
      expect(client.jwks.keys.map(({ use, alg }) => `${use} ${alg}`)).to.have.members(["sig PS256", "enc RSA-OAEP"]);
      expect(mtls.cert.match(/BEGIN CERTIFICATE/g)).to.have.length(1);
      expect(new X509Certificate(mtls.cert).verify(new X509Certificate(mtls.ca).publicKey)).to.equal(true);
      expect(mtls.key).to.match(/^-----BEGIN PRIVATE KEY-----/);
      expect(client.scope).to.equal("openid consents resources accounts");
    }
    const kids = sections.flatMap(([client]) => client.jwks.keys.map(({ kid }) => kid));
    expect(new Set(kids).size).to.equal(6);
  });

  it("keeps the private parts to their owner, and says how to start a run", async () => {
    for (const name of [`${prefix}test-plan.json`, `${prefix}brazil-dcr-test-plan.json`, "client1/client.key", "client1/registration.json"]) {
      expect((await stat(join(out, name))).mode & 0o077, name).to.equal(0);
    }
    const readme = await readFile(join(out, "README.txt"), "utf8");
    for (const needed of ["/etc/hosts", "keystore.sandbox.directory.openbankingbrasil.org.br", "run-test-plan.py", "private_key_jwt", suite, bank.url, "PORTEIRO_SAMPLE_BANK_PUBLIC_URL"]) expect(readme).to.include(needed);
  });

  it("has a software statement for the registration plan that lists both callbacks and is not registered yet", async () => {
    const { mtls } = registration;
    const { software_id: softwareId, organisation_id: organisationId } = JSON.parse(await readFile(join(out, "registration/tpp.json"), "utf8"));
    const identity = { cert: mtls.cert + mtls.ca, key: mtls.key };
    const address = {
      tokenEndpoint: `${directory.urls.matlsAuth}/token`,
      assertionUrl: `${directory.urls.matlsApi}/organisations/${organisationId}/softwarestatements/${softwareId}/assertion`,
      clientId: registration.directory!.client_id,
    };
    const statement = await fetchStatement(address, { certPem: identity.cert, keyPem: identity.key }, server.ca);
    const register = async (redirectUri: string) => {
      const body = {
        grant_types: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
        response_types: ["code id_token"],
        token_endpoint_auth_method: "private_key_jwt",
        jwks_uri: JSON.parse(Buffer.from(statement.split(".")[1]!, "base64url").toString()).software_jwks_uri,
        redirect_uris: [redirectUri],
        software_statement: statement,
        scope: registration.client.scope,
      };
      const answer = await server.post(server.url("registration"), body, { identity });
      expect(answer.status, answer.text).to.equal(201);
      const { registration_client_uri: uri, registration_access_token: token } = answer.json();
      expect((await server.call(uri, { method: "DELETE", identity, headers: { authorization: `Bearer ${token}` } })).status).to.equal(204);
    };
    await register(callback);
    await register(`${callback}?dummy1=lorem&dummy2=ipsum`);
  });

  for (const number of [1, 2] as const) {
    it(`carries a whole authorization with client ${number}, twice with one set of cookies`, async () => {
      const client = await planClient(authorization, number, side());
      await inModule(client.redirectUri, async (page) => {
        for (const round of [1, 2]) {
          const flow = await client.ask(consentPermissions);
          expect(await client.visit(page, client.automation(), flow.url)).to.include.members(["Approve", "Back at the suite"]);
          const at = new URL(page.url());
          expect(at.search, `round ${round}`).to.equal(number === 1 ? "" : "?dummy1=lorem&dummy2=ipsum");
          const answer = fragmentOf(at);
          expect(answer.get("state")).to.equal(flow.state);
          expect((await client.idToken(answer.get("id_token")!, flow))["acr"]).to.equal("urn:brasil:openbanking:loa2");
          const tokens = await client.redeem(answer.get("code")!, flow);
          expect(tokens.status, tokens.text).to.equal(200);
          const resource = await client.resource(tokens.json().access_token);
          expect(resource.status, resource.text).to.equal(200);
        }
      });
    });
  }

  it("refuses where the module wants the customer to refuse", async () => {
    for (const number of [1, 2] as const) {
      const client = await planClient(authorization, number, side());
      const flow = await client.ask(consentPermissions);
      await inModule(client.redirectUri, async (page) => {
        await client.visit(page, client.automation(`${prefix}user-rejects-authentication`), flow.url);
        const answer = fragmentOf(new URL(page.url()));
        expect(answer.get("error")).to.equal("access_denied");
        expect(answer.get("state")).to.equal(flow.state);
      });
    }
  });

  it("finds the error page where a request cannot be answered at the client", async () => {
    const [client, other] = [await planClient(authorization, 1, side()), await planClient(authorization, 2, side())];
    const flow = await client.ask(consentPermissions);
    const foreign = new URL(flow.url);
    foreign.searchParams.set("client_id", other.clientId);
    const expired = new URL(flow.url);
    expired.searchParams.set("request_uri", "urn:ietf:params:oauth:request_uri:long-gone");
    const plain = new URLSearchParams({ client_id: client.clientId, response_type: "code id_token", scope: "openid", redirect_uri: client.redirectUri, state: "s", nonce: "n" });
    const cases = {
      "par-attempt-to-use-request_uri-for-different-client": foreign.href,
      "par-attempt-to-use-expired-request_uri": expired.href,
      "ensure-authorization-request-without-request-object-fails": `${client.authorizationEndpoint}?${plain.toString()}`,
    };
    for (const [module, url] of Object.entries(cases)) {
      await inModule(client.redirectUri, async (page) => {
        expect(await client.visit(page, client.automation(prefix + module), url), module).to.deep.equal(["Error page"]);
      });
    }
  });

  it("approves once and then finds the error page; stops at the log-in once and then approves", async () => {
    const client = await planClient(authorization, 1, side());
    const used = await client.ask(consentPermissions);
    await inModule(client.redirectUri, async (page) => {
      const visits = client.automation(`${prefix}par-attempt-reuse-request_uri`);
      expect(await client.visit(page, visits, used.url)).to.deep.equal(["Log in", "Approve", "Back at the suite"]);
      expect(await client.visit(page, visits, used.url)).to.deep.equal(["Error page"]);
    });
    const reopened = await client.ask(consentPermissions);
    await inModule(client.redirectUri, async (page) => {
      const visits = client.automation(`${prefix}par-ensure-reused-request-uri-prior-to-auth-completion-succeeds`);
      expect(await client.visit(page, visits, reopened.url)).to.deep.equal(["Log-in page, not filled in"]);
      expect(await client.visit(page, visits, reopened.url)).to.deep.equal(["Log in", "Approve", "Back at the suite"]);
      expect(fragmentOf(new URL(page.url())).get("state")).to.equal(reopened.state);
    });
  });

  it("refuses a suite on localhost, and says why", async () => {
    for (const wrong of ["https://localhost:8443", "http://suite.example", "suite"]) {
      const { code, err } = await configure("--suite", wrong, "--out", out);
      expect(code, wrong).to.equal(1);
      expect(err).to.include(wrong.includes("localhost") ? "`implicit`" : "Expected an https URL");
    }
    // As a client of the server's own engine would hear it, had the command let it pass.
    const tpp = await directory.createTpp({ redirectUris: ["https://localhost:8443/test/a/porteiro/callback"] });
    const answer = await server.post(server.url("registration"), tpp.registrationBody(await tpp.fetchStatement()), { identity: tpp.tls });
    expect(answer.status).to.equal(400);
  });

  it("refuses a server that always wants a second factor, which the suite's browser cannot give, before it makes anything", async () => {
    const elsewhere = join(out, "second-factor");
    const { code, err } = await configureUnder({ login: { secondFactor: "always" } }, "--suite", suite, "--out", elsewhere);
    expect(code).to.equal(1);
    expect(err).to.include("login.secondFactor").and.include("one-time code");
    expect(await stat(elsewhere).catch(() => undefined)).to.equal(undefined);
  });

  it("asks the server for what it registered: both clients, with the suite's scopes", async () => {
    for (const name of ["client1", "client2"]) {
      const { registration_client_uri: uri, registration_access_token: token } = JSON.parse(await readFile(join(out, name, "registration.json"), "utf8"));
      const [cert, key] = await Promise.all(["client.crt", "client.key"].map((file) => readFile(join(out, name, file), "utf8")));
      const answer = await httpsCall(uri, { ca: server.ca, identity: { cert: cert!, key: key! }, headers: { authorization: `Bearer ${token}` } });
      expect(answer.status).to.equal(200);
      expect(answer.json().scope.split(" ")).to.have.members(authorization.client.scope.split(" "));
    }
  });
});
