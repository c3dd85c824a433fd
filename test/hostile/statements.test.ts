import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWTHeaderParameters, type JWTPayload } from "jose";
import type { KeyObject } from "node:crypto";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import { expectRefusal } from "../support/refusal.ts";
import { answersJson, startKeystoreBetween, type KeystoreBetween } from "../support/keystore-between.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { storeContent } from "./store-content.ts";

describe("hostile statements and key addresses are refused, and nothing is stored", () => {
  let directory: SandboxDirectory;
  let keystore: KeystoreBetween;
  let elsewhere: KeystoreBetween;
  let server: TestServer;
  let tpp: SandboxTpp;
  let content: readonly string[];

  before(async () => {
    directory = await startSandboxDirectory();
    keystore = await startKeystoreBetween(directory);
    elsewhere = await startKeystoreBetween(directory);
    server = await startTestServer({
      directory,
      settings: { directory: { keystoreUrl: keystore.url, caFile: directory.localAuthority.caFile, timeoutMilliseconds: 500, maxAnswerKilobytes: 64, coolDownSeconds: 1 } },
    });
    tpp = await directory.createTpp();
    content = await storeContent(server);
  });
  afterEach(async () => {
    expect(await storeContent(server)).to.deep.equal(content);
  });
  after(async () => {
    await server.register(tpp, await keystore.registration(tpp));
    await server.stop();
    await Promise.all([keystore.stop(), elsewhere.stop()]);
    await directory.stop();
  });

  const post = (software_statement: unknown, change: Record<string, unknown> = {}, owner = tpp) =>
    server.post(server.url("registration"), { redirect_uris: owner.description.redirect_uris, software_statement, ...change }, { identity: owner.tls });

  describe("a statement", () => {
    const genuine = async () => {
      const jwt = (await keystore.registration(tpp)).software_statement;
      return { jwt, header: decodeProtectedHeader(jwt) as JWTHeaderParameters, claims: decodeJwt(jwt) };
    };
    const signed = async (key: KeyObject, change: { header?: Partial<JWTHeaderParameters>; claims?: JWTPayload } = {}) => {
      const { header, claims } = await genuine();
      return new SignJWT({ ...claims, ...change.claims }).setProtectedHeader({ ...header, ...change.header }).sign(key);
    };
    const unsigned = async (header: object, signature = "") => {
      const { claims } = await genuine();
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      return `${part(header)}.${part(claims)}.${signature}`;
    };

    it("signed with the client's own key under the directory's kid", async () => {
      expectRefusal(await post(await signed(tpp.signing.key)), 400, "invalid_software_statement", "statement.signature");
    });
    it("signed with the client's own key under its own kid", async () => {
      expectRefusal(await post(await signed(tpp.signing.key, { header: { kid: tpp.signing.kid } })), 400, "invalid_software_statement", "statement.key-unknown");
    });
    it("signed with a key that it brings along (jwk, jku, x5c)", async () => {
      const key = await makeKey();
      const { n, e } = key.export({ format: "jwk" });
      for (const header of [{ jwk: { kty: "RSA", n: String(n), e: String(e) } }, { jku: `${elsewhere.url}own.jwks` }, { x5u: `${elsewhere.url}own.pem` }]) {
        expectRefusal(await post(await signed(key, { header })), 400, "invalid_software_statement", "statement.signature");
      }
      expect(elsewhere.asked).to.deep.equal([]);
    });
    it("of another environment's directory", async () => {
      const production = await startSandboxDirectory();
      try {
        const theirs = await production.createTpp();
        expectRefusal(await post(await theirs.statement()), 400, "invalid_software_statement", "statement.key-unknown");
      } finally {
        await production.stop();
      }
      const jwt = await tpp.statement({ claims: { software_environment: "production" } });
      expectRefusal(await post(jwt), 400, "unapproved_software_statement", "statement.environment");
      const other = await tpp.statement({ claims: { iss: "Open Banking Open Banking Brasil prod SSA issuer" } });
      expectRefusal(await post(other), 400, "unapproved_software_statement", "statement.issuer");
    });

    const headers: Record<string, object> = {
      "alg none": { alg: "none", typ: "JWT" },
      "alg None": { alg: "None", typ: "JWT" },
      "alg RS256": { alg: "RS256" },
      "alg HS256": { alg: "HS256" },
      "alg ES256": { alg: "ES256" },
      "alg EdDSA": { alg: "EdDSA" },
      "alg RSA-OAEP": { alg: "RSA-OAEP", enc: "A256GCM" },
      "no alg": {},
      "an alg that is no text": { alg: 1 },
      "the typ of an access token": { alg: "PS256", typ: "at+jwt" },
      "the typ of a request object": { alg: "PS256", typ: "oauth-authz-req+jwt" },
      "a critical extension": { alg: "PS256", crit: ["exp"] },
      "an unencoded payload": { alg: "PS256", b64: false, crit: ["b64"] },
    };
    for (const [name, header] of Object.entries(headers)) {
      it(`whose header says ${name}`, async () => {
        const { header: own, jwt } = await genuine();
        for (const signature of ["", jwt.split(".")[2]]) {
          const answer = await post(await unsigned({ kid: own["kid"], ...header }, signature || "AAAA"));
          expectRefusal(answer, 400, "invalid_software_statement");
        }
      });
    }
    for (const kid of [undefined, "", 7, "x".repeat(5_000), "../openbanking.jwks", "\u0000", { a: 1 }]) {
      it(`whose kid is ${String(JSON.stringify(kid)).slice(0, 30)}`, async () => {
        expectRefusal(await post(await unsigned({ alg: "PS256", kid }, "AAAA")), 400, "invalid_software_statement");
      });
    }
    it("with an altered claim, an altered signature, or bits to spare", async () => {
      const { jwt } = await genuine();
      const [header, , signature = ""] = jwt.split(".");
      const claims = Buffer.from(JSON.stringify({ ...decodeJwt(jwt), org_id: randomUUID() })).toString("base64url");
      const last = signature.at(-1) === "A" ? "B" : "A";
      for (const altered of [`${header}.${claims}.${signature}`, `${jwt.slice(0, -8)}AAAAAAAA`, jwt.slice(0, -1) + last, `${jwt}A`, `${jwt}=`, `${jwt}.`, ` ${jwt}`, `${jwt}\n`]) {
        expectRefusal(await post(altered), 400, "invalid_software_statement");
      }
    });
    it("that is no JWS, or is a JWE, or is enormous", async () => {
      const { jwt } = await genuine();
      for (const text of ["a", "a.b", "a.b.c", "....", "a.b.c.d.e", "{}", jwt.replaceAll(".", "%2E"), `${jwt}${"A".repeat(50_000)}`]) {
        expectRefusal(await post(text), 400, "invalid_software_statement");
      }
    });
    it("with claims of wrong types, though the directory signed them", async () => {
      const wrong: Record<string, unknown[]> = {
        iat: ["now", null, -1, {}],
        org_id: [1, null, "", "a/b", "x".repeat(100), "a\u0000b"],
        software_id: [1, null, "a b", "é"],
        software_redirect_uris: [null, "https://a.example", [1], {}],
        software_jwks_uri: [null, 1, []],
        software_statement_roles: ["DADOS", [1], [{ role: 1, status: "Active" }], {}],
        software_api_webhook_uris: ["https://a.example", [1]],
        software_client_name: [1, {}, ["a"]],
      };
      for (const [claim, values] of Object.entries(wrong)) {
        for (const value of values) {
          const answer = await post(await tpp.statement({ claims: { [claim]: value } }));
          expectRefusal(answer, 400, "invalid_software_statement", "statement.claims");
        }
      }
    });
    it("of yesterday, or of tomorrow", async () => {
      expectRefusal(await post(await tpp.statement({ ageSeconds: 86_400 })), 400, "invalid_software_statement", "statement.too-old");
      expectRefusal(await post(await tpp.statement({ ageSeconds: -86_400 })), 400, "invalid_software_statement", "statement.from-the-future");
    });
  });

  describe("the address of the keys", () => {
    const statementWith = (software_jwks_uri: string) => tpp.statement({ claims: { software_jwks_uri } });

    const foreign: Record<string, () => string> = {
      "another host": () => `${elsewhere.url}application.jwks`,
      "the link-local metadata service": () => "https://169.254.169.254/latest/meta-data",
      "the private network": () => "https://10.0.0.1/application.jwks",
      "loopback on another port": () => "https://127.0.0.1:1/application.jwks",
      "IPv6 loopback": () => "https://[::1]/application.jwks",
      "an IPv4-mapped address": () => "https://[::ffff:10.0.0.1]/application.jwks",
      "a decimal address": () => "https://2130706433/application.jwks",
      "the keystore as a user name": () => `https://${new URL(keystore.url).host}@elsewhere.example/application.jwks`,
      "the keystore as a subdomain": () => `https://${new URL(keystore.url).hostname}.elsewhere.example/application.jwks`,
      "plain http": () => keystore.url.replace("https:", "http:"),
      "a file": () => "file:///etc/passwd",
      "data": () => "data:application/json,{}",
      "no address": () => "not an address",
    };
    for (const [name, address] of Object.entries(foreign)) {
      it(`${name}: refused without a call`, async () => {
        const answer = await post(await statementWith(address()));
        expect(answer.status, answer.text).to.equal(400);
        expectRefusal(answer, 400, "invalid_client_metadata", "jwks.not-in-keystore");
        expect(elsewhere.asked).to.deep.equal([]);
      });
    }

    it("that is the TPP's own word, not the statement's: refused without a call", async () => {
      const { software_statement } = await keystore.registration(tpp);
      expectRefusal(await post(software_statement, { jwks_uri: `${elsewhere.url}application.jwks` }), 400, "invalid_client_metadata", "jwks-uri.differs");
      expect(elsewhere.asked).to.deep.equal([]);
    });

    it("is not asked before the statement verifies", async () => {
      const before = keystore.asked.length;
      const { software_statement } = await keystore.registration(tpp);
      expectRefusal(await post(`${software_statement.slice(0, -8)}AAAAAAAA`), 400, "invalid_software_statement", "statement.signature");
      expect(keystore.asked.slice(before)).not.to.include(keystore.jwksPath(tpp));
    });

    const answers: Record<string, { listener: Parameters<KeystoreBetween["answer"]>[1]; status: number; error: string; code: string }> = {
      redirects: {
        listener: (_incoming, outgoing) => void outgoing.writeHead(302, { location: `${elsewhere.url}application.jwks` }).end(),
        status: 400,
        error: "invalid_client_metadata",
        code: "jwks.invalid",
      },
      "is huge": { listener: answersJson({ keys: [], padding: "x".repeat(100_000) }), status: 400, error: "invalid_client_metadata", code: "jwks.invalid" },
      "is huge without saying so": {
        listener: (_incoming, outgoing) => {
          outgoing.writeHead(200, { "content-type": "application/json" });
          for (let block = 0; block < 50; block += 1) outgoing.write(" ".repeat(10_000));
          outgoing.end('{"keys":[]}');
        },
        status: 400,
        error: "invalid_client_metadata",
        code: "jwks.invalid",
      },
      "never answers": { listener: () => undefined, status: 503, error: "temporarily_unavailable", code: "directory.unreachable" },
      "answers 500": { listener: answersJson({ keys: [] }, 500), status: 503, error: "temporarily_unavailable", code: "directory.unreachable" },
      "holds no keys": { listener: answersJson({ keys: [] }), status: 400, error: "invalid_client_metadata", code: "jwks.signing-key-missing" },
    };
    for (const [name, { listener, status, error, code }] of Object.entries(answers)) {
      it(`${name}: ${code}`, async () => {
        const other = await directory.createTpp();
        keystore.answer(keystore.jwksPath(other), listener);
        const answer = await post((await keystore.registration(other)).software_statement, {}, other);
        expectRefusal(answer, status, error);
        expect(answer.json().checks.map((check: { code?: string }) => check.code)).to.include(code);
        expect(elsewhere.asked).to.deep.equal([]);
      });
    }
  });

  it("with private addresses forbidden, a keystore in the private network is not called at all", async () => {
    const guarded = await startTestServer({
      directory,
      settings: { directory: { keystoreUrl: elsewhere.url, caFile: directory.localAuthority.caFile, allowPrivateAddresses: false } },
    });
    try {
      const body = { redirect_uris: tpp.description.redirect_uris, software_statement: await tpp.statement() };
      const answer = await guarded.post(guarded.url("registration"), body, { identity: tpp.tls });
      // Not even the list of revoked certificates can be had: the certificate's state is unknown, and refused.
      expect(answer.status).to.be.oneOf([401, 503]);
      expect(answer.json().error).to.be.oneOf(["invalid_client", "temporarily_unavailable"]);
      expect(elsewhere.asked).to.deep.equal([]);
    } finally {
      await guarded.stop();
    }
  });
});
