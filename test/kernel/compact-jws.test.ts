import { constants, generateKeyPairSync, sign as signWith } from "node:crypto";
import { expect } from "chai";
import * as fc from "fast-check";
import { CompactSign, compactVerify, UnsecuredJWT } from "jose";
import { isSignedByPs256, readCompactJws, signByPs256 } from "../../src/kernel/compact-jws.ts";
import { runs } from "../support/property-runs.ts";

describe("verifying and signing a compact JWS on this thread (RFC 7515, RFC 7518 section 3.5)", () => {
  const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const payload = new TextEncoder().encode(JSON.stringify({ iss: "a client", jti: "once" }));
  const sign = (header: { alg: string } & Record<string, unknown>) => new CompactSign(payload).setProtectedHeader(header).sign(own.privateKey);
  const accepted = (text: string, key = own.publicKey) => {
    const jws = readCompactJws(text);
    return jws !== undefined && isSignedByPs256(jws, key);
  };

  it("accepts what jose signed, and reads its payload", async () => {
    const text = await sign({ alg: "PS256", kid: "k" });
    expect(accepted(text)).to.equal(true);
    expect(readCompactJws(text)?.payload).to.deep.equal(Buffer.from(payload));
    expect(readCompactJws(text)?.header).to.deep.equal({ alg: "PS256", kid: "k" });
  });

  it("refuses another key, another algorithm with the right key, none, and an extension", async () => {
    const text = await sign({ alg: "PS256" });
    expect(accepted(text, other.publicKey)).to.equal(false);
    expect(accepted(await sign({ alg: "RS256" }))).to.equal(false);
    expect(accepted(await sign({ alg: "PS512" }))).to.equal(false);
    expect(accepted(new UnsecuredJWT({}).encode())).to.equal(false);
    expect(accepted(text.slice(0, text.lastIndexOf(".") + 1)), "without a signature").to.equal(false);
    const [, body = "", signature = ""] = text.split(".");
    for (const header of [{ alg: "PS256", crit: ["exp"], exp: 1 }, { alg: "PS256", b64: false }, { alg: "none" }]) {
      expect(accepted(`${Buffer.from(JSON.stringify(header)).toString("base64url")}.${body}.${signature}`)).to.equal(false);
    }
  });

  it("refuses a salt of another length than the digest's", () => {
    const signed = `${Buffer.from('{"alg":"PS256"}').toString("base64url")}.${Buffer.from(payload).toString("base64url")}`;
    const withSalt = (saltLength: number) =>
      `${signed}.${signWith("sha256", Buffer.from(signed), { key: own.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }).toString("base64url")}`;
    expect(accepted(withSalt(32))).to.equal(true);
    expect(accepted(withSalt(20))).to.equal(false);
    expect(accepted(withSalt(0))).to.equal(false);
  });

  it("makes signatures that jose accepts, and only over what was signed", async () => {
    const signed = `${Buffer.from('{"alg":"PS256"}').toString("base64url")}.${Buffer.from(payload).toString("base64url")}`;
    const signature = signByPs256(Buffer.from(signed), own.privateKey).toString("base64url");
    const byJose = (text: string) => compactVerify(text, own.publicKey, { algorithms: ["PS256"] }).then(() => true, () => false);
    expect(await byJose(`${signed}.${signature}`)).to.equal(true);
    expect(await byJose(`${signed}A.${signature}`)).to.equal(false);
  });

  it("takes apart no text that is not three parts of base64url with a JSON object for a header", () => {
    for (const text of ["", ".", "..", "a.b", "a.b.c.d", "e30..", ".e30.e30", "e30.e30.=", "W10.e30.e30", "bnVsbA.e30.e30", "gICA.e30.e30", " e30.e30.e30", "e30.e30.e30\n"]) {
      expect(readCompactJws(text), JSON.stringify(text)).to.equal(undefined);
    }
  });

  it("never accepts what jose refuses, wherever a character is changed, and never throws", async () => {
    const text = await sign({ alg: "PS256", kid: "k" });
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom("A", "z", "-", "_", ".", "=", "\0", "é", ""), async (at, replacement) => {
        const changed = text.slice(0, at) + replacement + text.slice(at + 1);
        const byJose = await compactVerify(changed, own.publicKey, { algorithms: ["PS256"] }).then(() => true, () => false);
        if (accepted(changed)) expect(byJose).to.equal(true);
      }),
      runs(200),
    );
  });
});
