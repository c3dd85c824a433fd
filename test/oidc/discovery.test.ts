import { expect } from "chai";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { endpointPaths, mtlsEndpoints } from "../../src/oidc/endpoints.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const snapshotFile = join(import.meta.dirname, "discovery.snapshot.json");

/** D14: listed whether or not the institution offers them. */
const alwaysListed = [
  "invoice-financings",
  "financings",
  "loans",
  "unarranged-accounts-overdraft",
  "bank-fixed-incomes",
  "credit-fixed-incomes",
  "variable-incomes",
  "treasure-titles",
  "funds",
  "exchanges",
];

describe("discovery and keys", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let document: Record<string, unknown>;
  let address: string;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    address = `${server.running.realm.issuer}/.well-known/openid-configuration`;
    document = (await server.call(address)).json();
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  it("the document is, as a whole, what was decided: change discovery.snapshot.json only on purpose", async () => {
    const { publicUrl, mtlsUrl } = server.running.realm;
    const text = JSON.stringify(document).replaceAll(publicUrl, "https://public.example").replaceAll(mtlsUrl, "https://mtls.example");
    expect(JSON.parse(text)).to.deep.equal(JSON.parse(await readFile(snapshotFile, "utf8")));
  });

  it("is JSON for everybody, without a certificate, and may be kept for a while", async () => {
    const answer = await server.call(address);
    expect(answer.status).to.equal(200);
    expect(answer.headers["content-type"]).to.match(/^application\/json/);
    expect(answer.headers["cache-control"]).to.match(/max-age=\d+/);
    expect(answer.headers["access-control-allow-origin"]).to.equal("*");
  });

  it("says the same whatever Host or forwarding headers say (engine A6)", async () => {
    const attempts: Record<string, string>[] = [{ host: "evil.example" }, { "x-forwarded-host": "evil.example", "x-forwarded-proto": "http" }, { forwarded: "host=evil.example" }];
    for (const headers of attempts) {
      expect((await server.call(address, { headers })).json()).to.deep.equal(document);
    }
  });

  it("names mutual-TLS endpoints on their own host, at the root as in the aliases (3.1, D10, D21)", () => {
    const aliases = document["mtls_endpoint_aliases"] as Record<string, string>;
    for (const name of mtlsEndpoints) {
      const expected = `${server.running.realm.mtlsUrl}${server.running.realm.path}${endpointPaths[name]}`;
      expect(document[`${name}_endpoint`]).to.equal(expected);
      expect(aliases[`${name}_endpoint`]).to.equal(expected);
    }
    expect(Object.keys(aliases)).to.have.length(mtlsEndpoints.length);
    for (const name of ["authorization_endpoint", "jwks_uri", "issuer"]) {
      expect(document[name]).to.match(new RegExp(`^${server.running.realm.publicUrl}/`));
    }
  });

  it("lists the scopes of D14, those that are offered and the bank's own, each once", () => {
    const scopes = document["scopes_supported"] as string[];
    expect(scopes).to.include.members([...alwaysListed, "openid", "consents", "accounts", "customers", "resources", "accounts:read"]);
    expect(new Set(scopes).size).to.equal(scopes.length);
  });

  it("shows no method, algorithm or grant that is not certified (FAPI-BR 5.2.2-18)", () => {
    const text = JSON.stringify(document);
    for (const uncertified of ["tls_client_auth", "client_secret", "RS256", "ES256", "HS256", "none", "RSA1_5", "RSA-OAEP-256", "device_code", "dpop", "ciba", "plain\"", "query", "form_post", "password"]) {
      expect(text).not.to.contain(uncertified);
    }
  });

  it("comes by no other method, and nothing lies beside it", async () => {
    const post = await server.call(address, { method: "POST", body: "{}" });
    expect([post.status, post.json().error]).to.deep.equal([405, "invalid_request"]);
    const beside = await server.call(`${address}/x`);
    expect([beside.status, beside.json().error]).to.deep.equal([404, "not_found"]);
  });

  describe("the server's keys (3.2)", () => {
    it("are public, each with kid, use and algorithm, all kids distinct", async () => {
      const answer = await server.call(server.url("jwks"));
      expect(answer.status).to.equal(200);
      expect(answer.headers["content-type"]).to.match(/^application\/(jwk-set\+)?json/);
      const { keys } = answer.json() as { keys: Record<string, string>[] };
      expect(keys).not.to.be.empty;
      expect(new Set(keys.map(({ kid }) => kid)).size).to.equal(keys.length);
      for (const key of keys) {
        expect(Object.keys(key).sort()).to.deep.equal(["alg", "e", "kid", "kty", "n", "use"]);
        expect(key).to.include({ kty: "RSA", alg: "PS256", use: "sig" });
        expect(key["kid"]).to.match(/^\S+$/);
        expect(Buffer.from(key["n"]!, "base64url").length * 8).to.be.at.least(2048);
      }
    });
    it("stay the same over a restart, and lie in no file in clear", async () => {
      const before = (await server.call(server.url("jwks"))).json();
      const second = await startTestServer({ directory, settings: { store: server.settings["store"] } });
      try {
        expect((await second.call(second.url("jwks"))).json()).to.deep.equal(before);
      } finally {
        await second.stop();
      }
      const { path } = (server.settings["store"] as { lmdb: { path: string } }).lmdb;
      const bytes = await readFile(join(path, "data.mdb"));
      expect(bytes.includes(before.keys[0].kid)).to.equal(true);
      expect(bytes.includes('"dp":') || bytes.includes("PRIVATE KEY")).to.equal(false);
    });
  });
});
