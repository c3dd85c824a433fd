import { expect } from "chai";
import { SignJWT } from "jose";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import { createMovableClock } from "../support/movable-clock.ts";
import { answersJson, startKeystoreBetween, type KeystoreBetween } from "../support/keystore-between.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type AssertionChange, type TestServer } from "../support/server.ts";

describe("a client proves who it is with a client assertion", () => {
  const { clock, forward } = createMovableClock();
  let directory: SandboxDirectory;
  let keystore: KeystoreBetween;
  let server: TestServer;
  let tpp: SandboxTpp;
  let other: SandboxTpp;
  let clientId: string;
  let otherId: string;

  before(async () => {
    directory = await startSandboxDirectory({ clock });
    keystore = await startKeystoreBetween(directory);
    server = await startTestServer({
      directory,
      clock,
      settings: { directory: { keystoreUrl: keystore.url, caFile: directory.localAuthority.caFile, coolDownSeconds: 1 } },
    });
    [tpp, other] = await Promise.all([directory.createTpp(), directory.createTpp()]);
    clientId = (await server.register(tpp, await keystore.registration(tpp))).clientId;
    otherId = (await server.register(other, await keystore.registration(other))).clientId;
  });
  after(async () => {
    await server.stop();
    await keystore.stop();
    await directory.stop();
  });

  const now = () => Math.floor(clock() / 1000);
  const asks = async (change: AssertionChange) =>
    server.requestToken(tpp, clientId, { client_assertion: await server.assertion(tpp, clientId, change) });
  const refuses = async (change: AssertionChange, code: string) => expectRefusal(await asks(change), 401, "invalid_client", code);
  const accepts = async (change: AssertionChange) => {
    const answer = await asks(change);
    expect(answer.status, answer.text).to.equal(200);
  };

  describe("addressed to (conformance 2.2.1)", () => {
    const forms: Record<string, () => string | string[]> = {
      "the issuer": () => server.running.realm.issuer,
      "the token endpoint": () => server.url("token"),
      "the token endpoint on the public host": () => server.url("token").replace(String(server.settings["mtlsUrl"]), String(server.settings["publicUrl"])),
      "the pushed authorization endpoint": () => server.url("pushed_authorization_request"),
      "an array of the issuer": () => [server.running.realm.issuer],
      "an array of issuer and token endpoint": () => [server.running.realm.issuer, server.url("token")],
      "an array with another server": () => ["https://other.example/token", server.url("token")],
    };
    for (const [name, aud] of Object.entries(forms)) {
      it(`${name}: accepted`, () => accepts({ claims: { aud: aud() } }));
    }

    const wrong: Record<string, () => unknown> = {
      "nobody (module 39)": () => undefined,
      "another server (module 39)": () => "https://other.example/token",
      "the issuer with a slash behind it": () => `${server.running.realm.issuer}/`,
      "an empty array": () => [],
      "a number": () => 1,
      "an object": () => ({ 0: server.running.realm.issuer }),
      "the host that the Host header names": () => "https://evil.example/default/openbanking_brasil/oauth2/token",
    };
    for (const [name, aud] of Object.entries(wrong)) {
      it(`${name}: refused`, () => refuses({ claims: { aud: aud() as string } }, "assertion.audience"));
    }

    it("an address made of the caller's Host header: refused", async () => {
      const answer = await server.call(server.url("token"), {
        method: "POST",
        headers: { host: "evil.example", "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: await server.assertion(tpp, clientId, { claims: { aud: "https://evil.example/default/openbanking_brasil/oauth2/token" } }),
        }).toString(),
        identity: tpp.tls,
      });
      expectRefusal(answer, 401, "invalid_client", "assertion.audience");
    });
  });

  describe("refused (modules 36 to 42)", () => {
    it("36: signed with RS256", () => refuses({ header: { alg: "RS256" } }, "assertion.algorithm"));

    it("an algorithm of none", async () => {
      const [, payload] = (await server.assertion(tpp, clientId)).split(".");
      const header = Buffer.from(JSON.stringify({ alg: "none", kid: tpp.signing.kid })).toString("base64url");
      const codes = { [`${header}.${payload}.`]: "assertion.algorithm", [`${header}.${payload}`]: "assertion.malformed" };
      for (const [unsigned, code] of Object.entries(codes)) {
        expectRefusal(await server.requestToken(tpp, clientId, { client_assertion: unsigned }), 401, "invalid_client", code);
      }
    });

    it("an HMAC with the public key as its secret", async () => {
      const secret = Buffer.from(JSON.stringify(tpp.signing.key.export({ format: "jwk" }).n));
      const jwt = await new SignJWT({ iss: clientId, sub: clientId, aud: server.running.realm.issuer, exp: now() + 60, jti: "x" })
        .setProtectedHeader({ alg: "HS256", kid: tpp.signing.kid })
        .sign(secret);
      expectRefusal(await server.requestToken(tpp, clientId, { client_assertion: jwt }), 401, "invalid_client", "assertion.algorithm");
    });

    it("an elliptic curve key", async () => {
      const key = await makeKey("ec");
      await refuses({ key, header: { alg: "ES256" } }, "assertion.algorithm");
    });

    it("37: no assertion, only client_id", async () => {
      const answer = await server.requestToken(tpp, clientId, { client_assertion: undefined, client_assertion_type: undefined, client_id: clientId });
      expectRefusal(answer, 401, "invalid_client", "assertion.absent");
    });
    it("another type of assertion", async () => {
      const answer = await server.requestToken(tpp, clientId, { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer" });
      expectRefusal(answer, 401, "invalid_client", "assertion.absent");
    });
    it("38: exp five minutes ago", () => refuses({ claims: { iat: now() - 360, exp: now() - 300 } }, "assertion.expired"));
    it("40: no sub", () => refuses({ claims: { sub: undefined } }, "assertion.client"));
    it("41: another iss", () => refuses({ claims: { iss: "somebody-else" } }, "assertion.client"));
    it("42: another sub", () => refuses({ claims: { sub: "somebody-else" } }, "assertion.client"));
    it("iss and sub of no client", () => refuses({ claims: { iss: "nobody", sub: "nobody" } }, "client.unknown"));
    it("32: another client's client_id beside it", async () => {
      expectRefusal(await server.requestToken(tpp, clientId, { client_id: otherId }), 401, "invalid_client", "assertion.client");
    });
    it("the own client_id beside it is well", async () => {
      expect((await server.requestToken(tpp, clientId, { client_id: clientId })).status).to.equal(200);
    });
  });

  describe("of a kind that its typ names (RFC 8725 3.11)", () => {
    for (const typ of [undefined, "JWT", "jwt", "client-authentication+jwt", "Client-Authentication+JWT"]) {
      it(`${typ}: accepted`, () => accepts({ header: { typ } as { typ: string } }));
    }
    for (const typ of ["at+jwt", "oauth-authz-req+jwt", "dpop+jwt", "", "JWT ", 1, null, ["JWT"]] as unknown[]) {
      it(`${JSON.stringify(typ)}: refused`, () => refuses({ header: { typ: typ as string } }, "assertion.type"));
    }
  });

  describe("keys", () => {
    it("an unknown kid: refused, and the keystore is asked again before", async () => {
      const asked = keystore.asked.length;
      forward(5);
      await refuses({ header: { kid: "no-such-kid" } }, "assertion.key-unknown");
      expect(keystore.asked.slice(asked)).to.deep.equal([keystore.jwksPath(tpp)]);
    });
    it("many invented kids cause one call within the cool-down", async () => {
      forward(5);
      const asked = keystore.asked.length;
      await Promise.all([1, 2, 3, 4, 5].map((count) => refuses({ header: { kid: `invented-${count}` } }, "assertion.key-unknown")));
      expect(keystore.asked.slice(asked)).to.deep.equal([keystore.jwksPath(tpp)]);
    });
    it("no kid", () => refuses({ header: { kid: undefined } }, "assertion.key-unknown"));
    it("the kid of the encryption key", () => refuses({ header: { kid: tpp.encryption.kid } }, "assertion.key-unknown"));
    it("the known kid with another key's signature", () => refuses({ key: other.signing.key }, "assertion.signature"));
    it("a key that the header brings along", async () => {
      const key = await makeKey();
      await refuses({ key, header: { jwk: { kty: "RSA", n: String(key.export({ format: "jwk" }).n), e: "AQAB" } } }, "assertion.signature");
    });
    it("several keys of one kid: none of them counts", async () => {
      const jwks = (await server.call(`${directory.urls.keystore}${keystore.jwksPath(tpp)}`)).json();
      keystore.answer(keystore.jwksPath(tpp), answersJson({ keys: [...jwks.keys, ...jwks.keys] }));
      forward(301);
      await refuses({}, "assertion.key-unknown");
      keystore.answer(keystore.jwksPath(tpp), undefined);
      forward(301);
      await accepts({});
    });
  });

  describe("life and jti", () => {
    it("lives at most ten minutes, with the tolerance of the clock", async () => {
      await accepts({ claims: { exp: now() + 600 } });
      await accepts({ claims: { iat: now() + 10, exp: now() + 610 } });
      await refuses({ claims: { exp: now() + 601 } }, "assertion.too-long-lived");
      await refuses({ claims: { exp: now() + 700 } }, "assertion.too-long-lived");
      await refuses({ claims: { exp: 2_000_000_000_000 } }, "assertion.too-long-lived");
      await refuses({ claims: { exp: now() + 86_400 } }, "assertion.too-long-lived");
    });
    it("cannot be stretched by an iat in the past or left out", async () => {
      await refuses({ claims: { iat: now() - 500, exp: now() + 300 } }, "assertion.too-long-lived");
      await refuses({ claims: { iat: now() - 10, exp: now() + 595 } }, "assertion.too-long-lived");
      await refuses({ claims: { iat: undefined, nbf: now() - 10, exp: now() + 595 } }, "assertion.too-long-lived");
      await refuses({ claims: { iat: undefined, exp: now() + 700 } }, "assertion.too-long-lived");
      await accepts({ claims: { iat: undefined, exp: now() + 300 } });
    });
    it("tolerates a clock that differs by 15 seconds, and no more", async () => {
      await accepts({ claims: { iat: now() + 10, nbf: now() + 10, exp: now() + 70 } });
      await accepts({ claims: { iat: now() - 70, exp: now() - 10 } });
      await refuses({ claims: { iat: now() + 60, exp: now() + 120 } }, "assertion.not-yet-valid");
      await refuses({ claims: { nbf: now() + 60, exp: now() + 120 } }, "assertion.not-yet-valid");
      await refuses({ claims: { iat: now() - 90, exp: now() - 30 } }, "assertion.expired");
    });
    for (const exp of [undefined, "tomorrow", null, [9_999_999_999], true] as unknown[]) {
      it(`an exp of ${JSON.stringify(exp)}`, () => refuses({ claims: { exp: exp as number } }, "assertion.malformed"));
    }
    for (const claim of ["nbf", "iat"] as const) {
      it(`an ${claim} that is no number`, () => refuses({ claims: { [claim]: "now" } }, "assertion.malformed"));
    }
    const jtis: [string, unknown][] = [["missing", undefined], ["empty", ""], ["a number", 7], ["too long", "x".repeat(257)], ["an array", ["a"]]];
    for (const [name, jti] of jtis) {
      it(`a jti that is ${name}`, () => refuses({ claims: { jti: jti as string } }, "assertion.malformed"));
    }
    it("a jti counts once, also in an assertion that differs", async () => {
      await accepts({ claims: { jti: "used-once" } });
      await refuses({ claims: { jti: "used-once", exp: now() + 30 } }, "assertion.used");
    });
    it("another client may use the same jti", async () => {
      const assertion = await server.assertion(other, otherId, { claims: { jti: "used-once" } });
      expect((await server.requestToken(other, otherId, { client_assertion: assertion })).status).to.equal(200);
    });
    it("a refused request uses nothing up", async () => {
      const assertion = await server.assertion(tpp, clientId);
      expectRefusal(await server.requestToken(tpp, clientId, { client_assertion: assertion, scope: "nonsense" }), 400, "invalid_scope");
      expect((await server.requestToken(tpp, clientId, { client_assertion: assertion })).status).to.equal(200);
    });
  });

  describe("the certificate beside it", () => {
    it("of other software", async () => {
      const answer = await server.requestToken(tpp, clientId, {}, other.tls);
      expectRefusal(answer, 401, "invalid_client", "certificate.other-client");
    });
    it("none", async () => {
      const answer = await server.requestToken(tpp, clientId, {}, { cert: "", key: "" });
      expectRefusal(answer, 401, "invalid_client", "certificate.absent");
    });
    it("a renewed one of the same software is as good", async () => {
      const renewed = await tpp.renewedTls();
      expect((await server.requestToken(tpp, clientId, {}, renewed)).status).to.equal(200);
    });
  });
});
