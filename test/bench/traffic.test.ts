import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { prepareScript } from "../../scripts/bench/traffic.ts";

function answer(status: number, body: object | "") {
  return { status, body: Buffer.from(body === "" ? "" : JSON.stringify(body)) };
}

describe("bench: what is sent and what must come back", () => {
  it("uses every client assertion once, over all connections", () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-traffic-"));
    try {
      const assertionsFile = join(folder, "assertions.txt");
      writeFileSync(assertionsFile, "one\ntwo\nthree");
      const script = prepareScript({ kind: "client-credentials", path: "/token", scope: "consents", assertionsFile });
      const [first, second] = [script.conversation(0), script.conversation(1)];
      const sent = [first.begin(), second.begin(), first.begin(), second.begin()].map((bytes) =>
        /client_assertion=(\w+)$/.exec(String(bytes))?.[1],
      );
      expect(script.prepared).to.equal(3);
      expect(sent).to.deep.equal(["one", "two", "three", undefined]);
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
