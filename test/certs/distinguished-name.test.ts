import { expect } from "chai";
import * as fc from "fast-check";
import forge from "node-forge";
import { buildCertificate } from "../../src/certs/build-certificate.ts";
import { readCertificate } from "../../src/certs/certificate.ts";
import { readDer, UnreadableDer, writeDer } from "../../src/certs/der.ts";
import { readDistinguishedName, type DistinguishedName } from "../../src/certs/distinguished-name.ts";
import { distinguishedNamesMatch } from "../../src/certs/distinguished-name-match.ts";
import { MalformedName, parseDistinguishedName, printDistinguishedName } from "../../src/certs/distinguished-name-text.ts";
import { runs } from "../support/property-runs.ts";
import { brcacRequest, sharedPki } from "./test-authorities.ts";

const { asn1 } = forge;

/** A value in a given ASN.1 string type; the bytes are those of the type's own encoding. */
interface Value {
  readonly oid: string;
  readonly tag: number;
  readonly bytes: Buffer;
}

function nameDer(relatives: readonly (readonly Value[])[]): Buffer {
  const part = (type: forge.asn1.Type, constructed: boolean, value: string | forge.asn1.Asn1[]) =>
    asn1.create(asn1.Class.UNIVERSAL, type, constructed, value);
  const attribute = ({ oid, tag, bytes }: Value) =>
    part(asn1.Type.SEQUENCE, true, [
      part(asn1.Type.OID, false, asn1.oidToDer(oid).getBytes()),
      readDer(Buffer.concat([Buffer.from([tag, bytes.length]), bytes])),
    ]);
  return writeDer(
    part(asn1.Type.SEQUENCE, true, relatives.map((values) => part(asn1.Type.SET, true, values.map(attribute)))),
  );
}

const utf8 = (oid: string, text: string): Value => ({ oid, tag: 12, bytes: Buffer.from(text) });
const named = (...values: Value[]) => readDistinguishedName(nameDer(values.map((value) => [value])));
const cn = "2.5.4.3";

