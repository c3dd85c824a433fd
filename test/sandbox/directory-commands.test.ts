import { spawn } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, importJWK, jwtVerify, type JWK } from "jose";
import { tppFiles } from "../../src/cli/tpp-folder.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";

const launcher = join(import.meta.dirname, "../../scripts/porteiro");

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the real command as a process of its own. */
function porteiro(...words: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(launcher, words, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (err += part));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("porteiro directory", () => {
  let sandbox: SandboxDirectory;
  let dir: string;
  let at: string[];
  const read = (name: string, folder = dir) => readFileSync(join(folder, name), "utf8");
  const readJson = (name: string, folder = dir) => JSON.parse(read(name, folder));
  const succeeded = async (...words: string[]) => {
    const run = await porteiro(...words);
    expect(run.code, run.err).to.equal(0);
    return run.out;
  };

  before(async () => {
    sandbox = await startSandboxDirectory();
    dir = join(sandbox.folder, "tpp");
    at = ["--directory-url", sandbox.urls.auth, "--ca", sandbox.localAuthority.caFile];
    await succeeded(
      "directory", "create-tpp", "--out", dir, "--roles", "DADOS", "--webhook-uri", "https://tpp.example.com/hook",
      "--redirect-uri", "https://tpp.example.com/a", "--redirect-uri", "https://tpp.example.com/b", ...at,
    );
  });
  after(() => sandbox.stop());

  it("create-tpp writes exactly a TPP's files, private ones for their owner only", () => {
    expect(readdirSync(dir).toSorted()).to.deep.equal([...tppFiles].toSorted());
    for (const name of ["client.key", "brseal.key", "jwks-private.json"]) {
      expect(statSync(join(dir, name)).mode & 0o777, name).to.equal(0o600);
    }
    const client = new X509Certificate(read("client.crt"));
    expect(createPublicKey(read("client.key")).equals(client.publicKey)).to.equal(true);
    expect(read("client.crt").match(/BEGIN CERTIFICATE/g)).to.have.length(2);
    expect(read("ca.crt")).to.equal(sandbox.localAuthority.caPem);
  });

  it("register.json is the complete registration body", () => {
    const tpp = readJson("tpp.json");
    expect(readJson("register.json")).to.deep.equal({
      grant_types: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
      response_types: ["code id_token"],
      token_endpoint_auth_method: "private_key_jwt",
      jwks_uri: tpp.jwks_uri,
      redirect_uris: ["https://tpp.example.com/a", "https://tpp.example.com/b"],
      webhook_uris: ["https://tpp.example.com/hook"],
      software_statement: read("software-statement.jwt"),
    });
    expect(decodeJwt(read("software-statement.jwt"))).to.include({
      software_jwks_uri: tpp.jwks_uri, software_id: tpp.software_id, org_id: tpp.organisation_id,
    });
  });

  it("jwks-private.json has one signing key, the BRSEAL's, and one encryption key", async () => {
    const { keys } = readJson("jwks-private.json") as { keys: (JWK & { use: string })[] };
    expect(keys.map(({ use, alg }) => `${use} ${alg}`)).to.deep.equal(["sig PS256", "enc RSA-OAEP"]);
    const brseal = new X509Certificate(read("brseal.crt"));
    const signing = keys[0] as { n: string };
    expect(brseal.publicKey.export({ format: "jwk" }).n).to.equal(signing.n);
    expect(await importJWK(keys[1]!, "RSA-OAEP")).to.have.property("type", "private");
  });

  it("statement renews the statement and the body over the real calls", async () => {
    const before = read("software-statement.jwt");
    await succeeded("directory", "statement", "--dir", dir);
    expect(read("software-statement.jwt")).not.to.equal(before);
    expect(readJson("register.json").software_statement).to.equal(read("software-statement.jwt"));
  });

  it("set-status shows in the next statement", async () => {
    await succeeded("directory", "set-status", "--dir", dir, "--role", "DADOS", "--status", "Inactive", ...at);
    await succeeded("directory", "statement", "--dir", dir);
    expect(decodeJwt(read("software-statement.jwt"))["software_roles"]).to.deep.equal([]);
    await succeeded("directory", "set-status", "--dir", dir, "--role", "DADOS", "--status", "Active", ...at);
  });

  it("forge writes a whole hostile variant and leaves the original alone", async () => {
    const out = join(sandbox.folder, "tpp-other");
    const before = read("client.crt");
    await succeeded("directory", "forge", "--dir", dir, "--kind", "other-software", "--out", out, ...at);
    expect(readdirSync(out).toSorted()).to.deep.equal([...tppFiles].toSorted());
    expect(read("client.crt")).to.equal(before);
    const forged = new X509Certificate(read("client.crt", out));
    expect(forged.subject).not.to.contain(readJson("tpp.json").software_id);
    expect(createPublicKey(read("client.key", out)).equals(forged.publicKey)).to.equal(true);
  });

  it("rotate-keys replaces the keys in the folder and in the keystore", async () => {
    const before = readJson("jwks-private.json").keys.map(({ kid }: JWK) => kid);
    await succeeded("directory", "rotate-keys", "--dir", dir, "--keys", "sig", ...at);
    const after = readJson("jwks-private.json").keys.map(({ kid }: JWK) => kid);
    expect(after[0]).not.to.equal(before[0]);
    expect(after[1]).to.equal(before[1]);
    const { organisation_id: organisation, software_id: software } = readJson("tpp.json");
    const published = await sandbox.directory.memory.list("key", `${organisation}/${software}/`);
    expect(published.filter(({ active }) => active).map(({ kid }) => kid)).to.include.members(after);
  });

  it("assertion prints a client assertion that the published key verifies", async () => {
    const failed = await porteiro("assertion", "--dir", dir);
    expect(failed.code).to.equal(1);
    expect(failed.err).to.contain("registration.json").and.to.contain("--client-id");
    writeFileSync(join(dir, "registration.json"), JSON.stringify({ client_id: "client-1" }));
    const assertion = (await succeeded("assertion", "--dir", dir, "--seconds", "90")).trim();
    const [{ n, e, kid }] = readJson("jwks-private.json").keys;
    const jwks = createLocalJWKSet({ keys: [{ kty: "RSA", n, e, kid, alg: "PS256", use: "sig" }] });
    const { payload } = await jwtVerify(assertion, jwks, { audience: readJson("tpp.json").server.issuer });
    expect(payload).to.include({ iss: "client-1", sub: "client-1" });
    expect(payload.exp! - payload.iat!).to.equal(90);
    expect(decodeProtectedHeader(assertion).alg).to.equal("PS256");
    const other = decodeJwt((await succeeded("assertion", "--dir", dir, "--client-id", "x", "--audience", "https://as.example")).trim());
    expect(other).to.include({ iss: "x", aud: "https://as.example" });
    expect(other.jti).not.to.equal(payload.jti);
  });

  it("rotate-statement-key signs with a new key", async () => {
    const before = decodeProtectedHeader(read("software-statement.jwt")).kid;
    await succeeded("directory", "rotate-statement-key", ...at);
    await succeeded("directory", "statement", "--dir", dir);
    expect(decodeProtectedHeader(read("software-statement.jwt")).kid).not.to.equal(before);
    expect(await succeeded("directory", "rotate-statement-key", "--retire-old", ...at)).to.contain("Took 1 old keys");
  });

  it("revoke names the certificate, and after it statements are refused in one plain sentence", async () => {
    const out = await succeeded("directory", "revoke", "--dir", dir, ...at);
    expect(out).to.contain(new X509Certificate(read("client.crt")).serialNumber);
    const refused = await porteiro("directory", "statement", "--dir", dir);
    expect(refused.code).to.equal(1);
    expect(refused.err).to.match(/^porteiro: The directory answered 401: [^\n]+\n$/);
  });

  it("says in one sentence when no directory answers, a file is missing or an option is wrong", async () => {
    const nobody = await porteiro("directory", "revoke", "--dir", dir, "--directory-url", "https://localhost:1", "--ca", sandbox.localAuthority.caFile);
    expect(nobody.code).to.equal(1);
    expect(nobody.err).to.match(/^porteiro: Cannot reach the directory at https:\/\/localhost:1[^\n]+\n$/);
    const missing = await porteiro("directory", "statement", "--dir", join(sandbox.folder, "nowhere"));
    expect(missing).to.include({ code: 1, out: "" });
    expect(missing.err).to.contain("create-tpp");
    const wrong = await porteiro("directory", "create-tpp", "--out", dir, "--roles", "KING", ...at);
    expect(wrong.code).to.equal(1);
    expect(wrong.err).to.contain("roles.0");
  });

  it("--help shows an example", async () => {
    expect(await succeeded("directory", "create-tpp", "--help")).to.match(/Example:\n  porteiro directory create-tpp /);
  });
});
