import { expect } from "chai";
import { request } from "node:https";
import { registrationMembers } from "../../src/policy/registration/registration-request.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";
import { storeContent } from "./store-content.ts";

describe("broken requests get a clear refusal, and nothing is stored", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let registered: SandboxTpp;
  let client: Registered;
  let body: Record<string, unknown>;
  let content: readonly string[];

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    [tpp, registered] = await Promise.all([directory.createTpp(), directory.createTpp()]);
    client = await server.register(registered);
    body = tpp.registrationBody(await tpp.statement());
    content = await storeContent(server);
    expect(content.join("\n")).to.contain(client.clientId);
  });
  afterEach(async () => {
    expect(await storeContent(server)).to.deep.equal(content);
  });
  after(async () => {
    // Whatever was refused has used nothing up: the same statement registers now.
    expect((await server.post(server.url("registration"), body, { identity: tpp.tls })).status).to.equal(201);
    await server.stop();
    await directory.stop();
  });

  const send = (text: string | Buffer, contentType = "application/json") =>
    server.call(server.url("registration"), { method: "POST", body: text, headers: { "content-type": contentType }, identity: tpp.tls });
  const post = (change: Record<string, unknown>) => server.post(server.url("registration"), { ...body, ...change }, { identity: tpp.tls });
  const put = (change: Record<string, unknown>) =>
    server.post(client.uri, { ...registered.registrationBody(String(client.body["software_statement"])), client_id: client.clientId, ...change }, {
      method: "PUT",
      headers: { authorization: `Bearer ${client.token}` },
      identity: registered.tls,
    });

  describe("a body that is not one JSON object", () => {
    const broken: Record<string, string | Buffer> = {
      "nothing": "",
      "half an object": '{"redirect_uris": [',
      "two objects": "{}{}",
      "an array": "[]",
      "null": "null",
      "a string": '"text"',
      "a number": "1e400",
      "single quotes": "{'scope':'openid'}",
      "a comma too many": '{"scope":"openid",}',
      "a NUL byte": "{\u0000}",
      "bytes that are no UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      "half a surrogate in UTF-8": Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
      "UTF-16": Buffer.from("\ufeff{}", "utf16le"),
      "HTML": "<html>",
      "a form": "redirect_uris=x",
    };
    for (const [name, text] of Object.entries(broken)) {
      it(`${name}: 400`, async () => expectRefusal(await send(text), 400, "invalid_client_metadata", "request.not-json"));
    }
    for (const contentType of ["text/plain", "application/x-www-form-urlencoded", "application/jwt", "application/json-patch+json", "text/json", "multipart/form-data; boundary=x", ";", "é"]) {
      it(`the content type ${contentType}: 400`, async () => {
        expectRefusal(await send(JSON.stringify(body), contentType), 400, "invalid_client_metadata", "request.content-type");
      });
    }
    it("no content type: 400", async () => {
      const answer = await server.call(server.url("registration"), { method: "POST", body: JSON.stringify(body), identity: tpp.tls });
      expectRefusal(answer, 400, "invalid_client_metadata", "request.content-type");
    });
    it("a compressed body: 400", async () => {
      const answer = await server.call(server.url("registration"), {
        method: "POST",
        body: Buffer.from("1f8b0800", "hex"),
        headers: { "content-type": "application/json", "content-encoding": "gzip" },
        identity: tpp.tls,
      });
      expectRefusal(answer, 400, "invalid_client_metadata", "request.not-json");
    });
  });

  describe("a body that is too large", () => {
    it("and says so: 400", async () => {
      expectRefusal(await post({ client_name: "x".repeat(100_000) }), 400, "invalid_client_metadata", "request.too-large");
    });
    it("and comes in chunks of unknown number: 400", async () => {
      const answer = await chunked(server.url("registration"), "application/json", `{"client_name":"${"x".repeat(300_000)}"}`);
      expectRefusal(answer, 400, "invalid_client_metadata", "request.too-large");
    });
    it("at the token endpoint, both ways: 400", async () => {
      const text = `client_assertion=${"x".repeat(300_000)}`;
      expectRefusal(await chunked(server.url("token"), "application/x-www-form-urlencoded", text), 400, "invalid_request", "form.too-large");
      const whole = await server.call(server.url("token"), { method: "POST", body: text, headers: { "content-type": "application/x-www-form-urlencoded" }, identity: tpp.tls });
      expectRefusal(whole, 400, "invalid_request", "form.too-large");
    });
  });

  describe("nesting", () => {
    for (const depth of [12, 1_000, 20_000]) {
      it(`of ${depth} levels: 400`, async () => {
        const nested = `{"jwks":${"[".repeat(depth)}${"]".repeat(depth)}}`;
        expectRefusal(await send(nested), 400, "invalid_client_metadata", "request.too-deep");
      });
    }
  });

  describe("names that JavaScript treats in a special way", () => {
    const special = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];
    it("as members beside a refused one: they change nothing", async () => {
      for (const name of special) {
        const text = JSON.stringify({ ...body, redirect_uris: ["https://elsewhere.example/cb"] }).replace(/^\{/, `{"${name}":{"redirect_uris":["x"],"accepted":true},`);
        expectRefusal(await send(text), 400, "invalid_redirect_uri", "redirect-uris.outside-statement");
      }
      expect(({} as Record<string, unknown>)["accepted"]).to.equal(undefined);
    });
    it("as a body of nothing else", async () => {
      for (const name of special) expectRefusal(await send(`{"${name}":{}}`), 400, "invalid_software_statement");
    });
    it("as form parameters", async () => {
      for (const name of special) {
        const answer = await server.call(server.url("token"), { method: "POST", body: `${name}=x&grant_type=client_credentials`, headers: { "content-type": "application/x-www-form-urlencoded" }, identity: tpp.tls });
        expectRefusal(answer, 401, "invalid_client", "assertion.absent");
      }
    });
    it("as client ids and refusal codes", async () => {
      for (const name of special) {
        const answer = await server.call(`${server.url("registration")}/${name}`, { headers: { authorization: `Bearer ${client.token}` }, identity: tpp.tls });
        expectRefusal(answer, 401, "invalid_token", "registration-token.unknown");
        const page = await server.call(`${server.running.realm.issuer}/refusals/${name}`);
        expect(page.status).to.equal(404);
      }
    });
  });

  describe("members of a wrong type: every one of them, named", () => {
    const wrongFor = (name: string): unknown[] => {
      const values: unknown[] = [17, -0.5, true, "text", [], [1], ["x"], [[]], [null], {}, { a: 1 }];
      const schema = registrationMembers[name as keyof typeof registrationMembers];
      return values.filter((value) => !schema.safeParse(value).success);
    };
    // jwks is refused whatever it is, by a check of its own.
    for (const name of Object.keys(registrationMembers).filter((member) => member !== "jwks")) {
      it(`${name}`, async () => {
        expect(wrongFor(name)).not.to.be.empty;
        for (const value of wrongFor(name)) {
          for (const answer of [await post({ [name]: value }), await put({ [name]: value })]) {
            expect(answer.status, JSON.stringify(value)).to.equal(400);
            const statement = name === "software_statement";
            expectRefusal(answer, 400, statement ? "invalid_software_statement" : "invalid_client_metadata");
            const codes = answer.json().checks.map((check: { code?: string }) => check.code);
            expect(codes).to.include(statement ? "statement.absent" : "request.member-type");
          }
        }
      });
    }
    it("all at once: each is named", async () => {
      const wrong = Object.fromEntries(Object.keys(registrationMembers).filter((name) => !["jwks", "software_statement"].includes(name)).map((name) => [name, { no: 1 }]));
      const answer = await post(wrong);
      expect(answer.status).to.equal(400);
      const named = answer.json().checks.filter(({ code }: { code?: string }) => code === "request.member-type").map(({ received }: { received: string }) => received.split(":")[0]);
      expect(named.sort()).to.deep.equal(Object.keys(wrong).sort());
    });
  });

  describe("control characters and texts that are no texts", () => {
    for (const value of ["a\u0000b", "a\r\nSet-Cookie: x=1", "\u001b[31m", "\u0085", "x\u007f"]) {
      it(JSON.stringify(value), async () => {
        for (const change of [{ client_name: value }, { scope: `openid ${value}` }, { redirect_uris: [`https://a.example/${value}`] }, { jwks_uri: value }]) {
          const answer = await post(change);
          expectRefusal(answer, 400, answer.json().error);
          expect(answer.json().checks.map((check: { code?: string }) => check.code)).to.include("request.member-type");
        }
      });
    }
    it("in the address", async () => {
      for (const path of ["%00", "%0d%0aX: y", "%ff", "%", "..%2f..", "{client:a}", "%7Bx%7D", "\\", "x".repeat(4_000)]) {
        const answer = await server.call(`${server.url("registration")}/${path}`, { headers: { authorization: `Bearer ${client.token}` }, identity: tpp.tls });
        expect(answer.status, path).to.be.within(400, 404);
        expect(answer.json().error, path).to.be.a("string");
      }
    });
    it("in the registration access token", async () => {
      for (const token of ["", " ", "a b", "a\tb", "é", "x".repeat(8_000), `${client.token}x`, client.token.slice(0, -1), client.token.toUpperCase()]) {
        const answer = await server.call(client.uri, { headers: { authorization: `Bearer ${Buffer.from(token).toString("latin1")}` }, identity: registered.tls });
        expectRefusal(answer, 401, "invalid_token");
      }
    });
  });

  function chunked(url: string, contentType: string, text: string): Promise<HttpsAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", headers: { "content-type": contentType }, ca: server.ca, agent: false, ...tpp.tls }, (answer) => {
        let received = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (received += chunk));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: received, json: () => JSON.parse(received) }));
      });
      sent.on("error", reject);
      for (let start = 0; start < text.length; start += 10_000) sent.write(text.slice(start, start + 10_000));
      sent.end();
    });
  }
});