describe("distinguished names", () => {
  describe("printed as DCR 7.1.2 demands", () => {
    it("the standard's example of 2023", async () => {
      const { issuing } = await sharedPki();
      const attribute = (oid: string, value: string, encoding: "utf8" | "printable" = "utf8") => ({ oid, value, encoding });
      const x509 = buildCertificate(
        {
          subject: [
            attribute("2.5.4.15", "Private Organization"),
            attribute("1.3.6.1.4.1.311.60.2.1.3", "BR", "printable"),
            attribute("2.5.4.5", "43142666000197", "printable"),
            attribute("2.5.4.6", "BR", "printable"),
            attribute("2.5.4.10", "Chicago Advisory Partners"),
            attribute("2.5.4.8", "SP"),
            attribute("2.5.4.7", "Sao Paulo"),
            attribute("2.5.4.97", "OFBBR-d7384bd0-842f-43c5-be02-9d2b2d5efc2c"),
            attribute("0.9.2342.19200300.100.1.1", "bc97b8f0-cae0-4f2f-9978-d93f0e56a833"),
            attribute("2.5.4.3", "web.conftpp.directory.openbankingbrasil.org.br"),
          ],
          publicKey: issuing.certificate.publicKey,
          notBefore: brcacRequest.notBefore,
          notAfter: brcacRequest.notAfter,
          keyUsage: ["digitalSignature"],
        },
        { privateKey: issuing.privateKey, digest: "sha256" },
      );
      expect(readCertificate(x509).subjectText).to.equal(
        "CN=web.conftpp.directory.openbankingbrasil.org.br,UID=bc97b8f0-cae0-4f2f-9978-d93f0e56a833," +
          "2.5.4.97=#0c2a4f464242522d64373338346264302d383432662d343363352d626530322d396432623264356566633263," +
          "L=Sao Paulo,ST=SP,O=Chicago Advisory Partners,C=BR,2.5.4.5=#130e3433313432363636303030313937," +
          "1.3.6.1.4.1.311.60.2.1.3=#13024252,2.5.4.15=#0c1450726976617465204f7267616e697a6174696f6e",
      );
    });

    const escapes: [string, string][] = [
      ["BOTAFOGO / RIO DE JANEIRO, RJ", "BOTAFOGO / RIO DE JANEIRO\\, RJ"],
      [' "a"+b;<c>\\ ', '\\ \\"a\\"\\+b\\;\\<c\\>\\\\\\ '],
      ["#hash", "\\#hash"],
      [" ", "\\ "],
      ["  ", "\\ \\ "],
      ["nul\0", "nul\\00"],
      ["", ""],
    ];
    for (const [text, printed] of escapes) {
      it(`the value ${JSON.stringify(text)} is written ${printed}`, () => {
        expect(printDistinguishedName(named(utf8(cn, text)))).to.equal(`CN=${printed}`);
        expect(parseDistinguishedName(`CN=${printed}`)[0]?.[0]?.text).to.equal(text);
      });
    }

    it("several attributes of one RDN are joined by a plus sign", () => {
      const name = readDistinguishedName(nameDer([[utf8("2.5.4.6", "BR")], [utf8(cn, "a"), utf8("2.5.4.11", "b")]]));
      expect(printDistinguishedName(name)).to.equal("CN=a+OU=b,C=BR");
    });

    it("what is no text of its type stands as hexadecimal, also under a short name", () => {
      expect(printDistinguishedName(named({ oid: cn, tag: 12, bytes: Buffer.from([0xff]) }))).to.equal("2.5.4.3=#0c01ff");
      expect(printDistinguishedName(named({ oid: cn, tag: 2, bytes: Buffer.from([7]) }))).to.equal("2.5.4.3=#020107");
    });
  });

  describe("forms that registration refuses", () => {
    const refused = [
      "serialNumber=43142666000197",
      "organizationIdentifier=OFBBR-74e929d9-33b6-4d85-8ba7-c146c867a817",
      "OID.2.5.4.97=#0c024252",
      "2.5.4.5=43142666000197",
      "2.5.4.5=#13",
      "2.5.4.5=#130242",
      "2.5.4.5=#1302425200",
      "2.5.4.5=#xyz",
      'CN="quoted"',
      "CN=a, C=BR",
      "CN =a",
      "CN=a,",
      "CN= a",
      "CN=a ",
      "CN=a\\",
      "CN=\\zz",
      "CN=\\ff",
      "CN",
      "=a",
      ",",
      "CN=a;C=BR",
      "CN=\ud800",
    ];
    for (const text of refused) {
      it(JSON.stringify(text), () => {
        expect(() => parseDistinguishedName(text)).to.throw(MalformedName, /^expected at character \d+: /);
      });
    }
  });

  describe("compared by distinguishedNameMatch", () => {
    const matches = (one: string, other: string) =>
      distinguishedNamesMatch(parseDistinguishedName(one), parseDistinguishedName(other));

    it("letter case, blanks and the string type do not count", () => {
      expect(matches("CN=Meu  Banco,C=br", "CN=meu banco,C=BR")).to.equal(true);
      expect(matches("CN=a,2.5.4.5=#130131", "CN=a,2.5.4.5=#0C0131")).to.equal(true);
      expect(matches("2.5.4.3=#0c0161", "CN=A")).to.equal(true);
      expect(matches("CN=\\ a\\ ", "CN=a")).to.equal(true);
      expect(matches("CN=Stra\u00dfe", "CN=STRASSE")).to.equal(true);
      expect(matches("CN=a\u00adb\u200d", "CN=ab")).to.equal(true);
      expect(matches("CN=a\u00a0b", "CN=a b")).to.equal(true);
    });

    it("a BMPString and a UTF8String of one text match", () => {
      const bmp = { oid: cn, tag: 30, bytes: Buffer.from("Sa\u0303o", "utf16le").swap16() };
      expect(distinguishedNamesMatch(named(bmp), named(utf8(cn, "S\u00e3o")))).to.equal(true);
    });

    it("order, number, type and text of RDNs count", () => {
      expect(matches("CN=a,C=BR", "C=BR,CN=a")).to.equal(false);
      expect(matches("CN=a", "CN=a,C=BR")).to.equal(false);
      expect(matches("CN=a", "OU=a")).to.equal(false);
      expect(matches("CN=ab", "CN=a b")).to.equal(false);
      expect(matches("CN=a+OU=b", "CN=a,OU=b")).to.equal(false);
      expect(matches("CN=a\\,OU=b", "CN=a,OU=b")).to.equal(false);
    });

    it("the attributes of one RDN match in any order, each once", () => {
      expect(matches("CN=a+OU=b", "OU=B+CN=A")).to.equal(true);
      expect(matches("CN=a+CN=a", "CN=a")).to.equal(false);
    });
  });

  describe("with hostile content", () => {
    /** Whole characters for a BMPString, no redundant zeros in an INTEGER: else the DER itself is refused. */
    const wellFormed = (tag: number, bytes: Buffer) => {
      if (tag === 30) return bytes.subarray(0, bytes.length & ~1);
      return tag === 2 ? Buffer.from([bytes.length]) : bytes;
    };
    const value: fc.Arbitrary<Value> = fc.record({
      oid: fc.constantFrom(cn, "2.5.4.6", "2.5.4.97", "2.5.4.5", "0.9.2342.19200300.100.1.1", "1.2.3.4.5"),
      tag: fc.constantFrom(12, 18, 19, 20, 22, 26, 30, 28, 4, 2),
      bytes: fc.oneof(
        fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(text)),
        fc.stringMatching(/^[ ,+#=;"<>\\\0a-z]{0,20}$/).map((text) => Buffer.from(text)),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
    }).map(({ oid, tag, bytes }) => ({ oid, tag, bytes: wellFormed(tag, bytes) }));
    const name: fc.Arbitrary<DistinguishedName> = fc
      .array(fc.array(value, { minLength: 1, maxLength: 3 }), { maxLength: 5 })
      .map((relatives) => readDistinguishedName(nameDer(relatives)));

    it("printing and parsing gives a name that matches and prints the same", () => {
      fc.assert(
        fc.property(name, (any) => {
          const printed = printDistinguishedName(any);
          const parsed = parseDistinguishedName(printed);
          expect(distinguishedNamesMatch(any, parsed)).to.equal(true);
          expect(printDistinguishedName(parsed)).to.equal(printed);
        }),
        runs(),
      );
    });

    it("a name matches itself in another letter case, and matching is symmetric", () => {
      const upper = (any: DistinguishedName) =>
        any.map((relative) =>
          relative.map((attribute) =>
            attribute.text === undefined ? attribute : { ...attribute, text: `  ${attribute.text.toUpperCase()} ` },
          ),
        );
      fc.assert(
        fc.property(name, name, (one, other) => {
          expect(distinguishedNamesMatch(one, upper(one))).to.equal(true);
          expect(distinguishedNamesMatch(one, other)).to.equal(distinguishedNamesMatch(other, one));
        }),
        runs(),
      );
    });

    it("a value that is neither text nor DER is refused", () => {
      expect(() => named({ oid: cn, tag: 2, bytes: Buffer.from([0, 0, 0, 35]) })).to.throw(UnreadableDer);
      expect(() => parseDistinguishedName("2.5.4.3=#020400000023")).to.throw(MalformedName);
    });

    it("any text parses or is refused with a place", () => {
      const text = fc.oneof(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.stringMatching(/^(CN|UID|2\.5\.4\.97|OU)=[#0-9a-f\\,+= "]{0,30}$/),
      );
      fc.assert(
        fc.property(text, (any) => {
          try {
            printDistinguishedName(parseDistinguishedName(any));
          } catch (error) {
            expect(error).to.be.instanceOf(MalformedName);
          }
        }),
        runs(),
      );
    });

    it("any bytes read or are refused by type", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
          try {
            readDistinguishedName(bytes);
          } catch (error) {
            expect(error).to.be.instanceOf(UnreadableDer);
          }
        }),
        runs(),
      );
    });
  });
});
