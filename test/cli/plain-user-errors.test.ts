import { once } from "node:events";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { writeTppFiles } from "../../src/cli/tpp-folder.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startTestServer } from "../support/server.ts";
import { environmentOf } from "../support/server-process.ts";
import { runPorteiro } from "./run-porteiro.ts";

/** What people get wrong, command by command, and what the one sentence then must name. */
interface Mistake {
  readonly words: readonly string[];
  readonly names: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** 1 unless told: the doctor has 2 for what it cannot judge. */
  readonly code?: number;
}

describe("a plain mistake of a user gets one plain sentence", function () {
  this.timeout(60_000);
  let sandbox: SandboxDirectory;
  let environment: Record<string, string>;

  const inSandbox = (name: string) => join(sandbox.folder, name);
  /** A good TPP's folder with one file that holds something else. */
  const damaged = (file: string, content: string): string => {
    const folder = inSandbox(`damaged-${file}`);
    cpSync(inSandbox("tpp"), folder, { recursive: true });
    writeFileSync(join(folder, file), content);
    return folder;
  };

  before(async () => {
    sandbox = await startSandboxDirectory();
    const server = await startTestServer({ directory: sandbox });
    await server.stop();
    environment = environmentOf(server.settings);
    const tpp = await sandbox.createTpp();
    await writeTppFiles(inSandbox("tpp"), { ...tpp.files });
    writeFileSync(join(inSandbox("tpp"), "registration.json"), '{"client_id":"some-client"}');
    writeFileSync(inSandbox("a-file"), "hello");
  });
  after(() => sandbox.stop());

  const nowhere = "/no/such/place";
  const tpp = () => inSandbox("tpp");
  const ca = () => sandbox.localAuthority.caFile;
  const nobody = () => ["--directory-url", "https://localhost:1", "--ca", ca()];
  const notTheDirectory = () => ["--directory-url", new URL(sandbox.urls.matlsApi).origin, "--ca", ca()];

  const mistakes: Readonly<Record<string, () => Mistake>> = {
    "directory create-tpp: the directory does not run": () => ({ words: ["directory", "create-tpp", "--out", inSandbox("new"), ...nobody()], names: ["https://localhost:1", "is the sandbox running?"] }),
    "directory create-tpp: no authority's file": () => ({ words: ["directory", "create-tpp", "--out", inSandbox("new"), "--ca", nowhere], names: [nowhere, "--ca"] }),
    "directory create-tpp: a file stands where the folder must": () => ({ words: ["directory", "create-tpp", "--out", inSandbox("a-file"), "--directory-url", sandbox.urls.auth, "--ca", ca()], names: [inSandbox("a-file"), "expected a folder"] }),
    "directory create-tpp: somebody else answers": () => ({ words: ["directory", "create-tpp", "--out", inSandbox("new"), ...notTheDirectory()], names: ["directory answered"] }),
    "directory statement: no folder": () => ({ words: ["directory", "statement", "--dir", nowhere], names: [nowhere, "create-tpp"] }),
    "directory statement: tpp.json is not JSON": () => ({ words: ["directory", "statement", "--dir", damaged("tpp.json", "{")], names: ["tpp.json", "create-tpp"] }),
    "directory forge: no folder": () => ({ words: ["directory", "forge", "--dir", nowhere, "--kind", "expired", "--out", inSandbox("forged"), "--directory-url", sandbox.urls.auth, "--ca", ca()], names: [nowhere, "create-tpp"] }),
    "directory set-status: no folder": () => ({ words: ["directory", "set-status", "--dir", nowhere, "--status", "Inactive"], names: [nowhere] }),
    "directory revoke: the directory does not run": () => ({ words: ["directory", "revoke", "--dir", tpp(), ...nobody()], names: ["https://localhost:1"] }),
    "directory rotate-keys: jwks-private.json is not JSON": () => ({ words: ["directory", "rotate-keys", "--dir", damaged("jwks-private.json", "{"), "--directory-url", sandbox.urls.auth, "--ca", ca()], names: ["jwks-private.json", "create-tpp"] }),
    "directory rotate-statement-key: the directory does not run": () => ({ words: ["directory", "rotate-statement-key", ...nobody()], names: ["https://localhost:1"] }),
    "assertion: no folder": () => ({ words: ["assertion", "--dir", nowhere, "--client-id", "x"], names: [nowhere, "create-tpp"] }),
    "assertion: jwks-private.json is not JSON": () => ({ words: ["assertion", "--dir", damaged("jwks-private.json", "not JSON")], names: ["jwks-private.json", "create-tpp"] }),
    "assertion: jwks-private.json holds no RSA key": () => ({ words: ["assertion", "--dir", damaged("jwks-private.json", '{"keys":[{"use":"sig","kid":"k","kty":"RSA","n":"x"}]}')], names: ["jwks-private.json", "create-tpp"] }),
    "assertion: registration.json is a refusal": () => ({ words: ["assertion", "--dir", damaged("registration.json", '{"error":"invalid_client"}')], names: ["registration.json", "--client-id"] }),
    "request-object: no folder": () => ({ words: ["request-object", "--dir", nowhere, "--consent", "urn:x:1"], names: [nowhere] }),
    "directory serve: no port": () => ({ words: ["directory", "serve", "--public-port", "abc"], names: ["--public-port", "whole number from 0 to 65535"] }),
    "directory serve: no log level": () => ({ words: ["directory", "serve", "--log-level", "loud"], names: ["--log-level", "warn"] }),
    "bank: no port": () => ({ words: ["bank", "--port", "70000"], names: ["--port", "whole number from 0 to 65535"] }),
    "sandbox: no port": () => ({ words: ["sandbox", "--real-host-names-port", "abc"], names: ["--real-host-names-port", "whole number"] }),
    "clients show: unknown client": () => ({ words: ["clients", "show", "nobody"], names: ["no client nobody", "clients list"] }),
    "clients list: no count": () => ({ words: ["clients", "list", "--limit", "many"], names: ["--limit", "whole number from 1 to 1000"] }),
    "clients list: the store is a file": () => ({ words: ["clients", "list"], environment: { PORTEIRO_STORE_LMDB_PATH: inSandbox("a-file") }, names: [inSandbox("a-file"), "not a folder"] }),
    "clients list: no address of Redis": () => ({ words: ["clients", "list"], environment: { PORTEIRO_STORE_KIND: "redis", PORTEIRO_STORE_REDIS_URL: "here" }, names: ["store.redis.url", "redis://host:port"] }),
    "audit export: no folder": () => ({ words: ["audit", "export", "--out", `${nowhere}/trail.jsonl`], names: [`${nowhere}/trail.jsonl`, "there is no such"] }),
    "audit verify: no file": () => ({ words: ["audit", "verify", "--file", nowhere], names: [nowhere, "there is no such"] }),
    "audit verify: no export to compare with": () => ({ words: ["audit", "verify", "--against", nowhere], names: [nowhere, "there is no such"] }),
    "audit verify: another file than an export": () => ({ words: ["audit", "verify", "--against", inSandbox("a-file")], names: [inSandbox("a-file"), "checkpoint"] }),
    "doctor: no file": () => ({ words: ["doctor", "--cert", nowhere], names: [nowhere, "there is no such file"], code: 2 }),
    "journey: no authority's file": () => ({ words: ["journey", "--ca", nowhere], names: [nowhere, "sandbox"] }),
    "journey: the sandbox does not run": () => ({ words: ["journey", ...nobody()], names: ["journey failed at step 1", String(environment["PORTEIRO_PUBLIC_URL"])] }),
    "conformance-config: no authority's file": () => ({ words: ["conformance-config", "--suite", "https://suite.example", "--alias", "a", "--out", inSandbox("suite"), "--ca", nowhere], names: [nowhere, "--ca"] }),
    "serve: a table is missing": () => ({ words: ["serve"], environment: { PORTEIRO_TABLES_ROLE_SCOPES_FILE: nowhere }, names: ["tables.roleScopesFile", nowhere] }),
    "serve: a table is not JSON": () => ({ words: ["serve"], environment: { PORTEIRO_TABLES_RESOURCE_SERVERS_FILE: inSandbox("a-file") }, names: ["tables.resourceServersFile", inSandbox("a-file")] }),
    "serve: the directory's authority is missing": () => ({ words: ["serve"], environment: { PORTEIRO_DIRECTORY_CA_FILE: nowhere }, names: ["directory.caFile", nowhere] }),
    "serve: the table of revocation lists is missing": () => ({ words: ["serve"], environment: { PORTEIRO_CERTIFICATES_CRL_SOURCES_FILE: nowhere }, names: [nowhere, "expected a table"] }),
    "serve: another key than the certificate's": () => {
      writeFileSync(inSandbox("server.crt"), sandbox.localAuthority.caPem);
      const files = { PORTEIRO_TLS_CERTIFICATE_FILE: inSandbox("server.crt"), PORTEIRO_TLS_KEY_FILE: join(tpp(), "client.key") };
      return { words: ["serve"], environment: { PORTEIRO_PROFILE: "directory-sandbox", ...files }, names: ["expected the private key of the certificate", "server.crt"] };
    },
    "settings check: an unknown profile": () => ({ words: ["settings", "check"], environment: { PORTEIRO_PROFILE: "mine" }, names: ["profile", "production"] }),
    "refusals: no language": () => ({ words: ["refusals", "--lang", "fr"], names: ["--lang", "pt, en"] }),
  };

  for (const [what, mistake] of Object.entries(mistakes)) {
    it(what, async () => {
      const { words, names, environment: change = {}, code: wanted = 1 } = mistake();
      const all = { ...environment, ...change };
      if (all["PORTEIRO_TLS_CERTIFICATE_FILE"] !== undefined) delete all["PORTEIRO_TLS_LOCAL_AUTHORITY_DIRECTORY"];
      const { code, out, err } = await runPorteiro(all, ...words);
      const said = `${out}${err}`;
      expect(code, said).to.equal(wanted);
      for (const name of names) expect(said).to.include(name);
      expect(said, "a stack").not.to.match(/^ +at .*:\d+/m);
      expect(said, "JSON").not.to.match(/"(code|path|message)":/);
    });
  }

  it("bank: its port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await runPorteiro(environment, "bank", "--port", String(port));
    taken.close();
    expect({ code, err }).to.deep.equal({ code: 1, err: `porteiro: cannot listen on port ${port} of 127.0.0.1: another process has it; end that process, or give another with --port\n` });
  });

  it("audit export that fails leaves no half file", async () => {
    const out = inSandbox("a-folder");
    cpSync(inSandbox("tpp"), out, { recursive: true });
    const { code, err } = await runPorteiro(environment, "audit", "export", "--out", out);
    expect(code).to.equal(1);
    expect(err).to.include(out);
    expect(existsSync(`${out}.part`)).to.equal(false);
  });
});
