import { createHash } from "node:crypto";
import { expect } from "chai";
import { createCachedDocuments } from "../../src/directory/cached-documents.ts";
import { createGuardedHttp } from "../../src/directory/guarded-http.ts";
import { createSoftwareKeys } from "../../src/directory/software-keys.ts";
import { readJwks } from "../../src/directory/jwks.ts";
import { createOrganisationKeys } from "../../src/directory/organisation-keys.ts";
import { pours, saysNothing, sendJson, trickles } from "./badly-behaved-server.ts";
import { startDirectoryClient, times, type DirectoryClient } from "./directory-client.ts";
import { makeTestKey, type TestKey } from "./signing-keys.ts";

describe("keys of the directory, kept at hand", () => {
  let directory: DirectoryClient;
  let first: TestKey;
  let second: TestKey;
  let encryption: TestKey;
  let url: string;
  let lastPath = 0;

  const publish = (...keys: TestKey[]) => sendJson({ keys: keys.map(({ jwk }) => jwk) });
  const fetches = () => directory.server.requests.length;

  before(async () => {
    [first, second, encryption] = await Promise.all([makeTestKey("one"), makeTestKey("two"), makeTestKey("enc", "enc")]);
    directory = await startDirectoryClient();
  });
  beforeEach(() => {
    url = `${directory.server.url}${(lastPath += 1)}/application.jwks`;
    directory.server.requests.length = 0;
    directory.setTimeout(10_000);
    directory.server.answer = publish(first, encryption);
  });
  after(() => directory.close());

  async function whyMissing(kid: string): Promise<string> {
    const lookup = await directory.keys.signingKey(url, kid);
    return lookup.found ? "found" : lookup.why;
  }

  /** Waits for what happens in the background; the test's own time-out is the limit. */
  async function until(happened: () => boolean): Promise<void> {
    while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it("are fetched when first asked for, then answered from memory without a promise", async () => {
    const keys = createSoftwareKeys(directory.keys);
    const held = keys.hold(url);
    expect(keys.signingKeyAtHand(held, "one")).to.equal(undefined);
    const lookup = await keys.signingKey(held, "one");
    expect(lookup.found && lookup.key.kid).to.equal("one");
    expect(keys.signingKeyAtHand(held, "one")).to.equal(lookup.found && lookup.key);
    expect(fetches()).to.equal(1);
  });

  it("held ones are told apart by kid, and end with their JWKS", async () => {
    const keys = createSoftwareKeys(directory.keys);
    directory.server.answer = publish(first, second);
    const held = keys.hold(url);
    await keys.signingKey(held, "one");
    for (const kid of ["one", "two", "two", "three", "one"]) {
      expect(keys.signingKeyAtHand(held, kid)?.kid).to.equal(kid === "three" ? undefined : kid);
    }
    directory.server.answer = publish(second);
    directory.moveClock(times.coolDown + 1);
    await keys.renewedKeysOf(url);
    expect(keys.signingKeyAtHand(held, "one")).to.equal(undefined);
    expect(keys.signingKeyAtHand(held, "two")?.kid).to.equal("two");
    directory.moveClock(times.freshness + 1);
    expect(keys.signingKeyAtHand(held, "two"), "old, while the directory may answer").to.equal(undefined);
  });

  it("held ones serve on when theirs is the JWKS that had to leave memory, and are at hand again once asked for", async () => {
    const narrow = directory.anotherCache(1);
    const keys = createSoftwareKeys(narrow);
    const held = keys.hold(url);
    await keys.signingKey(held, "one");
    await narrow.current(`${directory.server.url}another/application.jwks`);
    expect(keys.signingKeyAtHand(held, "one")?.kid).to.equal("one");
    directory.moveClock(times.freshness + 1);
    expect(keys.signingKeyAtHand(held, "one")).to.equal(undefined);
    expect((await keys.signingKey(held, "one")).found).to.equal(true);
    expect(keys.signingKeyAtHand(held, "one")?.kid).to.equal("one");
  });

  it("a clock that is set back by less than their freshness changes nothing; by more, they are asked for anew", async () => {
    const keys = createSoftwareKeys(directory.keys);
    const held = keys.hold(url);
    await keys.signingKey(held, "one");
    directory.moveClock(1 - times.freshness);
    expect(keys.signingKeyAtHand(held, "one")?.kid).to.equal("one");
    directory.moveClock(-2);
    expect(keys.signingKeyAtHand(held, "one")).to.equal(undefined);
  });

  it("an encryption key verifies nothing", async () => {
    const keys = createSoftwareKeys(directory.keys);
    const held = keys.hold(url);
    expect(await keys.signingKey(held, "enc")).to.deep.equal({ found: false, why: "unknown" });
    expect(keys.signingKeyAtHand(held, "enc")).to.equal(undefined);
  });

  it("an organisation's keys are found in the same way", async () => {
    const lookup = await createOrganisationKeys(directory.keys).signingKey(url, "one");
    expect(lookup.found).to.equal(true);
  });

  it("50 parallel calls make one fetch", async () => {
    directory.server.answer = (request, response) => {
      setTimeout(() => publish(first)(request, response), 50);
    };
    const lookups = await Promise.all(Array.from({ length: 50 }, () => directory.keys.signingKey(url, "one")));
    expect(lookups.every(({ found }) => found)).to.equal(true);
    expect(fetches()).to.equal(1);
  });

  it("an unknown kid makes us ask again, once per cool-down, in parallel too", async () => {
    await directory.keys.current(url);
    const many = () => Promise.all(Array.from({ length: 20 }, (_, position) => whyMissing(`invented-${position}`)));
    expect(new Set(await many())).to.deep.equal(new Set(["unknown"]));
    await many();
    expect(fetches()).to.equal(2);
    directory.moveClock(times.coolDown + 1);
    await many();
    expect(fetches()).to.equal(3);
  });

  it("a first fetch that lacks the kid is not repeated at once", async () => {
    expect(await whyMissing("invented")).to.equal("unknown");
    expect(fetches()).to.equal(1);
  });

  it("a new key is found at once, whatever the age of our copy", async () => {
    await directory.keys.current(url);
    directory.server.answer = publish(first, second);
    expect(await whyMissing("two")).to.equal("found");
    expect(fetches()).to.equal(2);
  });

  it("a copy in use is renewed in the background before it grows old", async () => {
    await directory.keys.current(url);
    directory.moveClock(times.freshness * 0.7);
    expect(directory.keys.peek(url)).not.to.equal(undefined);
    expect(fetches()).to.equal(1);
    directory.moveClock(times.freshness * 0.15);
    directory.server.answer = publish(second);
    expect(directory.keys.peek(url)?.byKid.has("one")).to.equal(true);
    await until(() => directory.keys.peek(url)?.byKid.has("two") === true);
    expect(directory.keys.peek(url)?.byKid.has("one")).to.equal(false);
    expect(fetches()).to.equal(2);
  });

  it("a renewal that brings the same text leaves the same keys, another text others", async () => {
    await directory.keys.current(url);
    const before = directory.keys.peek(url);
    await directory.keys.signingKey(url, "two");
    expect(fetches()).to.equal(2);
    expect(directory.keys.peek(url)).to.equal(before);
    directory.server.answer = publish(first, second, encryption);
    directory.moveClock(times.coolDown + 1);
    expect((await directory.keys.signingKey(url, "two")).found).to.equal(true);
    expect(directory.keys.peek(url)).to.not.equal(before);
  });

  it("a key that left the keystore is refused after keyFreshness, however long nobody asked (engine A6)", async () => {
    await directory.keys.current(url);
    directory.server.answer = publish(second);
    for (const idle of [times.freshness + 1, 7_200, 30 * 86_400]) {
      directory.moveClock(idle);
      expect(directory.keys.peek(url)?.byKid.has("one")).not.to.equal(true);
      expect(await whyMissing("one")).to.equal("unknown");
    }
  });

  it("an emptied JWKS ends all keys", async () => {
    await directory.keys.current(url);
    directory.server.answer = publish();
    directory.moveClock(times.freshness + 1);
    expect(await whyMissing("one")).to.equal("unknown");
  });

  it("the server's max-age shortens our freshness, down to a cool-down, and never lengthens it", async () => {
    const publishedFor = (maxAge: string) =>
      sendJson({ keys: [first.jwk] }, 200, { "cache-control": `public, max-age=${maxAge}` });
    for (const [maxAge, freshFor] of [["60", 60], ["999999", times.freshness], ["0", times.coolDown]] as const) {
      url = `${directory.server.url}max-age/${maxAge}`;
      directory.server.answer = publishedFor(maxAge);
      await directory.keys.current(url);
      directory.moveClock(freshFor - 1);
      expect(directory.keys.state(url).status, maxAge).to.equal("fresh");
      directory.moveClock(1);
      expect(directory.keys.state(url).status, maxAge).to.equal("stale");
      expect(directory.keys.peek(url), maxAge).to.equal(undefined);
    }
  });

  describe("when the keystore does not answer properly", () => {
    const garbage: [string, () => typeof saysNothing, string][] = [
      ["a JSON 503 that looks like a JWKS", () => sendJson({ keys: [] }, 503), "status"],
      ["another JSON document", () => sendJson({ error: "busy" }), "unreadable"],
      ["a page", () => (_request, response) => void response.end("<html>"), "unreadable"],
      ["silence", () => saysNothing, "timeout"],
      ["a trickle", () => trickles, "timeout"],
      ["a flood", () => pours, "size"],
      ["a redirect", () => sendJson({}, 302, { location: "/elsewhere" }), "redirect"],
    ];
    for (const [what, answer, reason] of garbage) {
      it(`${what}: known keys serve up to maxStale, then no more`, async () => {
        await directory.keys.current(url);
        directory.server.answer = answer();
        if (reason === "timeout") directory.setTimeout(200);
        directory.moveClock(times.freshness + 1);
        expect(await whyMissing("one")).to.equal("found");
        expect(directory.keys.state(url)).to.deep.include({ status: "stale" });
        expect(directory.keys.state(url).failure?.reason).to.equal(reason);
        expect(directory.keys.peek(url)?.byKid.has("one")).to.equal(true);

        directory.moveClock(times.maxStale - times.freshness - 2);
        expect(await whyMissing("one")).to.equal("found");
        directory.moveClock(2);
        expect(directory.keys.state(url).status).to.equal("absent");
        expect(directory.keys.peek(url)).to.equal(undefined);
        expect(await whyMissing("one")).to.equal("unreachable");
      });
    }

    it("waits for a failing keystore once, then serves without waiting and asks once per cool-down", async () => {
      await directory.keys.current(url);
      directory.server.answer = saysNothing;
      directory.setTimeout(200);
      directory.moveClock(times.freshness + 1);
      await directory.keys.current(url);
      expect(fetches()).to.equal(2);
      for (let calls = 0; calls < 20; calls += 1) expect(directory.keys.peek(url)).not.to.equal(undefined);
      expect(fetches()).to.equal(2);
      directory.moveClock(times.coolDown + 1);
      for (let calls = 0; calls < 20; calls += 1) expect(directory.keys.peek(url)).not.to.equal(undefined);
      await until(() => directory.keys.state(url).failure?.at === directory.clock());
      expect(fetches()).to.equal(3);
    });

    it("a kid that our old copy lacks is not called unknown: nobody could tell", async () => {
      await directory.keys.current(url);
      directory.server.answer = sendJson({}, 500);
      expect(await whyMissing("two")).to.equal("unreachable");
      expect(await whyMissing("one")).to.equal("found");
    });

    it("keys never seen are unreachable, asked for once per cool-down, and found when it recovers", async () => {
      directory.server.answer = sendJson({}, 500);
      for (let calls = 0; calls < 5; calls += 1) expect(await whyMissing("one")).to.equal("unreachable");
      expect(fetches()).to.equal(1);
      directory.server.answer = publish(first);
      directory.moveClock(times.coolDown + 1);
      expect(await whyMissing("one")).to.equal("found");
      expect(directory.keys.state(url).failure).to.equal(undefined);
    });

    it("a key removed meanwhile dies within keyFreshness of the recovery", async () => {
      await directory.keys.current(url);
      directory.server.answer = sendJson({}, 500);
      directory.moveClock(3_600);
      expect(await whyMissing("one")).to.equal("found");
      directory.server.answer = publish(second);
      directory.moveClock(times.freshness + 1);
      expect(directory.keys.peek(url)).to.equal(undefined);
      expect(await whyMissing("one")).to.equal("unknown");
    });

    it("a host outside the list is never asked", async () => {
      const reading = await directory.keys.current("https://elsewhere.example/application.jwks");
      expect(reading.available).to.equal(false);
      expect(!reading.available && reading.failure.reason).to.equal("host-not-allowed");
    });
  });

  describe("after a restart", () => {
    it("with the directory down the kept copy serves", async () => {
      await directory.keys.current(url);
      directory.server.answer = sendJson({}, 503);
      directory.moveClock(3_600);
      const restarted = directory.anotherCache();
      expect((await restarted.signingKey(url, "one")).found).to.equal(true);
      expect(restarted.state(url)).to.deep.include({ status: "stale", ageSeconds: 3_600 });
    });

    it("with a fresh copy in the store nothing is fetched", async () => {
      await directory.keys.current(url);
      const restarted = directory.anotherCache();
      expect((await restarted.signingKey(url, "one")).found).to.equal(true);
      expect(fetches()).to.equal(1);
    });

    it("a copy older than maxStale serves no more", async () => {
      await directory.keys.current(url);
      directory.server.answer = sendJson({}, 503);
      directory.moveClock(times.maxStale + 1);
      expect((await directory.anotherCache().signingKey(url, "one")).found).to.equal(false);
    });

    it("a damaged copy in the store is passed over", async () => {
      for (const damage of ["not JSON", "{}", JSON.stringify({ url, fetchedAt: directory.clock(), freshMs: 1e9, text: "?" })]) {
        await directory.keys.current(url);
        const name = `jwks:${createHash("sha256").update(url).digest("base64url")}`;
        expect(await directory.store.get({ tag: "directory", name })).to.be.a("string");
        await directory.store.put("directory", { name, value: damage });
        const before = fetches();
        expect((await directory.anotherCache().signingKey(url, "one")).found).to.equal(true);
        expect(fetches()).to.equal(before + 1);
      }
    });
  });

  it("a store that refuses us stops nobody: keys come from the keystore", async () => {
    // No store takes a name outside ASCII: it rejects both the reading and the keeping.
    const documents = createCachedDocuments({
      ...directory, kind: "chaves-é", times, accept: "application/json", capacity: 10, read: readJwks,
    });
    const reading = await documents.current(url);
    expect(reading.available && reading.value.byKid.has("one")).to.equal(true);
    expect(reading.available && reading.failure).to.equal(undefined);
  });

  it("can be waited for before the store is closed", async () => {
    const closing = await startDirectoryClient();
    closing.server.answer = publish(first);
    void closing.keys.current(`${closing.server.url}a`);
    await until(() => closing.server.requests.length === 1);
    await closing.keys.settled();
    expect(closing.keys.peek(`${closing.server.url}a`)).not.to.equal(undefined);
    await closing.close();
  });

  it("a certificate authority unknown to us is no keystore", async () => {
    const http = createGuardedHttp({
      allowedHosts: [directory.server.host],
      allowPrivateAddresses: true,
      timeoutMs: 5_000,
      maxBytes: 100_000,
      log: directory.log,
    });
    const documents = createCachedDocuments({
      ...directory, http, kind: "other", times, accept: "application/json", capacity: 10, read: JSON.parse,
    });
    const reading = await documents.current(url);
    expect(!reading.available && reading.failure.reason).to.equal("tls");
    http.close();
  });
});
