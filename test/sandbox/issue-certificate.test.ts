import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  createAuthority,
  issueBrcac,
  issueBrseal,
  issueServerCertificate,
  makeKey,
  type Authority,
} from "../../src/certs/issue-certificate.ts";
import { issueCrl } from "../../src/certs/issue-crl.ts";

const notBefore = new Date("2026-01-01T00:00:00Z");
const notAfter = new Date("2056-01-01T00:00:00Z");
const validity = { notBefore, notAfter };
const organisationId = "74e929d9-33b6-4d85-8ba7-c146c867a817";
const softwareId = "10120340-3318-4baf-99e2-0b56729c4ab2";
const tpp = { organisationId, cnpj: "43142666000197", legalName: "Padaria Financas SA", ...validity };
const brcac = { ...tpp, softwareId, commonName: "tpp.example.com" };

describe("certificates as the sandbox authorities issue them", () => {
  let folder: string;
  let root: Authority;
  let issuing: Authority;
  const file = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const openssl = (...args: string[]) => execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
  const text = (pem: string) =>
    openssl("x509", "-in", file("shown.pem", pem), "-noout", "-text", "-nameopt", "RFC2253,sep_comma_plus");

  /** The content of the subjectAltName extension, parsed. */
  const names = (pem: string) => {
    const path = file("names.pem", pem);
    const lines = openssl("asn1parse", "-in", path).split("\n");
    const octets = lines[lines.findIndex((line) => line.includes("Subject Alternative Name")) + 1] ?? "";
    return openssl("asn1parse", "-in", path, "-strparse", /^ *(\d+):/.exec(octets)?.[1] ?? "");
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "porteiro-issue-"));
    root = await createAuthority({
      subject: { commonName: "Raiz de Teste" },
      ...validity,
      crlUrl: "http://localhost/raiz.crl",
    });
    issuing = await createAuthority({
      subject: { commonName: "AC de Teste", organisationalUnits: ["Raiz de Teste"] },
      ...validity,
      issuer: root,
      pathLength: 0,
      crlUrl: "http://localhost/ac.crl",
      ocspUrl: "http://localhost/ocsp",
      digest: "sha512",
    });
  });
  after(() => rmSync(folder, { recursive: true }));

  it("openssl verifies a BRCAC through its intermediate to the root", async () => {
    const issued = await issueBrcac(issuing, brcac);
    const verdict = openssl(
      "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", file("root.pem", root.certificatePem),
      "-untrusted", file("chain.pem", issued.chainPem), file("leaf.pem", issued.certificatePem),
    );
    expect(verdict).to.contain("leaf.pem: OK");
    expect(issued.x509.checkIssued(issuing.certificate)).to.equal(true);
  });

  it("a BRCAC has the extensions of the certificate standard", async () => {
    const shown = text((await issueBrcac(issuing, brcac)).certificatePem);
    expect(shown).to.match(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
    expect(shown).to.match(/Extended Key Usage: *\s+TLS Web Client Authentication/);
    expect(shown).to.match(/Subject Alternative Name: *\s+DNS:tpp.example.com/);
    expect(shown).to.contain("URI:http://localhost/ac.crl");
    expect(shown).to.contain("OCSP - URI:http://localhost/ocsp");
    expect(shown).to.match(/Authority Key Identifier: *\s+([0-9A-F]{2}:){19}/);
    expect(shown).to.contain("CA:FALSE");
  });

  it("the standard order gives the standard's distinguished name, types included", async () => {
    const { certificatePem } = await issueBrcac(issuing, brcac);
    const shown = openssl(
      "x509", "-in", file("order.pem", certificatePem), "-noout", "-subject", "-nameopt", "RFC2253,oid,dump_all,dump_der",
    );
    const types = [...shown.matchAll(/([0-9.]+)=#([0-9A-F]{2})/g)].map((found) => `${found[1]}:${found[2]}`);
    expect(types).to.deep.equal([
      "2.5.4.3:0C", "0.9.2342.19200300.100.1.1:0C", "2.5.4.97:0C", "2.5.4.7:0C", "2.5.4.8:0C", "2.5.4.10:0C",
      "2.5.4.6:13", "2.5.4.5:13", "1.3.6.1.4.1.311.60.2.1.3:13", "2.5.4.15:0C",
    ]);
  });

  it("a BRCAC from before August 2022 carries the organisation in OU", async () => {
    const { x509 } = await issueBrcac(issuing, {
      ...brcac,
      generation: "organizationalUnit",
      attributeOrder: "before-2022",
    });
    expect(x509.subject).to.contain(`OU=${organisationId}`);
    expect(x509.subject).not.to.contain("OFBBR");
  });

  it("a BRSEAL names organisation, authority and responsible person as ICP-Brasil does", async () => {
    const issued = await issueBrseal(issuing, tpp);
    const shown = text(issued.certificatePem);
    expect(shown).to.contain("CN=Padaria Financas SA,OU=Presencial,OU=00000000000191,OU=AC de Teste,O=ICP-Brasil,C=BR");
    expect(shown).to.match(/Key Usage: critical\s+Digital Signature, Non Repudiation\n/);
    const structure = names(issued.certificatePem);
    for (const id of ["2.16.76.1.3.2", "2.16.76.1.3.3", "2.16.76.1.3.4", "2.16.76.1.3.7"]) {
      expect(structure).to.match(new RegExp(`OBJECT\\s+:${id.replaceAll(".", "[.]")}\\n`));
    }
  });

  it("a server certificate names hosts and addresses", async () => {
    const { x509 } = await issueServerCertificate(issuing, { hosts: ["localhost", "127.0.0.1", "::1"], ...validity });
    expect(x509.subjectAltName).to.equal("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    expect(x509.checkHost("localhost")).to.equal("localhost");
  });

  it("weak and elliptic variants can be made for hostile tests", async () => {
    const weak = await issueBrcac(issuing, { ...brcac, keySize: 1024, digest: "sha1" });
    expect(weak.x509.publicKey.asymmetricKeyDetails?.modulusLength).to.equal(1024);
    expect(text(weak.certificatePem)).to.contain("sha1WithRSAEncryption");
    const elliptic = await issueBrcac(issuing, { ...brcac, privateKey: await makeKey("ec") });
    expect(elliptic.x509.publicKey.asymmetricKeyType).to.equal("ec");
    expect(text(elliptic.certificatePem)).to.contain("NIST CURVE: P-256");
  });

  it("openssl reads and verifies the revocation list", async () => {
    const { x509, certificatePem } = await issueBrcac(issuing, brcac);
    const crl = await issueCrl(issuing, {
      revoked: [{ serialNumber: x509.serialNumber, revokedAt: notBefore, reason: "keyCompromise" }],
      thisUpdate: notBefore,
      nextUpdate: new Date("2026-01-02T00:00:00Z"),
      number: 7,
    });
    const path = file("ac.crl", crl);
    const shown = openssl("crl", "-inform", "DER", "-in", path, "-noout", "-text", "-CAfile", file("ac.pem", issuing.certificatePem));
    expect(shown).to.contain(x509.serialNumber).and.to.contain("Key Compromise");
    expect(shown).to.match(/CRL Number: *\s+7/);
    const pem = openssl("crl", "-inform", "DER", "-in", path);
    const trusted = file("trusted.pem", root.certificatePem + issuing.certificatePem + pem);
    const at = String(notBefore.getTime() / 1000 + 60);
    expect(() =>
      openssl("verify", "-crl_check", "-attime", at, "-CAfile", trusted, file("revoked.pem", certificatePem)),
    ).to.throw(/certificate revoked/);
  });

  it("an empty revocation list is well-formed", async () => {
    const crl = await issueCrl(root, { revoked: [], thisUpdate: notBefore, nextUpdate: notAfter, number: 1 });
    const shown = openssl("crl", "-inform", "DER", "-in", file("empty.crl", crl), "-noout", "-text");
    expect(shown).to.contain("No Revoked Certificates");
  });
});
