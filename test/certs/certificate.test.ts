import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import * as fc from "fast-check";
import { readBrcac, sameDirectoryId } from "../../src/certs/brcac.ts";
import { readBrseal } from "../../src/certs/brseal.ts";
import { buildCertificate, type CertificateContent } from "../../src/certs/build-certificate.ts";
import { readCertificate, readCertificateChain, UnreadableCertificate } from "../../src/certs/certificate.ts";
import { brcacAttributeOrders, createAuthority, issueBrseal, type BrcacAttributeOrder } from "../../src/certs/issue-certificate.ts";
import { runs } from "../support/property-runs.ts";
import {
  brcacOf,
  brcacRequest,
  issuingUrl,
  organisationId,
  rootRequest,
  sharedPki,
  softwareId,
  validity,
  type Pki,
} from "./test-authorities.ts";

describe("reading certificates", () => {
  let pki: Pki;
  before(async () => {
    pki = await sharedPki();
  });
  const withSubject = (subject: CertificateContent["subject"], notBefore = validity.notBefore) =>
    readCertificate(
      buildCertificate(
        { subject, publicKey: pki.root.certificate.publicKey, notBefore, notAfter: validity.notAfter, keyUsage: [] },
        { privateKey: pki.root.privateKey, digest: "sha256" },
      ),
    );

  it("everything the house looks at", async () => {
    const authority = { ...pki.issuing, ocspUrl: "http://ocsp.example/" };
    const { x509 } = await brcacOf(authority);
    const read = readCertificate(x509);
    expect(Buffer.from(read.thumbprint, "base64url").toString("hex").toUpperCase()).to.equal(
      x509.fingerprint256.replaceAll(":", ""),
    );
    expect(read.serialNumber).to.equal(x509.serialNumber);
    expect([read.notBefore, read.notAfter]).to.deep.equal([validity.notBefore.getTime(), validity.notAfter.getTime()]);
    expect([read.keyType, read.keySize, read.signatureDigest]).to.deep.equal(["rsa", 2048, "sha256"]);
    expect([...read.keyUsage!]).to.deep.equal(["digitalSignature", "keyEncipherment"]);
    expect(read.extendedKeyUsage).to.deep.equal(["1.3.6.1.5.5.7.3.2"]);
    expect(read.dnsNames).to.deep.equal(["tpp.example.com"]);
    expect(read.crlUrls).to.deep.equal([issuingUrl]);
    expect(read.ocspUrls).to.deep.equal(["http://ocsp.example/"]);
    expect([read.isCa, read.pathLength]).to.deep.equal([false, undefined]);
    expect(read.authorityKeyId).to.equal(readCertificate(pki.issuing.certificate).subjectKeyId);
    expect(read.issuerText).to.equal("CN=AC de Teste,O=ICP-Brasil,C=BR");
    expect(read.unknownCritical).to.deep.equal([]);
  });

  it("authorities with and without a path length", async () => {
    const limited = await createAuthority(rootRequest({ pathLength: 0, privateKey: pki.root.privateKey }));
    expect(readCertificate(limited.certificate)).to.include({ isCa: true, pathLength: 0 });
    expect(readCertificate(pki.root.certificate)).to.include({ isCa: true }).and.not.have.property("pathLength");
  });

  it("renewed certificates of one key have one public key hash, other keys another", async () => {
    const renewed = await createAuthority(rootRequest({ privateKey: pki.root.privateKey }));
    const hash = (x509: X509Certificate) => readCertificate(x509).publicKeyHash;
    expect(hash(renewed.certificate)).to.equal(hash(pki.root.certificate));
    expect(hash(pki.issuing.certificate)).not.to.equal(hash(pki.root.certificate));
  });

  it("an EC key is a fact, not an error", async () => {
    const { x509 } = await brcacOf(pki.issuing, { keyType: "ec" });
    expect(readCertificate(x509)).to.include({ keyType: "ec", keySize: 0 });
  });

  it("bundles with text between the certificates", async () => {
    const { certificatePem, chainPem } = await brcacOf(pki.issuing);
    const bundle = `# leaf\r\n${certificatePem}\n# next\n${chainPem}`;
    expect(readCertificateChain(bundle).map(({ subjectText }) => subjectText.slice(0, 14))).to.deep.equal([
      "CN=tpp.example",
      "CN=AC de Teste",
    ]);
  });

  for (const input of ["", "-----BEGIN CERTIFICATE-----", pemOf("AAAA"), Buffer.alloc(3), Buffer.from("-----BEGIN X")]) {
    it(`refuses ${JSON.stringify(input).slice(0, 60)} by type`, () => {
      expect(() => readCertificate(input)).to.throw(UnreadableCertificate, /^expected /);
    });
  }

  it("damaged DER never does more than being refused by type", async () => {
    const { x509 } = await brcacOf(pki.issuing);
    const seal = await issueBrseal(pki.issuing, brcacRequest);
    const damage = fc.array(
      fc.record({
        at: fc.nat(),
        octet: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 0x30, 0x31, 0x80, 0xa0, 0xa3, 0xff)),
        cut: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 40 }) }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    let read = 0;
    fc.assert(
      fc.property(fc.constantFrom(x509.raw, seal.x509.raw, pki.root.certificate.raw), damage, (raw, changes) => {
        let der = Buffer.from(raw);
        for (const { at, octet, cut } of changes) {
          der[at % der.length] = octet;
          der = Buffer.concat([der.subarray(0, at % der.length), der.subarray((at % der.length) + cut)]);
        }
        try {
          const certificate = readCertificate(der);
          readBrcac(certificate);
          readBrseal(certificate);
          read += 1;
        } catch (error) {
          expect(error).to.be.instanceOf(UnreadableCertificate);
        }
      }),
      runs(),
    );
    expect(read, "some damage must get past OpenSSL").to.be.greaterThan(0);
  });

  describe("BRCAC", () => {
    for (const attributeOrder of Object.keys(brcacAttributeOrders) as BrcacAttributeOrder[]) {
      for (const generation of ["organizationIdentifier", "organizationalUnit"] as const) {
        it(`${generation} in the order ${attributeOrder}`, async () => {
          const old = generation === "organizationalUnit" ? { notBefore: new Date("2022-03-01T00:00:00Z") } : {};
          const { x509 } = await brcacOf(pki.issuing, { attributeOrder, generation, ...old });
          const brcac = readBrcac(readCertificate(x509));
          expect(brcac).to.deep.equal({ softwareId, organisationId, cnpj: "43142666000197", generation });
        });
      }
    }

    it("an organisation in OU does not count from 31 August 2022 on", async () => {
      const at = async (notBefore: string) => {
        const { x509 } = await brcacOf(pki.issuing, { generation: "organizationalUnit", notBefore: new Date(notBefore) });
        return readBrcac(readCertificate(x509)).organisationId;
      };
      expect(await at("2022-08-31T02:59:59Z")).to.equal(organisationId);
      expect(await at("2022-08-31T03:00:00Z")).to.equal(undefined);
    });

    it("of several units only the one that is a UUID is the organisation", () => {
      const unit = (value: string) => ({ oid: "2.5.4.11", value, encoding: "utf8" }) as const;
      const old = new Date("2022-03-01T00:00:00Z");
      const organisation = (...units: string[]) => readBrcac(withSubject(units.map(unit), old)).organisationId;
      expect(organisation("AC de Teste", organisationId, "Presencial")).to.equal(organisationId);
      expect(organisation(organisationId, softwareId)).to.equal(undefined);
      expect(organisation("AC de Teste")).to.equal(undefined);
    });

    it("what is there twice, blank or of another form is missing", () => {
      const userId = (value: string) => ({ oid: "0.9.2342.19200300.100.1.1", value, encoding: "utf8" }) as const;
      const identifier = (value: string) => ({ oid: "2.5.4.97", value, encoding: "utf8" }) as const;
      expect(readBrcac(withSubject([userId(softwareId), userId(organisationId)]))).to.deep.equal({});
      expect(readBrcac(withSubject([userId(" ")]))).to.deep.equal({});
      for (const value of [organisationId, "OFBBR-", `OFBBR-${organisationId}0`, `PSDBR-${organisationId}`, ""]) {
        expect(readBrcac(withSubject([identifier(value)])), value).to.deep.equal({});
      }
      expect(readBrcac(withSubject([identifier(`OFBBR-${organisationId}`), identifier(`OFBBR-${softwareId}`)]))).to.deep.equal({});
    });

    it("ids are compared without regard to letter case, and nothing equals nothing", () => {
      expect(sameDirectoryId(organisationId.toUpperCase(), organisationId)).to.equal(true);
      expect(sameDirectoryId(organisationId, softwareId)).to.equal(false);
      expect(sameDirectoryId(undefined, undefined)).to.equal(false);
    });
  });

  it("a BRSEAL names the organisation in its UID", async () => {
    const { x509 } = await issueBrseal(pki.issuing, brcacRequest);
    expect(readBrseal(readCertificate(x509))).to.deep.equal({ organisationId, legalName: "Padaria Financas SA" });
  });
});

function pemOf(base64: string): string {
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----`;
}
