import { expect } from "chai";
import type { RequestListener } from "node:http";
import { createPublicKey } from "node:crypto";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import { answersJson, startKeystoreBetween, type KeystoreBetween } from "../support/keystore-between.ts";
import { createMovableClock } from "../support/movable-clock.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const freshness = 300;
const maxStale = 3_600;
const coolDown = 5;

describe("a client's keys follow the directory, and survive its silence", () => {
  const { clock, forward } = createMovableClock();
  let directory: SandboxDirectory;
  let keystore: KeystoreBetween;
  let server: TestServer;

  before(async () => {
    directory = await startSandboxDirectory({ clock });
    keystore = await startKeystoreBetween(directory);
    server = await startTestServer({
      directory,
      clock,
      settings: {
        directory: {
          keystoreUrl: keystore.url,
          caFile: directory.localAuthority.caFile,
          timeoutMilliseconds: 300,
          keyFreshnessSeconds: freshness,
          maxStaleSeconds: maxStale,
          coolDownSeconds: coolDown,
        },
      },
    });
  });
  after(async () => {
    await server.stop();
    await keystore.stop();
    await directory.stop();
  });

  async function registered(): Promise<{ tpp: SandboxTpp; clientId: string }> {
    const tpp = await directory.createTpp();
    const { clientId } = await server.register(tpp, await keystore.registration(tpp));
    expect((await server.requestToken(tpp, clientId)).status).to.equal(200);
    return { tpp, clientId };
  }

  it("a key that left the JWKS is dead after the freshness, and the new one works", async () => {
    const { tpp, clientId } = await registered();
    const key = await makeKey();
    const { signing } = await directory.directory.rotateKeys({ softwareId: tpp.description.software_id, signingKey: createPublicKey(key) });
    const withNewKey = () => server.assertion(tpp, clientId, { key, header: { kid: signing!.kid } });
    expect((await server.requestToken(tpp, clientId, { client_assertion: await withNewKey() })).status).to.equal(200);
    forward(freshness + 1);
    expectRefusal(await server.requestToken(tpp, clientId), 401, "invalid_client", "assertion.key-unknown");
    expect((await server.requestToken(tpp, clientId, { client_assertion: await withNewKey() })).status).to.equal(200);
  });

  it("keys of a software that left the keystore do not live on for ever", async () => {
    const { tpp, clientId } = await registered();
    keystore.answer(keystore.jwksPath(tpp), answersJson({ keys: [] }));
    forward(freshness + 1);
    expectRefusal(await server.requestToken(tpp, clientId), 401, "invalid_client", "assertion.key-unknown");
  });

  const outages: Record<string, RequestListener> = {
    "is down": (incoming) => void incoming.socket.destroy(),
    "answers garbage": (_incoming, outgoing) => void outgoing.writeHead(200, { "content-type": "application/json" }).end('{"keys": [ <html>'),
    "answers JSON that is no JWKS": answersJson({ error: "maintenance" }),
    "answers 503 with JSON": answersJson({ keys: [] }, 503),
    "answers 404": answersJson({ error: "not_found" }, 404),
    "never answers": () => undefined,
    redirects: (_incoming, outgoing) => void outgoing.writeHead(302, { location: "https://localhost:9/" }).end(),
  };
  for (const [name, outage] of Object.entries(outages)) {
    it(`while the keystore ${name}, known keys work up to maxStale, and unknown ones are told to wait`, async () => {
      const { tpp, clientId } = await registered();
      keystore.answer(keystore.jwksPath(tpp), outage);
      for (const pause of [freshness + 1, maxStale / 2]) {
        forward(pause);
        const answer = await server.requestToken(tpp, clientId);
        expect(answer.status, answer.text).to.equal(200);
      }
      const unknown = await server.assertion(tpp, clientId, { header: { kid: "no-such-kid" } });
      const refused = await server.requestToken(tpp, clientId, { client_assertion: unknown });
      expectRefusal(refused, 503, "temporarily_unavailable", "directory.unreachable");

      forward(maxStale);
      const late = await server.requestToken(tpp, clientId);
      expectRefusal(late, 503, "temporarily_unavailable", "directory.unreachable");
      expect(Number(late.headers["retry-after"])).to.be.greaterThan(0);

      keystore.answer(keystore.jwksPath(tpp), undefined);
      forward(coolDown + 1);
      expect((await server.requestToken(tpp, clientId)).status).to.equal(200);
    });
  }

  it("an outage is asked after at most once per cool-down, however many tokens are asked for", async () => {
    const { tpp, clientId } = await registered();
    keystore.answer(keystore.jwksPath(tpp), outages["answers 503 with JSON"]);
    forward(freshness + 1);
    const before = keystore.asked.length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.requestToken(tpp, clientId)));
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    expect(keystore.asked.slice(before).filter((path) => path === keystore.jwksPath(tpp))).to.have.length(1);
  });
});
