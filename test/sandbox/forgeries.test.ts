import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { forgeryKinds, type ForgeryKind } from "../../src/sandbox/directory-requests.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";

describe("forged transport certificates", () => {
  let sandbox: SandboxDirectory;
  let tpp: SandboxTpp;
  before(async () => {
    sandbox = await startSandboxDirectory();
    tpp = await sandbox.createTpp();
  });
  after(() => sandbox.stop());

  /** What openssl says of a certificate with its intermediates, against the sandbox's V10 root. */
  function verdict(pem: string, ...more: string[]): string {
    const leaf = join(sandbox.folder, "leaf.crt");
    writeFileSync(leaf, pem);
    const root = join(sandbox.anchorsFolder, "root-v10.crt");
    const args = ["verify", "-purpose", "sslclient", "-auth_level", "2", "-CAfile", root, "-untrusted", leaf, ...more, leaf];
    try {
      return execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      // Node adds the child's output to the error of a failed call.
      return (error as { stderr: string }).stderr;
    }
  }

  const refusedBecause: Partial<Record<ForgeryKind, RegExp>> = {
    "forged-issuer": /certificate signature failure|unable to get (local )?issuer certificate/,
    expired: /certificate has expired/,
    "not-yet-valid": /certificate is not yet valid/,
    "wrong-usage": /unsuitable certificate purpose/,
    sha1: /CA signature digest algorithm too weak|EE certificate key too weak|digest algorithm too weak/,
    "rsa-1024": /EE certificate key too weak/,
    "foreign-root": /unable to get (local )?issuer certificate|self-signed certificate/,
  };

  for (const kind of forgeryKinds) {
    it(`${kind}: wrong in this one way`, async () => {
      const forged = await tpp.forge(kind);
      const certificate = new X509Certificate(forged.cert);
      const genuine = new X509Certificate(tpp.tls.cert);
      const differs = ["other-software", "other-organisation"].includes(kind);
      expect(certificate.subject === genuine.subject).to.equal(!differs);
      const reason = refusedBecause[kind];
      if (reason) expect(verdict(forged.cert)).to.match(reason);
      else expect(verdict(forged.cert)).to.contain("OK");
      expect(certificate.publicKey.asymmetricKeyType).to.equal(kind === "ec" ? "ec" : "rsa");
    });
  }

  it("a forged issuer copies names, serial number, dates and key identifiers of the true one", async () => {
    const forged = await tpp.forge("forged-issuer");
    const [leaf, issuer] = forged.cert.split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new X509Certificate(pem));
    const genuine = sandbox.directory.authorities["ac-ssl"].certificate;
    for (const member of ["subject", "issuer", "serialNumber", "validFrom", "validTo"] as const) {
      expect(issuer![member], member).to.equal(genuine[member]);
    }
    // Names and key identifiers match, as Node's own check of the issuer sees it; only the signature does not.
    expect(leaf!.checkIssued(genuine)).to.equal(true);
    expect(leaf!.verify(genuine.publicKey)).to.equal(false);
  });

  it("a revoked one is on the list, and the TPP's own certificate is not", async () => {
    const forged = new X509Certificate((await tpp.forge("revoked")).cert);
    const revoked = (await sandbox.directory.memory.list("revocation", "ac-ssl/")).map(({ serialNumber }) => serialNumber);
    expect(revoked).to.include(forged.serialNumber);
    expect(revoked).not.to.include(new X509Certificate(tpp.tls.cert).serialNumber);
  });
});
