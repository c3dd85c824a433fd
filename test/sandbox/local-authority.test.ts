import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { loadOrCreateLocalAuthority } from "../../src/certs/local-authority.ts";
import { systemClock } from "../../src/kernel/clock.ts";

const run = promisify(execFile);
const day = 86_400_000;
const module = join(import.meta.dirname, "../../src/certs/local-authority.ts");

describe("the local authority", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "porteiro-local-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const open = (clock = systemClock) => loadOrCreateLocalAuthority({ folder, clock });

  it("issues certificates that verify with ca.crt, and keeps keys to its owner", async () => {
    const authority = await open();
    const { certPem } = await authority.serverCertificate("public", ["localhost", "127.0.0.1", "::1"]);
    const certificate = new X509Certificate(certPem);
    expect(readFileSync(authority.caFile, "utf8")).to.equal(authority.caPem);
    expect(certificate.verify(new X509Certificate(authority.caPem).publicKey)).to.equal(true);
    expect(certificate.checkIP("::1")).not.to.equal(undefined);
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".pem"))) {
      expect(statSync(join(folder, file)).mode & 0o777, file).to.equal(0o600);
    }
  });

  it("gives the same certificate again, and another one for further hosts", async () => {
    const first = await (await open()).serverCertificate("public", ["localhost"]);
    expect(await (await open()).serverCertificate("public", ["localhost"])).to.deep.equal(first);
    const wider = await (await open()).serverCertificate("public", ["localhost", "porteiro.example.com"]);
    expect(new X509Certificate(wider.certPem).checkHost("porteiro.example.com")).to.equal("porteiro.example.com");
  });

  it("renews a server certificate before it ends, and itself too", async () => {
    const first = await open();
    const old = await first.serverCertificate("public", ["localhost"]);
    const nextYear = () => systemClock() + 380 * day;
    const renewed = await (await open(nextYear)).serverCertificate("public", ["localhost"]);
    expect(new X509Certificate(renewed.certPem).validToDate.getTime()).to.be.above(new X509Certificate(old.certPem).validToDate.getTime());
    const inTenYears = await open(() => systemClock() + 3_640 * day);
    expect(inTenYears.caPem).not.to.equal(first.caPem);
    const last = await inTenYears.serverCertificate("public", ["localhost"]);
    expect(new X509Certificate(last.certPem).verify(new X509Certificate(inTenYears.caPem).publicKey)).to.equal(true);
  });

  it("processes that start at once all use one authority", async () => {
    const script =
      `const { loadOrCreateLocalAuthority } = await import(${JSON.stringify(module)});` +
      `const authority = await loadOrCreateLocalAuthority({ folder: process.argv[1], clock: Date.now });` +
      `const { certPem } = await authority.serverCertificate("public", ["localhost"]);` +
      `console.log(JSON.stringify([authority.caPem, certPem]));`;
    const one = () => run(process.execPath, ["--input-type=module", "--eval", script, folder], { encoding: "utf8" });
    const answers = (await Promise.all([one(), one(), one()])).map(({ stdout }) => JSON.parse(stdout) as [string, string]);
    const [authority = ""] = answers[0] ?? [];
    for (const [caPem, certPem] of answers) {
      expect(caPem).to.equal(authority);
      expect(new X509Certificate(certPem).verify(new X509Certificate(authority).publicKey)).to.equal(true);
    }
    expect(readdirSync(folder).toSorted()).to.deep.equal(["authority-1.pem", "ca.crt", "public.pem"]);
  });
});
