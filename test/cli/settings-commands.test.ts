import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadOrCreateLocalAuthority } from "../../src/certs/local-authority.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { settingsLeaves } from "../../src/settings/load-settings.ts";
import { settingsDocument, withFirstSettings } from "../../src/settings/settings-documentation.ts";
import { runPorteiro } from "./run-porteiro.ts";

const config = join(import.meta.dirname, "../../config");

describe("config/README.md", () => {
  const document = readFileSync(join(config, "README.md"), "utf8");

  it("is what `porteiro settings document` would write today", () => {
    expect(document === settingsDocument(), "stale: run scripts/porteiro settings document").to.equal(true);
  });

  it("has one row for every setting, with its variable and a meaning", () => {
    for (const { path, variable } of settingsLeaves()) {
      const row = document.split("\n").find((line) => line.startsWith(`| \`${path.join(".")}\` | \`${variable}\` |`));
      const cells = row?.split(/(?<!\\)\|/).map((cell) => cell.trim()) ?? [];
      expect(cells, variable).to.have.length(7);
      expect(cells.slice(3, 6).every((cell) => cell !== ""), variable).to.equal(true);
    }
  });

  it("names every file of the folder", () => {
    for (const file of readdirSync(config).filter((name) => name !== "README.md")) {
      expect(document, file).to.include(`\`${file}\``);
    }
  });
});

describe("README.md's table of the first settings", () => {
  const readme = readFileSync(join(config, "../README.md"), "utf8");

  it("is what `porteiro settings document` would write today", () => {
    expect(readme === withFirstSettings(readme), "stale: run scripts/porteiro settings document").to.equal(true);
  });

  it("is written between its marks, and nothing else is touched", () => {
    const empty = readme.replace(/(?<=<!-- Written by[^>]*>\n)[^]*?(?=<!-- Until here)/, "");
    expect(empty.length).to.be.below(readme.length);
    expect(withFirstSettings(empty)).to.equal(readme);
  });

  it("has a row for each of a dozen settings or a few more, with what config/README.md says of them", () => {
    const rows = [...readme.matchAll(/^\| `(PORTEIRO_\w+)` \| (.*) \| (.*) \|$/gm)];
    expect(rows.length).to.be.within(12, 16);
    const document = settingsDocument().split("\n");
    for (const [, variable, value, meaning] of rows) {
      expect(document.filter((line) => line.includes(` \`${variable}\` |`) && line.endsWith(` | ${value} | ${meaning} |`)), variable).to.have.length(1);
    }
  });
});

