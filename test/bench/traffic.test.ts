import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { prepareScript } from "../../scripts/bench/traffic.ts";

function answer(status: number, body: object | "") {
  return { status, body: Buffer.from(body === "" ? "" : JSON.stringify(body)) };
}

describe("bench: what is sent and what must come back", () => {
  it("sends each form with its client's assertion, and uses every assertion once, over all connections", () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-traffic-"));
    try {
      const assertionsFile = join(folder, "assertions.txt");
      writeFileSync(assertionsFile, "one\ntwo\nthree\nfour");
      const expected = { status: 201, mark: "urn" };
      const forms = ["of=odd", "of=even"];
      const script = prepareScript({ kind: "authenticated", path: "/par", forms, count: 3, assertionsFile, expected });
      const [first, second] = [script.conversation(0), script.conversation(1)];
      const sent = [first.begin(), second.begin(), first.begin(), second.begin()].map((bytes) =>
        /\r\n\r\n(of=\w+)&.*client_assertion=(\w+)$/.exec(String(bytes))?.slice(1).join(" "),
      );
      expect(script.prepared).to.equal(3);
      expect(sent).to.deep.equal(["of=odd one", "of=even two", "of=odd three", undefined]);
      expect(first.proceed(answer(201, { request_uri: "urn:x" }))).to.equal("done");
      expect(first.proceed(answer(200, { request_uri: "urn:x" }))).to.equal("unexpected");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("takes an inactive token for an error", () => {
    const script = prepareScript({ kind: "introspection", path: "/introspect", clientId: undefined, tokens: ["a b"] });
    const conversation = script.conversation(0);
    expect(String(conversation.begin())).to.match(/\r\n\r\ntoken=a%20b$/);
    expect(conversation.proceed(answer(200, { active: true }))).to.equal("done");
    expect(conversation.proceed(answer(200, { active: false }))).to.equal("unexpected");
    expect(conversation.proceed(answer(401, {}))).to.equal("unexpected");
  });

  it("reads a resource with each token in turn", () => {
    const script = prepareScript({ kind: "resource", path: "/accounts", tokens: ["a", "b"], mark: '"accountId"' });
    const conversation = script.conversation(0);
    const sent = Array.from({ length: 3 }, () => /Bearer (\w)/.exec(String(conversation.begin()))?.[1]);
    expect(sent).to.deep.equal(["a", "b", "a"]);
    expect(conversation.proceed(answer(200, { data: [{ accountId: "1" }] }))).to.equal("done");
    expect(conversation.proceed(answer(200, { data: [] }))).to.equal("unexpected");
  });

  it("deletes what it has registered before it registers again", () => {
    const script = prepareScript({ kind: "registration", path: "/register", bodies: ["{}", '{"second":true}'] });
    const conversation = script.conversation(1);
    expect(String(conversation.begin())).to.match(/^POST \/register [^]*\r\n\r\n\{"second":true\}$/);
    const deletion = conversation.proceed(
      answer(201, { registration_client_uri: "https://localhost:1/register/abc", registration_access_token: "rat" }),
    );
    expect(String(deletion)).to.match(/^DELETE \/register\/abc HTTP\/1.1\r\n[^]*Authorization: Bearer rat\r\n/);
    expect(conversation.proceed(answer(204, ""))).to.equal("done");
    conversation.begin();
    expect(conversation.proceed(answer(400, { error: "invalid_client_metadata" }))).to.equal("unexpected");
  });
});
