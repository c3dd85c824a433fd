import { expect } from "chai";
import { assert, asyncProperty, boolean, constantFrom, dictionary, jsonValue, oneof, string } from "fast-check";
import { registrationMembers } from "../../src/policy/registration/registration-request.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import { runs } from "../support/property-runs.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { codesIn, startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

const permitted = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

describe("hostile registration bodies", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;

  before(async () => {
    world = await startRegistrationWorld();
    tpp = await world.directory.createTpp();
  });
  after(() => world.stop());
  // Whatever was sent, nothing may be registered.
  afterEach(async () => {
    const answer = await world.post(tpp, { software_statement: await tpp.statement() }, { path: "/recover" });
    expect(codesIn(answer)).to.deep.equal(["registration.absent"]);
  });

  const send = (body: string | Buffer, headers: Record<string, string> = { "content-type": "application/json" }): Promise<HttpsAnswer> =>
    world.server.call(world.address(), { method: "POST", headers, body, identity: tpp.tls });

  function expectClearRefusal(answer: HttpsAnswer): void {
    expect(answer.status, answer.text).to.equal(400);
    expect(answer.headers["content-type"]).to.match(/^application\/json/);
    expect(answer.json().error_description).to.match(permitted);
    expect(answer.json().checks).to.be.an("array").that.is.not.empty;
  }

  const texts: [string, string | Buffer, string][] = [
    ["nothing", "", "request.not-json"],
    ["broken JSON", '{"a":', "request.not-json"],
    ["an array", "[]", "request.not-json"],
    ["null", "null", "request.not-json"],
    ["a number", "1e400", "request.not-json"],
    ["what is not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "request.not-json"],
    ["two objects", "{}{}", "request.not-json"],
    ["deep arrays", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, "request.too-deep"],
    ["deep objects", `${'{"a":'.repeat(500)}1${"}".repeat(500)}`, "request.too-deep"],
    ["a megabyte", JSON.stringify({ a: "x".repeat(1_048_576) }), "request.too-large"],
  ];
  for (const [what, body, code] of texts) {
    it(`${what} is refused as ${code}`, async () => {
      const answer = await send(body);
      expectClearRefusal(answer);
      expect(codesIn(answer)).to.deep.equal([code]);
    });
  }

  it("another content type, or none, is refused, whatever the body is", async () => {
    const body = JSON.stringify(await world.bodyOf(tpp));
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jwt", "application/jsonx", "multipart/form-data; boundary=x"]) {
      const answer = await send(body, { "content-type": type });
      expect(codesIn(answer), type).to.deep.equal(["request.content-type"]);
    }
    expect(codesIn(await send(body, {}))).to.deep.equal(["request.content-type"]);
  });

  it("members named like the language's own do nothing", async () => {
    const body = JSON.stringify({ ...(await world.bodyOf(tpp)), redirect_uris: [] });
    const answer = await send(body.replace(/^\{/, '{"__proto__":{"redirect_uris":["https://x.example.com/"]},"constructor":{"prototype":{"jwks":1}},"toString":1,'));
    expect(codesIn(answer)).to.deep.equal(["redirect-uris.absent"]);
    expect(({} as Record<string, unknown>)["redirect_uris"]).to.equal(undefined);
  });

  const wrongValues = [5, -1, 1e308, true, "", "x\u0000y", "línea\nnueva", "x".repeat(3_000), [], [5], [null], [["a"]], {}, { a: 1 }, "\ud800"];
  for (const name of Object.keys(registrationMembers)) {
    it(`${name} of every wrong type is refused by name, or ignored where it may be anything`, async () => {
      const good = await world.bodyOf(tpp);
      for (const value of wrongValues) {
        // Without a redirect URI nothing is registered, should the value be right after all.
        const answer = await send(JSON.stringify({ ...good, ...(name === "redirect_uris" ? { jwks: 1 } : { redirect_uris: [] }), [name]: value }));
        expectClearRefusal(answer);
        for (const code of codesIn(answer)) {
          expect(code).to.match(/^[a-z-]+\.[a-z-]+$/);
        }
      }
    });
  }

  it("any JSON object at all gets a clear refusal", async () => {
    const names = constantFrom(...Object.keys(registrationMembers), "__proto__", "client_secret", "");
    const object = dictionary(oneof(names, string()), jsonValue({ maxDepth: 4 }), { maxKeys: 12 });
    const good = await world.bodyOf(tpp);
    const property = asyncProperty(object, boolean(), async (members, genuine) => {
      expectClearRefusal(await send(JSON.stringify({ ...(genuine ? good : {}), ...members, redirect_uris: [] })));
    });
    await assert(property, runs(60));
  }).timeout(120_000);
});
