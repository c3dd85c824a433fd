import { createHmac, createPublicKey, randomBytes, sign } from "node:crypto";
import { expect } from "chai";
import * as fc from "fast-check";
import { CompactSign, type CompactJWSHeaderParameters } from "jose";
import { createKeystore, type Keystore } from "../../src/directory/keystore.ts";
import { readSoftwareStatement, type StatementReading } from "../../src/directory/read-software-statement.ts";
import { softwareStatementClaims } from "../../src/directory/software-statement.ts";
import { sendJson } from "./badly-behaved-server.ts";
import { startDirectoryClient, times, type DirectoryClient } from "./directory-client.ts";
import { makeTestKey, publicJwk, type TestKey } from "./signing-keys.ts";

const runs = Number(process.env["PROPERTY_TEST_RUNS"] ?? 60);

const claims = {
  iss: "Open Banking Brasil sandbox SSA issuer",
  iat: 1_790_000_000,
  org_id: "74e929d9-33b6-4d85-8ba7-c146c867a817",
  org_name: "Banco Teste",
  org_number: "43142666000197",
  org_status: "Active",
  org_jwks_uri: "https://keystore.example/org/application.jwks",
  organisation_competent_authority_claims: [
    { authorisation_domain: "Open Banking", authority_code: "BCB", authorisation_role: "DADOS", status: "Active", authorisations: [] },
  ],
  software_id: "10120340-3318-4baf-99e2-0b56729c4ab2",
  software_client_name: "Aplicativo Açaí",
  software_redirect_uris: ["https://tpp.example/cb"],
  software_jwks_uri: "https://keystore.example/org/software/application.jwks",
  software_logo_uri: null,
  software_roles: ["DADOS"],
  software_statement_roles: [{ role: "DADOS", authorisation_domain: "Open Banking", status: "Active" }],
  software_version: 1.1,
  software_environment: "sandbox",
  a_claim_of_tomorrow: { kept: true },
};

