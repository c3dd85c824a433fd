import { readFileSync } from "node:fs";
import { expect } from "chai";
import { passesThroughOneOf } from "../../src/certs/accepted-authorities.ts";
import { readCertificateChain, type Certificate } from "../../src/certs/certificate.ts";
import { buildChain } from "../../src/certs/chain.ts";
import { readCrlSources } from "../../src/certs/crl-sources.ts";
import { distinguishedNamesMatch } from "../../src/certs/distinguished-name-match.ts";
import { parseDistinguishedName } from "../../src/certs/distinguished-name-text.ts";
import { createTrustAnchors, loadTrustAnchors } from "../../src/certs/trust-anchors.ts";

const folder = "certs/icp-brasil";
const read = (file: string) => readCertificateChain(readFileSync(`${folder}/${file}`, "utf8"));
/** All the authorities of the files were valid then. */
const now = Date.parse("2023-07-15T00:00:00Z");

const families = [
  {
    root: "raiz-v10.pem",
    authorities: "intermediarias-v10.pem",
    count: 11,
    fingerprint: "6E:0B:FF:06:9A:26:99:4C:15:DE:2C:48:88:CC:54:AF:84:88:2E:54:95:B7:FB:F6:6B:E9:CC:FF:EC:74:89:F6",
  },
  {
    root: "raiz-v5.pem",
    authorities: "intermediarias-v5.pem",
    count: 144,
    fingerprint: "CA:A5:3F:C6:09:1C:69:51:88:7C:97:6E:37:8F:6E:F8:9A:A6:37:7C:55:D9:7B:64:75:42:2B:71:ED:7E:9B:17",
  },
];

describe("the authorities of ICP-Brasil", () => {
  for (const { root, authorities, count, fingerprint } of families) {
    it(`${root} has the fingerprint that two independent sources give`, () => {
      expect(read(root).map(({ x509 }) => x509.fingerprint256)).to.deep.equal([fingerprint]);
    });

    it(`every one of ${authorities} reads and chains to ${root}`, () => {
      const list = read(authorities);
      const anchors = createTrustAnchors(read(root), list);
      expect(list).to.have.length(count);
      for (const leaf of list) {
        const chain = buildChain({ leaf, sent: [], anchors, now });
        expect(chain.ok && chain.path.at(-1)?.x509.fingerprint256, leaf.subjectText).to.equal(fingerprint);
      }
    });

    it(`none of ${authorities} chains to the other root`, () => {
      const other = families.find((family) => family.root !== root)!;
      const anchors = createTrustAnchors(read(other.root), [...read(authorities), ...read(root)]);
      for (const leaf of read(authorities)) {
        expect(buildChain({ leaf, sent: [], anchors, now }).ok, leaf.subjectText).to.equal(false);
      }
    });

    it(`what is read from ${authorities} is what OpenSSL reads`, () => {
      for (const certificate of [...read(root), ...read(authorities)]) expectAsOpenssl(certificate);
    });
  }

  describe("the production profile accepts, by the name of an authority below the root (CS 112)", () => {
    const { certificates } = JSON.parse(readFileSync("config/production.json", "utf8")) as { certificates: { acceptedAuthorities: string[] } };
    const accepted = (file: string): Record<string, boolean> => {
      const family = families.find(({ authorities }) => authorities === file)!;
      const anchors = createTrustAnchors(read(family.root), read(file));
      return Object.fromEntries(
        read(file).map((authority) => {
          const chain = buildChain({ leaf: authority, sent: [], anchors, now });
          // As if the authority had issued a leaf.
          const path = chain.ok ? [authority, ...chain.path] : [];
          return [String(authority.subjectText.match(/CN=([^,]+)/)?.[1]), passesThroughOneOf(certificates.acceptedAuthorities, path)];
        }),
      );
    };

    it("all eleven authorities under V10, which are the five's", () => {
      const names = accepted("intermediarias-v10.pem");
      expect(Object.entries(names).filter(([, passes]) => !passes)).to.deep.equal([]);
      expect(Object.keys(names)).to.have.length(11);
    });

    it("the five's under V5 and what they have certified, and nobody else's", () => {
      const names = accepted("intermediarias-v5.pem");
      for (const name of [
        "AC Certisign G7",
        "AC Certisign Multipla G7",
        "AC Certisign RFB G5",
        "SERASA Autoridade Certificadora Principal v5",
        "SERASA Certificadora Digital v5",
        "AC SERASA RFB v5",
        "Autoridade Certificadora SERPRO v4",
        "Autoridade Certificadora do SERPRO Final v5",
        "Autoridade Certificadora SERPRORFBv5",
        "AC SOLUTI v5 G2",
        "AC SOLUTI Multipla v5",
        "AC SOLUTI RFB V5",
        "AC VALID v5",
        "AC VALID BRASIL v5",
        "AC VALID RFB v5",
        "AC DIGISEC v5",
      ]) {
        expect(names[name], name).to.equal(true);
      }
      for (const name of ["AC SAFEWEB", "AC SAFEWEB CD", "AC SAFEWEB RFB v5", "AC DIGITALSIGN G2", "AC SyngularID Multipla", "AC Secretaria da Receita Federal do Brasil v4", "AC PRODESP v1", "AC DOCCLOUD"]) {
        expect(names[name], name).to.equal(false);
      }
    });
  });

  it("only roots become anchors, also when an authority's file is listed as one", async () => {
    const files = families.flatMap(({ root, authorities }) => [`${folder}/${root}`, `${folder}/${authorities}`]);
    const anchors = await loadTrustAnchors({ anchors: files });
    expect(anchors.anchors.map(({ x509 }) => x509.fingerprint256)).to.have.members(
      families.map(({ fingerprint }) => fingerprint),
    );
    expect(anchors.intermediates).to.have.length(155);
  });

  it("the table of CRL addresses says what the authorities' own certificates say", async () => {
    const sources = await readCrlSources("config/crl-sources.json");
    const all = families.flatMap(({ root, authorities }) => [...read(root), ...read(authorities)]);
    const told = all.flatMap((issuer) => {
      const issued = all.filter((child) => child !== issuer && child.issuerKey === issuer.subjectKey);
      const urls = new Set(issued.flatMap((child) => child.crlUrls));
      return urls.size > 0 ? [[issuer.subjectText, issuer.publicKeyHash, [...urls]]] : [];
    });
    expect(sources.map(({ issuer, publicKeyHash, urls }) => [issuer, publicKeyHash, urls])).to.have.deep.members(told);
  });
});

function expectAsOpenssl(certificate: Certificate): void {
  const { x509 } = certificate;
  expect(certificate.serialNumber).to.equal(x509.serialNumber);
  expect(certificate.notBefore).to.equal(x509.validFromDate.getTime());
  expect(certificate.notAfter).to.equal(x509.validToDate.getTime());
  expect(certificate.isCa).to.equal(x509.ca);
  expect(certificate.extendedKeyUsage).to.deep.equal(x509.keyUsage ?? []);
  expect(certificate.keyType).to.equal("rsa");
  expect(certificate.keySize).to.equal(4096);
  expect(certificate.signatureDigest).to.equal("sha512");
  expect([...certificate.keyUsage!]).to.include.members(["keyCertSign", "cRLSign"]);
  const lines = certificate.subject.flat().map(({ text }) => text);
  expect(lines).to.deep.equal(x509.subject.split("\n").map((line) => line.slice(line.indexOf("=") + 1)));
  expect(distinguishedNamesMatch(parseDistinguishedName(certificate.subjectText), certificate.subject)).to.equal(true);
}
