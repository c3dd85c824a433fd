import { expect } from "chai";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { loadSettings, settingsLeaves, SettingsError, type SettingsSources } from "../../src/settings/load-settings.ts";
import { runs } from "../support/property-runs.ts";

const root = resolve(import.meta.dirname, "../..");
const key = "k".repeat(43);

/** A production that may start. */
const goodProduction: Record<string, unknown> = {
  profile: "production",
  publicUrl: "https://auth.bank.example",
  mtlsUrl: "https://matls-auth.bank.example",
  tls: { certificateFile: "server.pem", keyFile: "server.key" },
  secrets: { encryptionKey: key },
};

function problemsOf(sources: Partial<SettingsSources>): readonly string[] {
  try {
    loadSettings({ root, environment: {}, ...sources });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe("settings", () => {
  describe("come from a profile's file, the environment over it, and a command's own over both", () => {
    it("every profile's file is usable", () => {
      expect(problemsOf({})).to.deep.equal([]);
      expect(problemsOf({ overrides: goodProduction })).to.deep.equal([]);
      expect(problemsOf({ overrides: { ...goodProduction, profile: "directory-sandbox" } })).to.deep.equal([]);
    });
    it("the profile may be named in the environment", () => {
      const { profile, directory } = loadSettings({ root, environment: { PORTEIRO_PROFILE: "directory-sandbox" }, overrides: { tls: goodProduction["tls"], secrets: goodProduction["secrets"] } });
      expect(profile).to.equal("directory-sandbox");
      expect(directory.keystoreUrl).to.equal("https://keystore.sandbox.directory.openbankingbrasil.org.br");
    });
    it("the environment wins over the file, an override over the environment", () => {
      const environment = { PORTEIRO_DIRECTORY_KEY_FRESHNESS_SECONDS: "120", PORTEIRO_LOG_LEVEL: "warn" };
      expect(loadSettings({ root, environment }).directory.keyFreshnessSeconds).to.equal(120);
      expect(loadSettings({ root, environment }).logLevel).to.equal("warn");
      expect(loadSettings({ root, environment, overrides: { logLevel: "error" } }).logLevel).to.equal("error");
      // What the file has beside them stays.
      expect(loadSettings({ root, environment }).directory.environment).to.equal("sandbox");
    });
    it("each kind of value has its form in the environment", () => {
      const settings = loadSettings({
        root,
        environment: {
          PORTEIRO_TRUSTED_PROXIES: "10.0.0.0/8, 192.0.2.1",
          PORTEIRO_DIRECTORY_STATEMENT_ISSUERS: '["one, two","three"]',
          PORTEIRO_STORE_KIND: "redis",
          PORTEIRO_STORE_REDIS_MODE: "sentinel",
          PORTEIRO_STORE_REDIS_NODES: '[{"host":"a","port":26379}]',
          PORTEIRO_STORE_REDIS_TLS: "true",
          PORTEIRO_LISTENERS_MTLS_PORT: "9999",
          PORTEIRO_PUBLIC_URL: "https://auth.example/",
          PORTEIRO_CERTIFICATES_INTERMEDIATES: "",
        },
      });
      expect(settings.trustedProxies).to.deep.equal(["10.0.0.0/8", "192.0.2.1"]);
      expect(settings.directory.statementIssuers).to.deep.equal(["one, two", "three"]);
      expect(settings.store.redis).to.deep.include({ mode: "sentinel", nodes: [{ host: "a", port: 26379 }], tls: true });
      expect(settings.listeners.mtls).to.deep.equal({ host: "127.0.0.1", port: 9999 });
      expect(settings.publicUrl).to.equal("https://auth.example");
      expect(settings.certificates.intermediates).to.deep.equal([]);
    });
    it("a table or a list is replaced whole, so that what the file has can be taken away", () => {
      expect(loadSettings({ root, environment: { PORTEIRO_BANK_PRODUCTS: "{}" } }).bankProducts).to.deep.equal({});
      expect(loadSettings({ root, environment: { PORTEIRO_BANK_PRODUCTS: '{"a:read":"operator"}' } }).bankProducts).to.deep.equal({ "a:read": "operator" });
      expect(loadSettings({ root, environment: { PORTEIRO_CERTIFICATES_CRL_ALLOWED_HOSTS: "[]" } }).certificates.crlAllowedHosts).to.deep.equal([]);
    });
    it("what does not begin with PORTEIRO_ is nobody's business", () => {
      expect(problemsOf({ environment: { PATH: "/bin", PORTEIROX: "1", LOG_LEVEL: "nonsense" } })).to.deep.equal([]);
    });
    it("every setting has one variable of its own and says what it is for", () => {
      const leaves = settingsLeaves();
      expect(new Set(leaves.map(({ variable }) => variable)).size).to.equal(leaves.length);
      for (const { path, schema } of leaves) expect(schema.description, path.join(".")).to.be.a("string").that.is.not.empty;
    });
  });

  describe("that are wrong stop the start", () => {
    it("with all problems at once, each named", () => {
      const problems = problemsOf({
        environment: {
          PORTEIRO_NO_SUCH_THING: "1",
          PORTEIRO_WORKERS: "many",
          PORTEIRO_STORE_KIND: "cassandra",
          PORTEIRO_TOKENS_ACCESS_TOKEN_SECONDS: "7200",
          PORTEIRO_PUBLIC_URL: "http://auth.example",
          PORTEIRO_DIRECTORY_ALLOW_PRIVATE_ADDRESSES: "maybe",
        },
        overrides: { unheard: { of: 1 } },
      });
      for (const name of ["PORTEIRO_NO_SUCH_THING", "PORTEIRO_WORKERS", "store.kind", "tokens.accessTokenSeconds", "publicUrl", "PORTEIRO_DIRECTORY_ALLOW_PRIVATE_ADDRESSES", "unheard"]) {
        expect(problems.filter((problem) => problem.includes(name)), name).to.have.length(1);
      }
    });
    it("with unsafe combinations beside wrong values, as far as those do not touch them", () => {
      const problems = problemsOf({
        environment: {
          PORTEIRO_PROFILE: "production",
          PORTEIRO_WORKERS: "many",
          PORTEIRO_SECRETS_ENCRYPTION_KEY: "too short",
          PORTEIRO_CERTIFICATES_BRCAC_ANCHORS: "[]",
          PORTEIRO_SAMPLE_CUSTOMERS: "true",
          PORTEIRO_NO_SUCH_THING: "1",
        },
        overrides: { unheard: 1, publicUrl: "https://auth.bank.example", mtlsUrl: "https://matls.bank.example" },
      });
      const named = problems.map((problem) => problem.slice(0, problem.indexOf(":"))).sort();
      expect(named).to.deep.equal(["PORTEIRO_NO_SUCH_THING", "PORTEIRO_WORKERS", "certificates.brcacAnchors", "sampleCustomers", "secrets.encryptionKey", "settings", "tls"]);
    });
    it("a profile without its file, and nothing about what that file should have held", () => {
      expect(problemsOf({ environment: { PORTEIRO_PROFILE: "staging", PORTEIRO_WORKERS: "0" } }).map((problem) => problem.split(":")[0])).to.deep.equal(["profile", "profile", "workers"]);
    });
    const useless: Record<string, { change: Record<string, unknown>; named: string }> = {
      "an address of Redis that is no URL": { change: { store: { kind: "redis", redis: { url: "127.0.0.1:6379" } } }, named: "store.redis.url" },
      "an address of Redis without a host": { change: { store: { kind: "redis", redis: { url: "redis://" } } }, named: "store.redis.url" },
      "a Redis over http": { change: { store: { kind: "redis", redis: { url: "http://127.0.0.1:6379" } } }, named: "store.redis.url" },
      "a key prefix with braces": { change: { store: { redis: { keyPrefix: "a{b}" } } }, named: "store.redis.keyPrefix" },
      "an empty path, which would be the project's folder": { change: { store: { lmdb: { path: "" } } }, named: "store.lmdb.path" },
      "an allowed host with its scheme": { change: { directory: { allowedHosts: ["https://keys.example"] } }, named: "directory.allowedHosts.0" },
      "an allowed host with a path": { change: { certificates: { crlAllowedHosts: ["crl.example/list"] } }, named: "certificates.crlAllowedHosts.0" },
      "an offered scope that is two": { change: { offeredScopes: ["openid accounts"] }, named: "offeredScopes.0" },
    };
    for (const [name, { change, named }] of Object.entries(useless)) {
      it(name, () => {
        const problems = problemsOf({ overrides: change });
        expect(problems.join()).to.match(new RegExp(`^${named}: expected|^${named}: Too small`));
        expect(problems).to.have.length(1);
      });
    }
    it("never showing a value, because it may be a secret", () => {
      const secret = "hunter2-very-secret";
      const everywhere = settingsLeaves().map(({ variable }) => [variable, secret]);
      const wrongTypes = { secrets: { encryptionKey: secret }, store: { redis: { password: 17, url: { secret } } }, [`PORTEIRO`]: secret };
      for (const sources of [{ environment: Object.fromEntries(everywhere) }, { overrides: wrongTypes }]) {
        const problems = problemsOf(sources);
        expect(problems).not.to.be.empty;
        expect(problems.join("\n")).not.to.contain("hunter2");
      }
    });
    it("whatever is given: a list of problems, or settings that hold to the schema", () => {
      const variable = fc.constantFrom(...settingsLeaves().map((leaf) => leaf.variable));
      fc.assert(
        fc.property(fc.dictionary(variable, fc.oneof(fc.string(), fc.json(), fc.integer().map(String)), { maxKeys: 5 }), (environment) => {
          const problems = problemsOf({ environment });
          expect(problems.every((problem) => /^[\w.]+/.test(problem))).to.equal(true);
        }),
        runs(100),
      );
    });
    for (const publicUrl of ["https://user:pw@auth.example", "https://auth.example/path", "https://auth.example?x=1", "https://auth.example#x", "ftp://auth.example", "auth.example", ""]) {
      it(`an own address of ${publicUrl || "nothing"}`, () => {
        expect(problemsOf({ overrides: { publicUrl } }).join()).to.contain("publicUrl");
        expect(problemsOf({ overrides: { mtlsUrl: publicUrl } }).join()).to.contain("mtlsUrl");
      });
    }
    it("a profile that does not exist, or whose file is missing or no JSON", async () => {
      expect(problemsOf({ environment: { PORTEIRO_PROFILE: "staging" } }).join()).to.contain("profile: expected one of");
      const folder = await mkdtemp(join(tmpdir(), "porteiro-settings-"));
      try {
        expect(problemsOf({ root: folder }).join()).to.contain("config/local.json cannot be read: it is missing");
        await mkdir(join(folder, "config"));
        await writeFile(join(folder, "config/local.json"), "{not json");
        expect(problemsOf({ root: folder }).join()).to.contain("config/local.json cannot be read: it is not JSON");
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });

  describe("that are each legal and unsafe together stop the start", () => {
    const unsafe: Record<string, { change: Record<string, unknown>; named: string }> = {
      "half a server certificate": { change: { tls: { certificateFile: "server.pem" } }, named: "tls.certificateFile and tls.keyFile" },
      "no server certificate": { change: { tls: {} }, named: "tls:" },
      "two server certificates": { change: { tls: { certificateFile: "a", keyFile: "b", localAuthorityDirectory: "c" } }, named: "tls:" },
      "no encryption key": { change: { secrets: {} }, named: "secrets:" },
      "two encryption keys": { change: { secrets: { encryptionKey: key, encryptionKeyFile: "f" } }, named: "secrets:" },
      "a proxy that is no address": { change: { trustedProxies: ["proxy.bank.example"] }, named: "trustedProxies.0" },
      "the sample's customers beside the bank's": { change: { sampleCustomers: true, customersModule: "bank/customers.ts" }, named: "customersModule and sampleCustomers" },
      "everybody as a proxy": { change: { trustedProxies: ["10.0.0.1", "0.0.0.0/0"] }, named: "trustedProxies.1" },
      "everybody as an IPv6 proxy": { change: { trustedProxies: ["::/0"] }, named: "trustedProxies.0" },
      "a range of 33 bits": { change: { trustedProxies: ["10.0.0.0/33"] }, named: "trustedProxies.0" },
      "a Redis that nobody asked for": { change: { store: { redis: { url: "redis://redis.bank.example" } } }, named: "store.kind: expected redis" },
      "nodes of a Redis that stands alone": { change: { store: { kind: "redis", redis: { nodes: [{ host: "a", port: 1 }] } } }, named: "store.redis.mode: expected sentinel or cluster" },
      "a URL of Redis beside nodes": {
        change: { store: { kind: "redis", redis: { mode: "cluster", waitReplicas: 1, url: "redis://a", nodes: [{ host: "a", port: 1 }] } } },
        named: "store.redis.url",
      },
      "customers' data as a product of the bank": { change: { bankProducts: { accounts: "registration" } }, named: "bankProducts and offeredScopes: expected accounts in one" },
      "two passwords of Redis": { change: { store: { kind: "redis", redis: { url: "redis://:one@a", password: "two" } } }, named: "store.redis.password and store.redis.url" },
      "a password of sentinels where there are none": { change: { store: { kind: "redis", redis: { sentinelPassword: "secret" } } }, named: "store.redis.sentinelPassword" },
      "a Redis cluster of no nodes": { change: { store: { kind: "redis", redis: { mode: "cluster" } } }, named: "store.redis.nodes" },
    };
    for (const [name, { change, named }] of Object.entries(unsafe)) {
      it(name, () => expect(problemsOf({ overrides: { ...goodProduction, ...change } }).join()).to.contain(named));
    }
  });

  describe("of production", () => {
    const forbidden: Record<string, { change: Record<string, unknown>; named: string }> = {
      "the sandbox's statements": { change: { directory: { environment: "sandbox" } }, named: "directory.environment" },
      "calls into the private network": { change: { directory: { allowPrivateAddresses: true } }, named: "directory.allowPrivateAddresses" },
      "a local authority": { change: { tls: { localAuthorityDirectory: "certs/local" } }, named: "tls.localAuthorityDirectory" },
      "a key that makes itself": { change: { secrets: { encryptionKeyFile: "k", createMissingKeyFile: true } }, named: "secrets.createMissingKeyFile" },
      "certificates of unknown state": { change: { certificates: { whenRevocationUnknown: "accept" } }, named: "certificates.whenRevocationUnknown" },
      "statements older than five minutes (DCR 7.1-3)": { change: { registration: { statementMaxAgeSeconds: 301 } }, named: "registration.statementMaxAgeSeconds" },
      "assertions that live longer than ten minutes": { change: { tokens: { assertionMaxSeconds: 601 } }, named: "tokens.assertionMaxSeconds" },
      "no limit on registrations": { change: { registration: { requestsPerMinute: 0 } }, named: "registration.requestsPerMinute" },
      "a Redis that forgets": { change: { store: { kind: "redis", redis: { requirePersistence: false } } }, named: "store.redis.requirePersistence" },
      "one host for both": { change: { mtlsUrl: "https://auth.bank.example" }, named: "publicUrl and mtlsUrl" },
      "customers whose passwords everybody knows": { change: { sampleCustomers: true }, named: "sampleCustomers" },
      "the sandbox's authority": { change: { certificates: { brcacAnchors: ["certs/local/directory/root-v10.crt"] } }, named: "certificates.brcacAnchors" },
      "an authority beside those of ICP-Brasil": { change: { certificates: { brsealAnchors: ["certs/icp-brasil/raiz-v5.pem", "other.pem"] } }, named: "certificates.brcacAnchors" },
      "an authority by a way around": { change: { certificates: { brcacAnchors: ["certs/icp-brasil/../local/directory/root-v10.crt"] } }, named: "certificates.brcacAnchors" },
      "any authority below the roots": { change: { certificates: { acceptedAuthorities: [] } }, named: "certificates.acceptedAuthorities" },
      "health for the world": { change: { listeners: { ops: { host: "0.0.0.0" } } }, named: "listeners.ops.host" },
      "the sandbox's keystore": { change: { directory: { keystoreUrl: "https://keystore.sandbox.directory.openbankingbrasil.org.br/" } }, named: "directory.keystoreUrl" },
      "a keystore on this machine": { change: { directory: { keystoreUrl: "https://localhost:9443/" } }, named: "directory.keystoreUrl" },
      "the sandbox's participants": { change: { directory: { participantsUrl: "https://data.sandbox.directory.openbankingbrasil.org.br/participants" } }, named: "directory.participantsUrl" },
      "a sandbox's statement issuer": { change: { directory: { statementIssuers: ["Open Banking Brasil sandbox SSA issuer"] } }, named: "directory.statementIssuers" },
      "a public address that nobody else reaches": { change: { publicUrl: "https://localhost:7443" }, named: "publicUrl" },
      "a mutual-TLS address that nobody else reaches": { change: { mtlsUrl: "https://127.0.0.1:7444" }, named: "mtlsUrl" },
      "a mutual-TLS address that nobody else reaches, in IPv6": { change: { mtlsUrl: "https://[::1]:7444" }, named: "mtlsUrl" },
      "no limit on a client's consent calls": { change: { consents: { requestsPerMinuteAndClient: 0 } }, named: "consents.requestsPerMinuteAndClient" },
      "no limit on all consent calls": { change: { consents: { requestsPerMinute: 0 } }, named: "consents.requestsPerMinute" },
      "an authority in a folder that is only called so": { change: { certificates: { brcacAnchors: ["/tmp/certs/icp-brasil/mine.pem"] } }, named: "certificates.brcacAnchors" },
      "resource servers of the local authority": { change: { tables: { resourceServerAnchors: ["certs/local/ca.crt"] } }, named: "tables.resourceServerAnchors" },
      "a server certificate of the local authority": { change: { tls: { certificateFile: "certs/local/server.pem", keyFile: "server.key" } }, named: "tls.certificateFile" },
      "authorities of the sandbox directory": { change: { certificates: { intermediates: ["certs/directory-sandbox/issuers.pem"] } }, named: "certificates.intermediates" },
      "a failover that loses acknowledged writes": { change: { store: { kind: "redis", redis: { mode: "cluster", nodes: [{ host: "a", port: 1 }] } } }, named: "store.redis.waitReplicas" },
    };
    it("takes the anchors by their whole path too, and a failover's loss when a setting says so", () => {
      const certificates = { brcacAnchors: [resolve(root, "certs/icp-brasil/raiz-v10.pem")] };
      const store = { kind: "redis", redis: { mode: "sentinel", nodes: [{ host: "a", port: 1 }], acceptFailoverLoss: true } };
      expect(problemsOf({ overrides: { ...goodProduction, certificates, store } })).to.deep.equal([]);
    });
    for (const [name, { change, named }] of Object.entries(forbidden)) {
      it(`forbids ${name}`, () => {
        const problems = problemsOf({ overrides: { ...goodProduction, ...change } });
        expect(problems.join()).to.contain(named);
        expect(problems).to.have.length(1);
      });
    }
    it("names all of them at once", () => {
      const changes = Object.values(forbidden).map(({ change }) => change);
      const together = Object.assign({}, goodProduction, changes[2], changes[9], changes[10], changes[15]);
      expect(problemsOf({ overrides: together })).to.have.length(4);
    });
    it("refuses the local profile's settings under its name", () => {
      const environment = { PORTEIRO_PROFILE: "production", PORTEIRO_TLS_LOCAL_AUTHORITY_DIRECTORY: "certs/local", PORTEIRO_SECRETS_ENCRYPTION_KEY_FILE: "var/k" };
      expect(problemsOf({ environment }).join()).to.contain("tls.localAuthorityDirectory");
    });
  });
});