describe("porteiro settings check", () => {
  let folder: string;
  /** A production that may start, as far as its files go. */
  let production: Record<string, string>;
  const file = (name: string, content = "") => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "porteiro-settings-check-"));
    const authority = await loadOrCreateLocalAuthority({ folder, clock: systemClock });
    const { certPem, keyPem } = await authority.serverCertificate("server", ["auth.bank.example"]);
    production = {
      PORTEIRO_PROFILE: "production",
      PORTEIRO_PUBLIC_URL: "https://auth.bank.example",
      PORTEIRO_MTLS_URL: "https://matls-auth.bank.example",
      PORTEIRO_TLS_CERTIFICATE_FILE: file("server.crt", certPem),
      PORTEIRO_TLS_KEY_FILE: file("server.key", keyPem),
      PORTEIRO_SECRETS_ENCRYPTION_KEY_FILE: file("encryption.key", "k".repeat(43)),
    };
  });
  after(() => rmSync(folder, { recursive: true }));

  it("says that usable settings are usable", async () => {
    const { code, out } = await runPorteiro(production, "settings", "check");
    expect({ code, out }).to.deep.equal({ code: 0, out: "settings are usable (profile production)\n" });
  });

  const wrongFiles: Record<string, { change: () => Record<string, string>; named: RegExp }> = {
    "no module of the bank": { change: () => ({ PORTEIRO_CUSTOMERS_MODULE: join(folder, "none.mjs") }), named: /customersModule: .*none\.mjs cannot be read: it is missing/ },
    "an unknown account of the sample bank": { change: () => ({ PORTEIRO_SAMPLE_BANK_CLOSED_ACCOUNTS: "1-1" }), named: /sampleBank\.closedAccounts: expected numbers of the sample's deposit accounts/ },
    "a missing certificate": { change: () => ({ PORTEIRO_TLS_CERTIFICATE_FILE: join(folder, "none.crt") }), named: /tls: .*none\.crt cannot be read: it is missing/ },
    "a certificate file without one": { change: () => ({ PORTEIRO_TLS_CERTIFICATE_FILE: file("empty.crt") }), named: /tls: .*empty\.crt: expected a PEM file with a certificate/ },
    "a key that is none": { change: () => ({ PORTEIRO_TLS_KEY_FILE: file("empty.key") }), named: /tls: .*empty\.key: expected a PEM file with a private key/ },
    "another certificate's key": {
      change: () => ({ PORTEIRO_TLS_KEY_FILE: file("other.key", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString()) }),
      named: /tls: .*other\.key: expected the private key of the certificate/,
    },
    "a certificate of an elliptic curve": {
      change: () => {
        const [key, certificate] = [join(folder, "ec.key"), join(folder, "ec.crt")];
        execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ec", "-keyout", key, "-out", certificate], { stdio: "ignore" });
        return { PORTEIRO_TLS_CERTIFICATE_FILE: certificate, PORTEIRO_TLS_KEY_FILE: key };
      },
      named: /tls: .*ec\.crt: expected the certificate of an RSA key/,
    },
    "a key file without a key": { change: () => ({ PORTEIRO_SECRETS_ENCRYPTION_KEY_FILE: file("no.key", "short") }), named: /secrets\.encryptionKeyFile: expected a file with 32 bytes/ },
    "an authority of the directory that is a folder": { change: () => ({ PORTEIRO_DIRECTORY_CA_FILE: folder }), named: /directory\.caFile: .* cannot be read: it is a folder/ },
    "a table that is no JSON": { change: () => ({ PORTEIRO_TABLES_ROLE_SCOPES_FILE: file("scopes.json", "{") }), named: /tables\.roleScopesFile: .*scopes\.json is not usable: it is not JSON/ },
    "a table of something else": { change: () => ({ PORTEIRO_CERTIFICATES_CRL_SOURCES_FILE: file("crl.json", "{}") }), named: /certificates\.crlSourcesFile: .*crl\.json: expected a table/ },
    "a role's scope as a product of the bank": { change: () => ({ PORTEIRO_BANK_PRODUCTS: '{"loans":"operator"}' }), named: /tables\.roleScopesFile: config\/role-scopes\.json has loans, which bankProducts gives without a consent/ },
    "resource servers whom nothing vouches for": {
      change: () => ({ PORTEIRO_TABLES_RESOURCE_SERVERS_FILE: file("servers.json", JSON.stringify([{ name: "api", publicKeySha256: "A".repeat(43) }])) }),
      named: /tables\.resourceServersFile: .*tables\.resourceServerAnchors has no authority/,
    },
  };
  for (const [name, { change, named }] of Object.entries(wrongFiles)) {
    it(`opens the files: ${name}`, async () => {
      const { code, out } = await runPorteiro({ ...production, ...change() }, "settings", "check");
      expect(out).to.match(named);
      expect(out.match(/^ {2}- /gm)).to.have.length(1);
      expect(code).to.equal(1);
    });
  }

  it("names wrong values, unsafe combinations and missing files at once, as the start does", async () => {
    const wrong = {
      ...production,
      PORTEIRO_PROFILE: "directory-sandbox",
      PORTEIRO_CERTIFICATES_BRCAC_ANCHORS: "certs/directory-sandbox/nobody-put-it-there.pem",
      PORTEIRO_WORKERS: "0",
      PORTEIRO_TRUSTED_PROXIES: "0.0.0.0/0",
    };
    const check = await runPorteiro(wrong, "settings", "check");
    expect(check.code).to.equal(1);
    expect(check.out).to.match(/workers: .*trustedProxies\.0: .*certificates\.brcacAnchors: .*nobody-put-it-there\.pem: expected a PEM file/s);
    const start = await runPorteiro(wrong, "serve");
    expect({ code: start.code, err: start.err }).to.deep.equal({ code: 1, err: `porteiro: ${check.out}` });
  });

  it("names every problem and shows no value", async () => {
    const wrong = { PORTEIRO_WORKERS: "0", PORTEIRO_SECRETS_ENCRYPTION_KEY: "too-short-a-secret", PORTEIRO_NO_SUCH: "1" };
    const { code, out } = await runPorteiro(wrong, "settings", "check");
    expect(code).to.equal(1);
    expect(out).to.include("PORTEIRO_NO_SUCH").and.include("workers:").and.include("secrets.encryptionKey:");
    expect(out).not.to.include("too-short-a-secret");
  });

  it("lists what production needs of its operator", async () => {
    const { code, out } = await runPorteiro({ PORTEIRO_PROFILE: "production" }, "settings", "check");
    expect(code).to.equal(1);
    expect(out).to.include("tls: expected either certificateFile").and.include("secrets: expected exactly one");
  });
});

describe("what belongs to the sandbox", () => {
  const commands = [["directory", "serve"], ["bank"], ["sandbox"]];
  for (const words of commands) {
    it(`porteiro ${words.join(" ")} refuses to run in production`, async () => {
      const { code, err } = await runPorteiro({ PORTEIRO_PROFILE: "production" }, ...words);
      expect(code).to.equal(1);
      expect(err).to.match(/^porteiro: .*does not run with the profile production/);
    });
  }
});
