import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { createAuthority, issueBrseal, makeKey } from "../../src/certs/issue-certificate.ts";
import { isEncryptionKey, isSigningKey, NotAJwks, readJwks } from "../../src/directory/jwks.ts";
import { makeTestKey, publicJwk, type TestKey } from "./signing-keys.ts";

describe("reading a JWKS", () => {
  let signing: TestKey;
  let encryption: TestKey;

  before(async () => {
    [signing, encryption] = await Promise.all([makeTestKey("sign-1"), makeTestKey("enc-1", "enc")]);
  });

  const read = (...keys: unknown[]) => readJwks(JSON.stringify({ keys }));

  it("gives the keys by kid, imported, and knows signing from encryption keys", () => {
    const keys = read(signing.jwk, encryption.jwk, { ...signing.jwk, kid: "no-use", use: undefined });
    expect([...keys.byKid.keys()]).to.deep.equal(["sign-1", "enc-1", "no-use"]);
    expect(keys.rejected).to.deep.equal([]);
    const all = [...keys.byKid.values()];
    expect(all.filter(isSigningKey).map((key) => key.kid)).to.deep.equal(["sign-1", "no-use"]);
    expect(all.filter(isEncryptionKey).map((key) => key.kid)).to.deep.equal(["enc-1"]);
    expect(all[0]).to.include({ use: "sig", bits: 2048 });
    expect(all[0]!.publicKey.type).to.equal("public");
  });

  const notAJwks: [string, string][] = [
    ["nothing", ""],
    ["a page", "<html>busy</html>"],
    ["another JSON object", '{"error":"server_error"}'],
    ["null", "null"],
    ["an array", "[]"],
    ["keys that are no array", '{"keys":{}}'],
    ["keys that are no objects", '{"keys":["a"]}'],
    ["keys without kty", '{"keys":[{"kid":"a"}]}'],
    ["more keys than anybody has", JSON.stringify({ keys: Array.from({ length: 201 }, () => ({ kty: "RSA" })) })],
  ];
  for (const [what, text] of notAJwks) {
    it(`${what}: not a JWKS`, () => {
      expect(() => readJwks(text)).to.throw(NotAJwks);
    });
  }

  it("an empty JWKS is a JWKS: all keys were removed", () => {
    expect(read()).to.deep.equal({ byKid: new Map(), rejected: [] });
  });

  it("a key that must not be used is left out with its reason, and the others stay", async () => {
    const [short, ec, long] = await Promise.all([makeKey("rsa", 1024), makeKey("ec"), makeKey("rsa", 2048)]);
    const bad: [Record<string, unknown>, string][] = [
      [{ ...long.export({ format: "jwk" }), kid: "private" }, "private-member"],
      [{ kty: "oct", k: "c2VjcmV0", kid: "symmetric" }, "private-member"],
      [{ ...signing.jwk, kid: undefined }, "no-kid"],
      [{ ...signing.jwk, kid: 7 }, "no-kid"],
      [publicJwk(ec, { kid: "ec" }), "not-rsa"],
      [publicJwk(short, { kid: "short" }), "too-short"],
      [{ ...signing.jwk, kid: "no-modulus", n: undefined }, "malformed"],
      [{ ...signing.jwk, kid: "bad-x5c", x5c: "MII" }, "malformed"],
      [{ ...signing.jwk, kid: "exponent-1", e: "AQ" }, "exponent"],
      [{ ...signing.jwk, kid: "exponent-even", e: "BA" }, "exponent"],
      [{ kty: "RSA", kid: "huge", e: "AQAB", n: Buffer.alloc(2048, 0xff).toString("base64url") }, "too-long"],
      [{ ...signing.jwk, kid: "no-certificate", x5c: ["bm90IGEgY2VydGlmaWNhdGU"] }, "certificate-mismatch"],
    ];
    const keys = read(...bad.map(([jwk]) => jwk), signing.jwk);
    expect(keys.rejected.map(({ reason }) => reason)).to.deep.equal(bad.map(([, reason]) => reason));
    expect([...keys.byKid.keys()]).to.deep.equal(["sign-1"]);
  });

  it("of keys with one kid none is used, whatever their order", () => {
    const twice = [{ ...signing.jwk }, { ...encryption.jwk, kid: "sign-1" }];
    for (const pair of [twice, twice.toReversed()]) {
      const keys = read(...pair, encryption.jwk);
      expect([...keys.byKid.keys()]).to.deep.equal(["enc-1"]);
      expect(keys.rejected.map(({ reason }) => reason)).to.deep.equal(["kid-repeated", "kid-repeated"]);
    }
  });

  it("the first certificate must carry the key itself (RFC 7517 4.7)", async () => {
    const period = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 86_400_000) };
    const authority = await createAuthority({ subject: { commonName: "AC Teste" }, ...period });
    const brseal = await issueBrseal(authority, {
      organisationId: "74e929d9-33b6-4d85-8ba7-c146c867a817",
      cnpj: "43142666000197",
      legalName: "Banco Teste",
      privateKey: signing.privateKey,
      ...period,
    });
    const x5c = [brseal.x509.raw.toString("base64")];
    const keys = read({ ...signing.jwk, x5c }, { ...encryption.jwk, x5c });
    expect(keys.byKid.get("sign-1")?.x5c).to.deep.equal(x5c);
    expect(keys.rejected).to.deep.equal([{ kid: "enc-1", reason: "certificate-mismatch" }]);
  });

  it("a public exponent of 3 is small but sound", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 });
    const keys = read({ ...publicKey.export({ format: "jwk" }), kid: "e3", alg: "PS256" });
    expect(keys.byKid.get("e3")).to.include({ alg: "PS256", bits: 2048 });
  });
});
