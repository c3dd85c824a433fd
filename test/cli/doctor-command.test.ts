import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect } from "chai";
import { forgeryKinds } from "../../src/sandbox/directory-requests.ts";
import type { OpenedDoctor } from "../../src/cli/doctor-command.ts";
import { readPublicFile } from "../../src/cli/doctor-files.ts";
import { doctorJson } from "../../src/cli/doctor-json.ts";
import { doctorText } from "../../src/cli/doctor-text.ts";
import { claimMeaning } from "../../src/cli/doctor-words.ts";
import { examinePapers, type Papers } from "../../src/cli/examine-papers.ts";
import { openDoctor } from "../../src/cli/installation.ts";
import { writeTppFiles } from "../../src/cli/tpp-folder.ts";
import { softwareStatementClaims } from "../../src/directory/software-statement.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createLog } from "../../src/kernel/log.ts";
import { loadSettings } from "../../src/settings/load-settings.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { environmentOf } from "../support/server-process.ts";
import { runPorteiro, type Run } from "./run-porteiro.ts";

const root = resolve(import.meta.dirname, "../..");

interface ShownCheck {
  readonly check: string;
  readonly result: string;
  readonly code?: string;
}

describe("porteiro doctor", () => {
  let sandbox: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let folder: string;
  let environment: Record<string, string>;
  let opened: OpenedDoctor;
  let certificate: Buffer;

  const path = (name: string) => join(folder, name);
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(path(name), content);
    return path(name);
  };
  const doctor = (...words: string[]): Promise<Run> => runPorteiro(environment, "doctor", ...words);
  /** The examination in this process: what `--json` prints, without a second for starting each process. */
  const examined = async (papers: Papers) => {
    const { realm, needs } = opened;
    // As a program reads it.
    return JSON.parse(JSON.stringify(doctorJson(await examinePapers(papers, needs), realm)));
  };
  const open = (change: Readonly<Record<string, string>>): Promise<OpenedDoctor> =>
    openDoctor({
      root,
      settings: loadSettings({ root, environment: { ...environment, ...change } }),
      clock: systemClock,
      randomness: systemRandomness,
      log: createLog("silent"),
    });
  const bodyWith = async (change: Record<string, unknown>) => ({ ...tpp.registrationBody(await tpp.fetchStatement()), ...change });
  const failuresOf = (checks: readonly ShownCheck[]) => checks.filter(({ result }) => result === "failed").map(({ code }) => code);

  before(async () => {
    sandbox = await startSandboxDirectory();
    server = await startTestServer({ directory: sandbox });
    environment = environmentOf(server.settings);
    tpp = await sandbox.createTpp({ roles: ["DADOS"] });
    folder = join(sandbox.folder, "tpp");
    await writeTppFiles(folder, tpp.files);
    certificate = Buffer.from(tpp.files["client.crt"]);
    opened = await open({ PORTEIRO_STORE_LMDB_PATH: join(sandbox.folder, "doctor-store") });
  });
  after(async () => {
    await opened.close();
    await server.stop();
    await sandbox.stop();
  });

  it("shows what a good certificate says, and that every check passes", async () => {
    const { code, out, err } = await doctor("--cert", path("client.crt"));
    expect({ code, err }).to.deep.equal({ code: 0, err: "" });
    const { software_id, organisation_id } = tpp.description;
    expect(out).to.include(`UID=${software_id},2.5.4.97=#`).and.include(organisation_id).and.include("accepted root");
    expect(out).to.match(/days left/).and.match(/not revoked; list of \d+ \S+ ago/).and.match(/keystore +https:.* answers/);
    expect(out.match(/✔ passed/g)?.length).to.be.greaterThan(10);
    expect(out).not.to.include("failed").and.not.include("\u001b");
  });

  it("takes the intermediates from a file of their own, and DER too", async () => {
    const [leaf = "", ...intermediates] = tpp.files["client.crt"].match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? [];
    const leafAlone = new X509Certificate(leaf).raw;
    expect((await examined({ certificate: leafAlone, chain: Buffer.from(intermediates.join("\n")) })).accepted).to.equal(true);
    const alone = await examined({ certificate: leafAlone });
    expect(alone.accepted).to.equal(false);
    expect(failuresOf(alone.certificate.checks)).to.deep.equal(["certificate.issuer-unknown"]);
  });

  it("reads a statement claim by claim and judges it over the certificate, before there is a body", async () => {
    const statement = file("fresh.jwt", `${await tpp.fetchStatement()}\n`);
    const { code, out } = await doctor("--cert", path("client.crt"), "--statement", statement);
    expect(code, out).to.equal(0);
    expect(out).to.include("the directory's signature stands");
    expect(out).to.match(/software_client_name {2}Name shown to customers; registered as client_name\n +App/);
    expect(out).to.match(/✔ passed {2}statement-is-fresh/).and.match(/not run[^]*redirect-uris-are-given/);
  });

  it("with a body it comes to the same decision as the server, check by check", async () => {
    const hopeless = await bodyWith({ redirect_uris: ["https://evil.example/cb"], scope: "openid payments", jwks: { keys: [] } });
    const stale = await bodyWith({ software_statement: await tpp.statement({ ageSeconds: 3_600 }) });
    for (const [name, body] of Object.entries({ good: await bodyWith({}), hopeless, stale })) {
      const answer = (await server.post(`${server.url("registration")}/check`, body, { identity: tpp.tls })).json();
      const shown = await examined({ certificate, body: Buffer.from(JSON.stringify(body)) });
      const told = (checks: readonly ShownCheck[]) => checks.filter(({ check }) => check !== "certificate-is-accepted").map(({ check, result, code }) => ({ check, result, code }));
      expect(told(shown.checks), name).to.deep.equal(told(answer.checks));
      expect(shown.accepted, name).to.equal(answer.accepted);
      expect(shown.metadata, name).to.deep.equal(answer.accepted ? answer.answer.metadata : undefined);
      if (!answer.accepted) {
        expect(shown.answer, name).to.deep.equal(answer.answer);
      }
    }
  });

  it("judges and stores nothing: the same software can still be registered, and then no more", async () => {
    const run = async () => doctor("--json", "--cert", path("client.crt"), "--body", file("body.json", JSON.stringify(await bodyWith({}))));
    const before = await run();
    expect({ code: before.code, err: before.err }).to.deep.equal({ code: 0, err: "" });
    const registered = await server.register(tpp);
    const { code, out } = await run();
    expect(code).to.equal(1);
    expect(failuresOf(JSON.parse(out).checks)).to.deep.equal(["registration.duplicate"]);
    await server.call(registered.uri, { method: "DELETE", identity: tpp.tls, headers: { authorization: `Bearer ${registered.token}` } });
  });

  // The server has read its revocation list before; the doctor's is read below.
  for (const kind of forgeryKinds.filter((name) => name !== "revoked")) {
    it(`gives a certificate that is forged as ${kind} the server's own reasons`, async () => {
      const forged = await tpp.forge(kind);
      const answer = (await server.post(server.url("registration"), await bodyWith({}), { identity: forged, weak: true })).json();
      const shown = await examined({ certificate: Buffer.from(forged.cert), statement: Buffer.from(await tpp.fetchStatement()) });
      const reasons = [...failuresOf(shown.certificate.checks), ...failuresOf(shown.checks)];
      expect(reasons).to.deep.equal(failuresOf(answer.checks)).and.not.be.empty;
      expect(shown.accepted).to.equal(false);
      expect(shown.answer.error).to.equal(answer.error);
    });
  }

  it("says since when a certificate is revoked, and how old the list is that says so", async () => {
    const forged = await tpp.forge("revoked");
    const afterwards = await open({ PORTEIRO_STORE_LMDB_PATH: join(sandbox.folder, "later-store") });
    try {
      const examination = await examinePapers({ certificate: Buffer.from(forged.cert) }, afterwards.needs);
      expect(doctorText(examination, "en", false)).to.match(/REVOKED at \d{4}-/).and.include("certificate.revoked");
      const { certificate } = doctorJson(examination, afterwards.realm) as { certificate: { revocation: { state: string; list_age_seconds: number }[] } };
      expect(certificate.revocation[0]?.state).to.equal("revoked");
      expect(certificate.revocation[0]?.list_age_seconds).to.be.a("number");
    } finally {
      await afterwards.close();
    }
  });

  it("judges the BRSEAL, and whose it is", async () => {
    const seal = Buffer.from(tpp.files["brseal.crt"]);
    expect((await examined({ certificate, seal })).accepted).to.equal(true);
    const foreign = await examined({ certificate, seal: Buffer.from((await sandbox.createTpp()).files["brseal.crt"]) });
    expect(foreign.accepted).to.equal(false);
    expect(failuresOf(foreign.seal.checks)).to.deep.equal(["brseal.other-organisation"]);
    const swapped = await examined({ certificate: seal, seal: certificate });
    expect(failuresOf(swapped.certificate.checks)).to.include("certificate.key-usage");
    expect(failuresOf(swapped.seal.checks)).to.include("certificate.key-usage");
  });

  it("shows the claims of a statement that does not verify, and says that they are worth nothing", async () => {
    const tampered = (await tpp.fetchStatement()).replace(/.{4}$/, "AAAA");
    const examination = await examinePapers({ certificate, statement: Buffer.from(tampered) }, opened.needs);
    expect(examination.accepted).to.equal(false);
    expect(doctorText(examination, "en", false)).to.include("NOT verified").and.include("statement.signature").and.include(tpp.description.software_id);
  });

  it("lets no claim rewrite the terminal", async () => {
    const statement = await tpp.statement({ claims: { software_client_name: "\u001b[2J\u202eevil", "x\u001b[2J": "y" } });
    const text = doctorText(await examinePapers({ certificate, statement: Buffer.from(statement) }, opened.needs), "en", false);
    expect(text).to.include("?[2J?evil");
    expect(text).not.to.include("\u001b").and.not.include("\u202e");
  });

  it("speaks Portuguese", async () => {
    const body = file("pt.json", JSON.stringify(await bodyWith({ scope: "openid payments" })));
    const { code, out } = await doctor("--cert", path("client.crt"), "--body", body, "--lang", "pt");
    expect(code).to.equal(1);
    expect(out).to.include("✘ falhou").and.include("papéis ativos").and.include("O servidor recusaria (400 invalid_client_metadata).");
  });

  it("refuses a file that holds a private key, in one sentence and without showing it", async () => {
    const { code, out, err } = await doctor("--cert", path("client.crt"), "--body", path("jwks-private.json"));
    expect({ code, out }).to.deep.equal({ code: 2, out: "" });
    expect(err).to.match(/^porteiro: \S+ holds a private key, [^\n]+\n$/);
    const der = createPrivateKey(tpp.files["client.key"]).export({ type: "pkcs8", format: "der" });
    const both = tpp.files["client.crt"] + tpp.files["client.key"];
    for (const key of [path("client.key"), path("jwks-private.json"), file("both.pem", both), file("key.der", der)]) {
      const sentence = await readPublicFile(key).then(() => "", (error: Error) => error.message);
      expect(sentence).to.match(/^\S+ holds a private key, [^\n]+$/);
    }
    for (const name of ["client.crt", "brseal.crt", "software-statement.jwt", "register.json"]) {
      expect((await readPublicFile(path(name))).toString("utf8"), name).to.equal(readFileSync(path(name), "utf8"));
    }
  });

  it("ends with 2 when it is called wrongly or cannot judge", async () => {
    const runs = await Promise.all([
      doctor(),
      doctor("--cert", path("no-such-file")),
      doctor("--cert", path("client.crt"), "--lang", "fr"),
      runPorteiro({ ...environment, PORTEIRO_WORKERS: "none" }, "doctor", "--cert", path("client.crt")),
    ]);
    expect(runs.map(({ code, out }) => ({ code, out }))).to.deep.equal(runs.map(() => ({ code: 2, out: "" })));
  });

  it("says that a certificate is none, whatever the file holds", async () => {
    for (const content of ["", "hello", tpp.files["client.crt"].slice(0, 300)]) {
      const shown = await examined({ certificate: Buffer.from(content), chain: Buffer.from(content) });
      expect(failuresOf(shown.certificate.checks), content).to.deep.equal(["certificate.unreadable"]);
    }
  });

  it("tells when the directory is out of reach", async () => {
    const away = await open({ PORTEIRO_STORE_LMDB_PATH: join(sandbox.folder, "away-store"), PORTEIRO_DIRECTORY_KEYSTORE_URL: "https://localhost:1/" });
    try {
      const examination = await examinePapers({ certificate, statement: Buffer.from(await tpp.fetchStatement()) }, away.needs);
      expect(examination.accepted).to.equal(false);
      expect(doctorText(examination, "en", false)).to.match(/keystore +https:\/\/localhost:1\/\S+ out of reach/).and.include("directory.unreachable");
    } finally {
      await away.close();
    }
  });

  it("has a meaning for every claim of the definition in both languages", () => {
    for (const claim of Object.keys(softwareStatementClaims.shape)) {
      expect(claimMeaning(claim, "en"), claim).not.to.equal("");
      expect(claimMeaning(claim, "pt"), claim).not.to.equal(claimMeaning(claim, "en"));
    }
  });
});
