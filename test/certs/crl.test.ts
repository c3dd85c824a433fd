import { expect } from "chai";
import * as asn1js from "asn1js";
import * as fc from "fast-check";
import * as pkijs from "pkijs";
import { readCertificate } from "../../src/certs/certificate.ts";
import { crlCovers, readCrl, UnacceptableCrl } from "../../src/certs/crl.ts";
import { createAuthority, type Authority } from "../../src/certs/issue-certificate.ts";
import { issueCrl, type CrlContent } from "../../src/certs/issue-crl.ts";
import { runs } from "../support/property-runs.ts";
import { brcacOf, day, issuingRequest, issuingUrl, now, rootRequest, sharedPki, type Pki } from "./test-authorities.ts";

const content: CrlContent = {
  revoked: [
    { serialNumber: "0A", revokedAt: new Date(now - day), reason: "keyCompromise" },
    { serialNumber: "FF00000000000001", revokedAt: new Date(now - 2 * day) },
  ],
  thisUpdate: new Date(now),
  nextUpdate: new Date(now + day),
  number: 7,
};

/** Signs a list anew after something in it has been changed. */
async function changed(
  authority: Authority,
  change: (crl: pkijs.CertificateRevocationList) => void,
  hash: "SHA-1" | "SHA-256" = "SHA-256",
): Promise<Buffer> {
  const { result } = asn1js.fromBER(await issueCrl(authority, content));
  const crl = new pkijs.CertificateRevocationList({ schema: result });
  change(crl);
  await crl.sign(authority.privateKey.toCryptoKey({ name: "RSASSA-PKCS1-v1_5", hash }, false, ["sign"]), hash);
  return Buffer.from(crl.toSchema(true).toBER());
}

const extension = (extnID: string, critical: boolean, value: asn1js.BaseBlock) =>
  new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
const flag = (tagNumber: number) =>
  new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber }, valueHex: new Uint8Array([255]).buffer });
const point = (url: string) =>
  new asn1js.Constructed({
    idBlock: { tagClass: 3, tagNumber: 0 },
    value: [
      new asn1js.Constructed({
        idBlock: { tagClass: 3, tagNumber: 0 },
        value: [new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 6 }, valueHex: new TextEncoder().encode(url).buffer })],
      }),
    ],
  });
const issuingDistributionPoint = (...members: asn1js.BaseBlock[]) =>
  extension("2.5.29.28", true, new asn1js.Sequence({ value: members }));