describe("a software statement", () => {
  let directory: DirectoryClient;
  let keystore: Keystore;
  let signer: TestKey;
  let stranger: TestKey;

  before(async () => {
    [signer, stranger] = await Promise.all([makeTestKey("signer"), makeTestKey("signer")]);
  });
  beforeEach(async () => {
    directory = await startDirectoryClient();
    directory.server.answer = sendJson({ keys: [signer.jwk] });
    keystore = createKeystore({ keys: directory.keys, keystoreUrl: directory.server.url });
  });
  afterEach(() => directory.close());

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  function signed(payload: unknown = claims, header: Partial<CompactJWSHeaderParameters> = {}, by = signer): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: "PS256", typ: "JWT", kid: "signer", ...header })
      .sign(by.privateKey);
  }

  /** A valid PS256 signature over any header whatever, as no library would make it. */
  function signedRaw(headerJson: string, payloadText = JSON.stringify(claims)): string {
    const input = `${Buffer.from(headerJson).toString("base64url")}.${Buffer.from(payloadText).toString("base64url")}`;
    const key = { key: signer.privateKey, padding: 6, saltLength: 32 }; // 6: RSA_PKCS1_PSS_PADDING
    return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
  }

  async function failureOf(jwt: unknown): Promise<string> {
    const reading = await readSoftwareStatement(jwt, keystore);
    if (reading.verified) return "verified";
    expect(reading.received).to.match(/^[\x20-\x7e]{1,300}$/);
    expect(reading.detail).to.match(/^[\x20-\x7e]{1,300}$/);
    return reading.failure;
  }

  it("of the directory is verified and read into our words, unknown claims kept", async () => {
    const reading = await readSoftwareStatement(await signed(), keystore);
    if (!reading.verified) throw new Error(`Expected it verified, received ${reading.failure}`);
    expect(reading.statement).to.deep.include({
      issuer: claims.iss,
      issuedAt: claims.iat,
      softwareId: claims.software_id,
      clientName: "Aplicativo Açaí",
      redirectUris: ["https://tpp.example/cb"],
      jwksUri: claims.software_jwks_uri,
      version: "1.1",
      logoUri: undefined,
      webhookUris: [],
      statementRoles: [{ role: "DADOS", authorisationDomain: "Open Banking", status: "Active" }],
    });
    expect(reading.statement.organisation).to.deep.include({ id: claims.org_id, status: "Active", number: "43142666000197" });
    expect(reading.statement.organisation.competentAuthorityClaims[0]).to.include({ authorityCode: "BCB" });
    expect(reading.raw).to.deep.equal(claims);
    expect(directory.server.requests).to.deep.equal(["GET /openbanking.jwks"]);
  });

  it("may leave typ out, write it small, or repeat a header name: the last one counts", async () => {
    expect(await failureOf(await signed(claims, { typ: undefined }))).to.equal("verified");
    expect(await failureOf(await signed(claims, { typ: "jwt" }))).to.equal("verified");
    expect(await failureOf(signedRaw('{"alg":"PS256","kid":"other","kid":"signer"}'))).to.equal("verified");
    expect(await failureOf(signedRaw('{"alg":"PS256","kid":"signer","kid":"other"}'))).to.equal("key-unknown");
  });

  it("may use the older names of the key addresses", async () => {
    const { software_jwks_uri: jwksUri, ...older } = claims;
    const jwt = await signed({ ...older, software_jwks_endpoint: jwksUri, software_version: "1.10" });
    const reading = await readSoftwareStatement(jwt, keystore);
    expect(reading.verified && reading.statement.jwksUri).to.equal(jwksUri);
    expect(reading.verified && reading.statement.version).to.equal("1.10");
    expect(await failureOf(await signed(older))).to.equal("claims");
  });

  it("describes every claim that it knows", () => {
    const undescribed = Object.entries(softwareStatementClaims.shape).filter(([, schema]) => !schema.description);
    expect(undescribed.map(([name]) => name)).to.deep.equal([]);
  });

  describe("is not believed", () => {
    const refused: [string, string, () => unknown][] = [
      ["when it is absent", "absent", () => undefined],
      ["when it is null", "absent", () => null],
      ["when it is empty", "absent", () => ""],
      ["when it is an object", "malformed", () => ({ alg: "PS256" })],
      ["when it is an array", "malformed", () => ["a.b.c"]],
      ["when it is a number", "malformed", () => 42],
      ["when it has two parts", "malformed", async () => (await signed()).split(".").slice(0, 2).join(".")],
      ["when it has five parts", "malformed", async () => `${await signed()}.a.b`],
      ["when it ends with a line break", "malformed", async () => `${await signed()}\n`],
      ["when it is huge", "malformed", () => signed({ ...claims, filler: "x".repeat(70_000) })],
      ["when its signature is written in another way", "malformed", async () => {
        const genuine = await signed();
        // 342 characters hold 2,048 bits and four to spare: A, Q, g and w end it, and their neighbours mean the same.
        return genuine.slice(0, -1) + String.fromCharCode(genuine.charCodeAt(genuine.length - 1) + 1);
      }],
      ["when its header is not JSON", "malformed", () => signedRaw("hello")],
      ["when its header is an array", "malformed", () => signedRaw("[]")],
      ["when its header has no kid", "malformed", () => signedRaw('{"alg":"PS256"}')],
      ["when its kid is a number", "malformed", () => signedRaw('{"alg":"PS256","kid":1}')],
      ["when its typ is an object", "malformed", () => signedRaw('{"alg":"PS256","kid":"signer","typ":{}}')],
      ["when its header has a failure of its own", "malformed", () => signedRaw('{"failure":"x","verified":true}')],
      ["when its typ is odd", "algorithm", () => signed(claims, { typ: "at+jwt" })],
      ["when it has crit", "algorithm", () => signedRaw('{"alg":"PS256","kid":"signer","crit":["exp"],"exp":1}')],
      ["when it has b64", "algorithm", () => signedRaw('{"alg":"PS256","kid":"signer","b64":false}')],
      ["when alg is none", "algorithm", () => `${encoded({ alg: "none", kid: "signer" })}.${encoded(claims)}.AA`],
      ["when alg is none without a signature", "malformed", () => `${encoded({ alg: "none", kid: "signer" })}.${encoded(claims)}.`],
      ["when alg is an array", "algorithm", () => signedRaw('{"alg":["PS256"],"kid":"signer"}')],
      ["when alg is RS256", "algorithm", () => signed(claims, { alg: "RS256" })],
      ["when alg is PS512", "algorithm", () => signed(claims, { alg: "PS512" })],
      ["when its kid is not in the keystore", "key-unknown", () => signed(claims, { kid: "other" })],
      ["when somebody else signed it under the directory's kid", "signature", () => signed(claims, {}, stranger)],
      [
        "when it brings its own key along",
        "signature",
        () => signed(claims, { jwk: publicJwk(stranger.privateKey, {}), jku: "https://evil.example/jwks", x5u: "https://evil.example" }, stranger),
      ],
      ["when PS256 is announced and RS256 made", "signature", async () => {
        const [, payload] = (await signed()).split(".");
        const input = `${encoded({ alg: "PS256", kid: "signer" })}.${payload}`;
        return `${input}.${sign("sha256", Buffer.from(input), signer.privateKey).toString("base64url")}`;
      }],
      ["when its payload is not JSON", "claims", () => signedRaw('{"alg":"PS256","kid":"signer"}', "hello")],
      ["when its payload is null", "claims", () => signedRaw('{"alg":"PS256","kid":"signer"}', "null")],
    ];
    for (const [when, failure, make] of refused) {
      it(when, async () => {
        expect(await failureOf(await make())).to.equal(failure);
      });
    }

    it("when HS256 is made with the public key as its secret", async () => {
      const input = `${encoded({ alg: "HS256", kid: "signer" })}.${encoded(claims)}`;
      for (const form of ["pem", "der"] as const) {
        const publicKey = createPublicKey(signer.privateKey).export({ type: "spki", format: form });
        expect(await failureOf(`${input}.${createHmac("sha256", publicKey).update(input).digest("base64url")}`)).to.equal("algorithm");
      }
    });

    it("when a claim has the wrong type, and the answer names the claim", async () => {
      const wrong: [string, unknown][] = [
        ["iss", 1], ["iat", "1790000000"], ["iat", null], ["org_id", {}], ["org_id", "a b"], ["software_id", "../../x"],
        ["software_redirect_uris", "https://tpp.example/cb"], ["software_redirect_uris", [1]],
        ["software_redirect_uris", undefined], ["software_jwks_uri", ["https://a"]], ["software_version", {}],
        ["software_statement_roles", ["DADOS"]], ["software_statement_roles", [{ role: "DADOS" }]],
        ["software_client_name", 7], ["software_api_webhook_uris", "https://tpp.example"],
      ];
      for (const [name, value] of wrong) {
        const reading = await readSoftwareStatement(await signed({ ...claims, [name]: value }), keystore);
        expect(!reading.verified && reading.failure, name).to.equal("claims");
        expect(!reading.verified && reading.received, name).to.contain(name);
      }
    });

    it("when several keys of the keystore have its kid", async () => {
      directory.server.answer = sendJson({ keys: [signer.jwk, stranger.jwk] });
      expect(await failureOf(await signed())).to.equal("key-unknown");
    });

    it("when the keystore's key of its kid is for encryption", async () => {
      directory.server.answer = sendJson({ keys: [{ ...signer.jwk, use: "enc" }] });
      expect(await failureOf(await signed())).to.equal("key-unknown");
    });

    it("when its key left the keystore", async () => {
      expect(await failureOf(await signed())).to.equal("verified");
      directory.server.answer = sendJson({ keys: [{ ...stranger.jwk, kid: "next" }] });
      directory.moveClock(times.freshness + 1);
      expect(await failureOf(await signed())).to.equal("key-unknown");
    });

    it("when the directory was never reached, and that is told apart", async () => {
      directory.server.answer = sendJson({ keys: [signer.jwk] }, 503);
      const reading = await readSoftwareStatement(await signed(), keystore);
      expect(reading).to.deep.include({ verified: false, failure: "directory-unreachable", received: "status" });
    });
  });

  it("signed by the directory's next key is verified at once", async () => {
    expect(await failureOf(await signed())).to.equal("verified");
    directory.server.answer = sendJson({ keys: [signer.jwk, { ...stranger.jwk, kid: "next" }] });
    expect(await failureOf(await signed(claims, { kid: "next" }, stranger))).to.equal("verified");
    expect(directory.server.requests).to.have.length(2);
  });

  it("with any character changed is refused, and never throws", async () => {
    const genuine = await signed();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\u0000 é";
    await property(
      fc.asyncProperty(fc.nat(genuine.length - 1), fc.constantFrom(...alphabet), async (position, character) => {
        fc.pre(genuine[position] !== character);
        expect(await failureOf(genuine.slice(0, position) + character + genuine.slice(position + 1))).not.to.equal("verified");
      }),
    );
  });

  it("with parts taken away, repeated or swapped is refused", async () => {
    const parts = (await signed()).split(".");
    await property(
      fc.asyncProperty(fc.array(fc.nat(2), { maxLength: 5 }), async (order) => {
        fc.pre(order.join() !== "0,1,2");
        expect(await failureOf(order.map((position) => parts[position]).join("."))).not.to.equal("verified");
      }),
    );
  });

  it("with any header and payload under the directory's own signature is read or refused, and never throws", async () => {
    const member = fc.constantFrom("alg", "typ", "kid", "crit", "b64", "jwk", "__proto__", "failure", "verified");
    const value = fc.oneof(fc.constantFrom<unknown>("PS256", "JWT", "signer", true), fc.jsonValue());
    await property(
      fc.asyncProperty(fc.array(fc.tuple(member, value)), fc.json(), async (members, payload) => {
        const header = `{${members.map(([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`).join(",")}}`;
        expect(await failureOf(signedRaw(header, payload))).not.to.equal("verified");
      }),
    );
  });

  it("with a claim of any type is read or refused, and never throws", async () => {
    const names = Object.keys(softwareStatementClaims.shape);
    await property(
      fc.asyncProperty(fc.constantFrom(...names), fc.jsonValue(), async (name, value) => {
        const reading: StatementReading = await readSoftwareStatement(await signed({ ...claims, [name]: value }), keystore);
        if (!reading.verified) expect(reading.failure).to.equal("claims");
        else expect(reading.statement.softwareId).to.be.a("string");
      }),
    );
  });
});

async function property<Values>(asked: fc.IAsyncProperty<Values>): Promise<void> {
  const seed = randomBytes(4).readInt32BE();
  console.log(`        seed ${seed}, ${runs} runs`);
  await fc.assert(asked, { seed, numRuns: runs });
}
