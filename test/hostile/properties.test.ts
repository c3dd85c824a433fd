import { expect } from "chai";
import * as fc from "fast-check";
import { SignJWT, type JWTPayload } from "jose";
import { registrationMembers } from "../../src/policy/registration/registration-request.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import { runs } from "../support/property-runs.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";
import { storeContent } from "./store-content.ts";

const permittedText = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

/** Names that the endpoints know, and names that they do not. */
const memberName = fc.oneof(fc.constantFrom(...Object.keys(registrationMembers), "__proto__", "constructor"), fc.string({ unit: "binary", maxLength: 20 }));
const anyJson = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });
/** Texts near those that the endpoints expect, and any others. */
const hostileText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom("PS256", "none", "openid consents", "https://localhost/x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "\u0000", "\r\n", "../..", "{x}", "%00"),
  fc.string({ minLength: 4_000, maxLength: 5_000 }),
);

describe("whatever is sent gets a clear 4xx, and nothing is stored", function () {
  this.timeout(120_000);
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;
  let stranger: SandboxTpp;
  let content: readonly string[];

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    [tpp, stranger] = await Promise.all([directory.createTpp(), directory.createTpp()]);
    client = await server.register(tpp);
    content = await storeContent(server);
  });
  afterEach(async () => {
    expect(await storeContent(server)).to.deep.equal(content);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  function expectClearRefusal(answer: HttpsAnswer): void {
    expect(answer.status, answer.text).to.be.within(400, 499);
    expect(answer.headers["content-type"]).to.match(/^application\/json/);
    const { error, error_description } = answer.json();
    expect(error).to.match(/^[a-z_]+$/);
    expect(error_description).to.match(permittedText);
  }

  /** Parameters of a form in which a name may come twice, and arbitrary text that is no form at all. */
  const anyForm = (names: readonly string[]) =>
    fc.oneof(
      fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 10 })), hostileText), { maxLength: 6 }).map((pairs) => new URLSearchParams(pairs).toString()),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
  const postForm = (name: "token" | "introspection" | "revocation", body: string | Buffer, identity = tpp.tls) =>
    server.call(server.url(name), { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" }, identity });

  it("registration: any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: "binary", maxLength: 500 }), fc.json({ stringUnit: "binary" }), fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes))), async (body) => {
        expectClearRefusal(await server.call(server.url("registration"), { method: "POST", body, headers: { "content-type": "application/json" }, identity: stranger.tls }));
      }),
      runs(60),
    );
  });

  it("registration: any members around no statement, or around a genuine one with a foreign redirect URI", async () => {
    const statement = await stranger.statement();
    await fc.assert(
      fc.asyncProperty(fc.dictionary(memberName, anyJson, { maxKeys: 8 }), fc.boolean(), async (members, genuine) => {
        const sealed = genuine ? { software_statement: statement, redirect_uris: ["https://elsewhere.example/cb"] } : { software_statement: undefined };
        // Spread would take a member __proto__ for the prototype; JSON.parse keeps it as one.
        const body = JSON.stringify(Object.fromEntries([...Object.entries(members), ...Object.entries(sealed)]));
        expectClearRefusal(await server.call(server.url("registration"), { method: "POST", body, headers: { "content-type": "application/json" }, identity: stranger.tls }));
      }),
      runs(100),
    );
  });

  it("update: any members around a foreign redirect URI", async () => {
    const statement = await tpp.statement();
    await fc.assert(
      fc.asyncProperty(fc.dictionary(memberName, anyJson, { maxKeys: 8 }), async (members) => {
        const body = JSON.stringify({ ...members, software_statement: statement, redirect_uris: ["https://elsewhere.example/cb"] });
        const headers = { "content-type": "application/json", authorization: `Bearer ${client.token}` };
        expectClearRefusal(await server.call(client.uri, { method: "PUT", body, headers, identity: tpp.tls }));
      }),
      runs(60),
    );
  });

  it("statements that the directory signed, with any claims of the wrong kind, beside a foreign redirect URI", async () => {
    const claim = fc.constantFrom("iss", "iat", "org_id", "org_status", "software_id", "software_redirect_uris", "software_statement_roles", "software_roles", "software_version", "software_environment", "software_api_webhook_uris", "software_client_name", "organisation_competent_authority_claims", "exp", "aud");
    await fc.assert(
      fc.asyncProperty(fc.dictionary(claim, anyJson, { minKeys: 1, maxKeys: 4 }), async (claims) => {
        const software_statement = await stranger.statement({ claims });
        const body = { redirect_uris: ["https://elsewhere.example/cb"], software_statement };
        // A statement may allow every redirect URI that it likes: only then is the rest of it looked at.
        if (JSON.stringify(claims).includes("elsewhere.example")) return;
        expectClearRefusal(await server.post(server.url("registration"), body, { identity: stranger.tls }));
      }),
      runs(100),
    );
  });

  it("statements of any text, or any header and claims under a foreign signature", async () => {
    const anyJwt = fc.tuple(fc.dictionary(fc.constantFrom("alg", "kid", "typ", "crit", "jwk", "jku", "b64", "enc"), anyJson), anyJson, fc.string({ maxLength: 50 })).map((parts) =>
      parts.map((part) => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url")).join("."),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(hostileText, anyJwt), async (software_statement) => {
        const body = { redirect_uris: stranger.description.redirect_uris, software_statement };
        expectClearRefusal(await server.post(server.url("registration"), body, { identity: stranger.tls }));
      }),
      runs(100),
    );
  });

  it("registration access tokens and client ids of any text", async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, fc.constantFrom("GET", "PUT", "DELETE"), fc.boolean(), async (text, method, inQuery) => {
        const id = encodeURIComponent(text.toWellFormed());
        const url = inQuery ? `${server.url("registration")}?client_id=${id}` : `${server.url("registration")}/${id}`;
        const headers = { authorization: `Bearer ${text.replace(/[^\x20-\x7e]/g, "?").slice(0, 2_000)}`, "content-type": "application/json" };
        expectClearRefusal(await server.call(url, { method, headers, identity: tpp.tls, ...(method === "PUT" ? { body: "{}" } : {}) }));
      }),
      runs(60),
    );
  });

  it("client assertions of any text", async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (client_assertion) => {
        expectClearRefusal(await server.requestToken(tpp, client.clientId, { client_assertion }));
      }),
      runs(60),
    );
  });

  it("client assertions that are signed well and whose claims or header are wrong in any way", async () => {
    const claim = fc.constantFrom("iss", "sub", "aud", "exp", "nbf", "iat", "jti");
    const wrong = fc.oneof(anyJson.filter((value) => typeof value !== "number"), fc.constantFrom(-1, 0, 1e308, -1e308, 4_102_444_800));
    await fc.assert(
      fc.asyncProperty(claim, wrong, fc.dictionary(fc.constantFrom("typ", "cty", "x5t", "jku"), hostileText), async (name, value, header) => {
        // A jti may be any text, and nbf and iat may be long ago.
        if (name === "jti" && typeof value === "string" && value !== "" && value.length <= 256) return;
        if ((name === "nbf" || name === "iat") && typeof value === "number") return;
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: client.clientId, sub: client.clientId, aud: server.running.realm.issuer, exp: now + 60, iat: now, jti: "never-used", [name]: value };
        const protectedHeader = { ...header, alg: "PS256", kid: tpp.signing.kid };
        const client_assertion = await new SignJWT(claims as JWTPayload).setProtectedHeader(protectedHeader).sign(tpp.signing.key);
        expectClearRefusal(await server.requestToken(tpp, client.clientId, { client_assertion }));
      }),
      runs(100),
    );
  });

  it("forms of any kind at the token and revocation endpoints", async () => {
    const names = ["grant_type", "scope", "client_id", "client_assertion", "client_assertion_type", "token", "code", "refresh_token"];
    await fc.assert(
      fc.asyncProperty(anyForm(names), fc.constantFrom("token", "revocation"), async (body, endpoint) => {
        expectClearRefusal(await postForm(endpoint as "token" | "revocation", body));
      }),
      runs(100),
    );
  });

  it("scopes of any text", async () => {
    await fc.assert(
      fc.asyncProperty(hostileText.filter((text) => text.trim() !== "" && !text.split(" ").every((value) => ["", "consents"].includes(value))), async (scope) => {
        expectClearRefusal(await server.requestToken(tpp, client.clientId, { scope }));
      }),
      runs(60),
    );
  });

  it("introspection of any form: a refusal, or not active", async () => {
    await fc.assert(
      fc.asyncProperty(anyForm(["token", "token_type_hint"]), async (body) => {
        const answer = await postForm("introspection", body, server.resourceServer);
        if (answer.status === 200) expect(answer.text).to.equal('{"active":false}');
        else expectClearRefusal(answer);
      }),
      runs(100),
    );
  });
});