describe("reading revocation lists", () => {
  let pki: Pki;
  before(async () => {
    pki = await sharedPki();
  });
  const issuer = () => readCertificate(pki.issuing.certificate);
  const withExtension = (added: pkijs.Extension) =>
    changed(pki.issuing, (crl) => crl.crlExtensions!.extensions.push(added));

  it("times, serial numbers, days and reasons", async () => {
    const list = readCrl(await issueCrl(pki.issuing, content), issuer());
    expect([list.thisUpdate, list.nextUpdate]).to.deep.equal([now, now + day]);
    expect([...list.revoked]).to.deep.equal([
      ["0A", { at: now - day, reason: "keyCompromise" }],
      ["FF00000000000001", { at: now - 2 * day, reason: "unspecified" }],
    ]);
  });

  it("an empty list", async () => {
    expect(readCrl(await issueCrl(pki.issuing, { ...content, revoked: [] }), issuer()).revoked.size).to.equal(0);
  });

  it("a list in PEM", async () => {
    const base64 = (await issueCrl(pki.issuing, content)).toString("base64").replace(/.{64}/g, "$&\n");
    const pem = `-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`;
    expect(readCrl(Buffer.from(pem), issuer()).revoked.size).to.equal(2);
  });

  it("a list of 20,000 entries, more than the ASN.1 library reads by default", async () => {
    const revoked = Array.from({ length: 20_000 }, (_, index) => ({
      serialNumber: (0x10_00_00_00 + index).toString(16),
      revokedAt: new Date(now - day),
    }));
    expect(readCrl(await issueCrl(pki.issuing, { ...content, revoked }), issuer()).revoked.size).to.equal(20_000);
  });

  it("finds a certificate by the serial number that it carries", async () => {
    const certificate = readCertificate((await brcacOf(pki.issuing)).x509);
    const revoked = [{ serialNumber: certificate.serialNumber, revokedAt: new Date(now) }];
    const list = readCrl(await issueCrl(pki.issuing, { ...content, revoked }), issuer());
    expect(list.revoked.has(certificate.serialNumber)).to.equal(true);
  });

  describe("refuses", () => {
    const refuses = async (der: Buffer, why: RegExp, of = issuer()) =>
      expect(() => readCrl(der, of)).to.throw(UnacceptableCrl, why);

    it("the list of another authority", async () => {
      await refuses(await issueCrl(pki.root, content), /found that of another/);
    });

    it("the list of an authority with the same name and another key", async () => {
      const twin = await createAuthority(issuingRequest(pki.root));
      await refuses(await issueCrl(twin, content), /signature made by the issuer's key/);
    });

    it("a list changed after it was signed", async () => {
      const der = await issueCrl(pki.issuing, content);
      const at = der.indexOf(Buffer.from("FF00000000000001", "hex"));
      der[at + 7] = 2;
      await refuses(der, /signature made by the issuer's key/);
    });

    it("a list signed with SHA-1", async () => {
      await refuses(await changed(pki.issuing, () => undefined, "SHA-1"), /SHA-256 or better, found sha1/);
    });

    it("a list without nextUpdate", async () => {
      const der = await changed(pki.issuing, (crl) => {
        delete crl.nextUpdate;
      });
      await refuses(der, /nextUpdate/);
    });

    it("a critical extension that is not understood, such as that of a delta list", async () => {
      const delta = extension("2.5.29.27", true, new asn1js.Integer({ value: 1 }));
      await refuses(await withExtension(delta), /2\.5\.29\.27/);
    });

    it("an indirect list, and one for some reasons only", async () => {
      await refuses(await withExtension(issuingDistributionPoint(flag(4))), /indirect/);
      await refuses(await withExtension(issuingDistributionPoint(flag(3))), /some reasons/);
    });

    it("an entry of another issuer", async () => {
      const der = await changed(pki.issuing, (crl) => {
        const entry = crl.revokedCertificates![0]!;
        const names = new asn1js.Sequence({ value: [] });
        entry.crlEntryExtensions = new pkijs.Extensions({ extensions: [extension("2.5.29.29", true, names)] });
      });
      await refuses(der, /2\.5\.29\.29/);
    });

    it("a list whose authority must not sign lists", async () => {
      const authority = { ...issuer(), keyUsage: new Set(["keyCertSign"] as const) };
      await refuses(await issueCrl(pki.issuing, content), /cRLSign/, authority);
    });

    it("anything that is no list", async () => {
      await refuses(Buffer.alloc(0), /expected a certificate revocation list/);
      await refuses(Buffer.from("<html>maintenance</html>"), /expected a certificate revocation list/);
      await refuses(Buffer.from("-----BEGIN X509 CRL-----"), /expected a certificate revocation list/);
      await refuses(pki.root.certificate.raw, /expected/);
    });
  });

  it("a damaged list is refused by type, or says what the signed one says", async () => {
    const der = await issueCrl(pki.issuing, content);
    const authority = issuer();
    const signed = { ...readCrl(der, authority), fingerprint: "" };
    fc.assert(
      fc.property(fc.nat({ max: der.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 3 }), (at, octet, cut) => {
        const damaged = Buffer.concat([der.subarray(0, at), Buffer.from([octet]), der.subarray(at + cut)]);
        try {
          expect({ ...readCrl(damaged, authority), fingerprint: "" }).to.deep.equal(signed);
        } catch (error) {
          expect(error).to.be.instanceOf(UnacceptableCrl);
        }
      }),
      runs(),
    );
  });

  it("a list speaks only about what its distribution point says", async () => {
    const root = await createAuthority(rootRequest({ privateKey: pki.root.privateKey }));
    const leaf = readCertificate((await brcacOf(pki.issuing)).x509);
    const authority = readCertificate(root.certificate);
    const covers = async (...members: asn1js.BaseBlock[]) => {
      const list = readCrl(await withExtension(issuingDistributionPoint(...members)), issuer());
      return [crlCovers(list, leaf), crlCovers(list, authority)];
    };
    expect(await covers()).to.deep.equal([true, true]);
    expect(await covers(flag(1))).to.deep.equal([true, false]);
    expect(await covers(flag(2))).to.deep.equal([false, true]);
    expect((await covers(point(issuingUrl)))[0]).to.equal(true);
    expect((await covers(point("http://crl.example/part-2.crl")))[0]).to.equal(false);
  });
});
