import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { expect } from "chai";
import { bankSettings, bankUrl } from "../../src/bank/bank-settings.ts";
import { startBank } from "../../src/cli/run-sandbox.ts";
import { settingsSchema } from "../../src/settings/settings-schema.ts";
import { httpsCall } from "../support/https-call.ts";
import { freePorts } from "../support/server.ts";
import { runPorteiro } from "./run-porteiro.ts";

const project = join(import.meta.dirname, "../..");

describe("porteiro bank", () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "porteiro-bank-"));
    await mkdir(join(root, "config"));
    await copyFile(join(project, "config/local.json"), join(root, "config/local.json"));
  });
  after(() => rm(root, { recursive: true }));

  /** What the bank at this port calls itself in its two OpenAPI documents. */
  const ownNames = async (port: number) => {
    const ca = await readFile(join(root, "certs/local/ca.crt"), "utf8");
    const answers = await Promise.all(["/openapi.json", "/open-banking/openapi.json"].map((path) => httpsCall(`https://localhost:${port}${path}`, { ca })));
    return answers.map((answer) => answer.json().servers[0].url);
  };

  it("is where its public URL says: in its links and in the names of its certificate", async () => {
    const [port = 0] = await freePorts(1);
    const bank = await startBank(root, { publicUrl: "https://bank.example:8445", port, logLevel: "silent" });
    try {
      expect(await ownNames(port)).to.deep.equal(["https://bank.example:8445", "https://bank.example:8445"]);
      const socket = connect({ host: "127.0.0.1", port, servername: "bank.example", ca: await readFile(join(root, "certs/local/ca.crt")) });
      await once(socket, "secureConnect");
      const certificate = new X509Certificate(socket.getPeerX509Certificate()!.raw);
      for (const name of ["bank.example", "localhost"]) expect(certificate.checkHost(name), name).to.equal(name);
      expect(certificate.checkIP("127.0.0.1")).to.equal("127.0.0.1");
      socket.destroy();
    } finally {
      await bank.stop();
    }
  });

  it("is on this machine, under the port that it listens on, where no public URL is set", async () => {
    const [port = 0] = await freePorts(1);
    const bank = await startBank(root, { port, logLevel: "silent" });
    try {
      expect(bank.url).to.equal(`https://localhost:${port}`);
      expect(await ownNames(port)).to.deep.equal([bank.url, bank.url]);
    } finally {
      await bank.stop();
    }
  });

  it("takes its settings from the environment too, and has a limit of calls when one is set", () => {
    const sampleBank = (given: object) => settingsSchema.shape.sampleBank.parse(given);
    expect(bankUrl(sampleBank({}))).to.equal("https://localhost:7445");
    expect(bankSettings(sampleBank({}))).to.deep.equal({ institutionId: "00016", publicUrl: "https://localhost:7445", openFinance: {} });
    expect(bankSettings(sampleBank({ publicUrl: "https://bank.example/", institution: "0042", callsPerMinute: 5 }))).to.deep.equal({
      institutionId: "0042",
      publicUrl: "https://bank.example",
      openFinance: { callsPerMinute: 5 },
    });
  });

  for (const [words, said] of [
    [["--port", "abc"], "--port <port>"],
    [["--port", "0"], "sampleBank.port"],
    [["--port", "65536"], "--port <port>"],
    [["--institution", "16"], "sampleBank.institution: expected 4 to 6 digits"],
    [["--institution", "banco"], "sampleBank.institution: expected 4 to 6 digits"],
  ] as const) {
    it(`does not start with ${words.join(" ")}`, async () => {
      const { code, err } = await runPorteiro({}, "bank", ...words);
      expect(code, err).to.equal(1);
      expect(err).to.include(said);
    });
  }
});
