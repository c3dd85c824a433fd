import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readCertificate, type Certificate } from "../../src/certs/certificate.ts";
import { createCrlCache, type CrlCache, type CrlCacheNeeds } from "../../src/certs/crl-cache.ts";
import { createAuthority, type Authority } from "../../src/certs/issue-certificate.ts";
import { issueCrl } from "../../src/certs/issue-crl.ts";
import { createLog } from "../../src/kernel/log.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import type { Store } from "../../src/store/store.ts";
import { startCrlServer, type CrlServer } from "./crl-server.ts";
import { brcacOf, day, issuingRequest, now, rootRequest, sharedPki, type Pki } from "./test-authorities.ts";

const minute = 60_000;
const maxAge = 2 * day;

describe("revocation by CRL", () => {
  let pki: Pki;
  let authority: Authority;
  let issuer: Certificate;
  let leaf: Certificate;
  let other: Certificate;
  let server: CrlServer;
  let folder: string;
  let store: Store;
  let time: number;

  before(async () => {
    pki = await sharedPki();
    server = await startCrlServer();
    authority = { ...pki.issuing, crlUrl: server.url("/issuing.crl") };
    issuer = readCertificate(authority.certificate);
    leaf = readCertificate((await brcacOf(authority)).x509);
    other = readCertificate((await brcacOf(authority)).x509);
  });
  after(() => server.close());
  beforeEach(() => {
    time = now;
    folder = mkdtempSync(join(tmpdir(), "porteiro-crl-"));
    store = openLmdbStore({ path: join(folder, "store"), clock: () => time });
    server.lies.clear();
    server.calls.length = 0;
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const cacheWith = (changes: Partial<CrlCacheNeeds> = {}): CrlCache =>
    createCrlCache({
      fetch: server.fetch,
      store,
      clock: () => time,
      log: createLog("silent"),
      sources: [],
      authorities: [],
      settings: { crlFromCertificate: true, crlMaxAgeSeconds: maxAge / 1_000 },
      ...changes,
    });
  const listOf = (revoked: Certificate[], by = authority, at = time, life = day) =>
    issueCrl(by, {
      revoked: revoked.map(({ serialNumber }) => ({
        serialNumber,
        revokedAt: new Date(at - minute),
        reason: "keyCompromise",
      })),
      thisUpdate: new Date(at),
      nextUpdate: new Date(at + life),
      number: Math.floor(at / 1_000),
    });
  const publish = async (...revoked: Certificate[]) => {
    server.lies.set("/issuing.crl", await listOf(revoked));
  };
  const state = async (cache: CrlCache, certificate = leaf) => (await cache.revocationOf(certificate, issuer)).state;

  it("tells the revoked from the others, with day and reason", async () => {
    await publish(leaf);
    const cache = cacheWith();
    expect(await cache.revocationOf(leaf, issuer)).to.include({ state: "revoked", at: now - minute, reason: "keyCompromise" });
    expect(await cache.revocationOf(other, issuer)).to.include({ state: "good", asOf: now, stale: false });
  });

  it("a warm cache makes no call", async () => {
    await publish();
    const cache = cacheWith();
    for (let asked = 0; asked < 20; asked += 1) await state(cache);
    expect(server.calls).to.deep.equal(["/issuing.crl"]);
  });

  it("many who ask at once make one call", async () => {
    await publish();
    const cache = cacheWith();
    const answers = await Promise.all(Array.from({ length: 50 }, () => state(cache)));
    expect(new Set(answers)).to.deep.equal(new Set(["good"]));
    expect(server.calls).to.have.length(1);
  });

  it("a due list is refreshed behind the answer, and the generation tells of a change", async () => {
    await publish();
    const cache = cacheWith();
    expect(await state(cache)).to.equal("good");
    const before = cache.generation();
    time += 61 * minute;
    await publish(leaf);
    expect(await state(cache)).to.equal("good");
    await cache.refreshDue();
    expect(cache.generation()).to.be.greaterThan(before);
    expect(await state(cache)).to.equal("revoked");
  });

  it("a list that did not change leaves the generation alone", async () => {
    await publish();
    const cache = cacheWith();
    await state(cache);
    const before = cache.generation();
    time += 61 * minute;
    await cache.refreshDue();
    expect(server.calls).to.have.length(2);
    expect(cache.generation()).to.equal(before);
  });

  it("a list that lives an hour is refreshed long before its end", async () => {
    server.lies.set("/issuing.crl", await listOf([], authority, now, 60 * minute));
    const cache = cacheWith();
    const { recheckAt } = await cache.revocationOf(leaf, issuer);
    expect(recheckAt).to.equal(now + 30 * minute);
  });

  it("the last good list serves while its source is down, stale after its end, unknown after its maximum age", async () => {
    await publish(other);
    const cache = cacheWith();
    await state(cache);
    server.lies.set("/issuing.crl", 500);
    time = now + 2 * 60 * minute;
    expect(await cache.revocationOf(leaf, issuer)).to.include({ state: "good", stale: false });
    time = now + day + minute;
    expect(await cache.revocationOf(leaf, issuer)).to.include({ state: "good", stale: true });
    await cache.refreshDue();
    expect(cache.states()[0]).to.include({ usable: true, thisUpdate: now, checkedAt: now });
    expect(cache.states()[0]?.lastFailure).to.contain("/issuing.crl");
    time = now + day + maxAge;
    const answer = await cache.revocationOf(leaf, issuer);
    expect(answer.state).to.equal("unknown");
    expect(answer.state === "unknown" && answer.why).to.contain("the last one ended at 2026-06-16T12:00:00.000Z");
    expect(await state(cache, other), "what is revoked stays revoked").to.equal("revoked");
  });

  it("failures are retried after longer and longer pauses, and forgotten after a success", async () => {
    const cache = cacheWith();
    const calls: number[] = [];
    for (let second = 0; second < 3_600; second += 10) {
      time = now + second * 1_000;
      const before = server.calls.length;
      expect(await state(cache)).to.equal("unknown");
      if (server.calls.length > before) calls.push(second);
    }
    expect(calls).to.deep.equal([0, 30, 90, 210, 450, 930, 1830, 2730]);
    await publish();
    time = now + 3_630_000;
    expect(await state(cache)).to.equal("good");
  });

  it("a request waits no longer than it may for a source that hangs, and gets the list once it is there", async () => {
    const hanging = Promise.withResolvers<Buffer>();
    server.lies.set("/issuing.crl", hanging.promise);
    const cache = cacheWith({ longestWaitMs: 50 });
    expect(await state(cache)).to.equal("unknown");
    const before = cache.generation();
    hanging.resolve(await listOf([leaf]));
    await cache.refreshDue();
    expect(cache.generation()).to.be.greaterThan(before);
    expect(await state(cache)).to.equal("revoked");
    expect(server.calls).to.have.length(1);
  });

  it("the last good list outlives a restart, also when the source is down then", async () => {
    await publish(leaf);
    await state(cacheWith());
    server.lies.clear();
    server.calls.length = 0;
    expect(await state(cacheWith())).to.equal("revoked");
    expect(server.calls).to.deep.equal([]);
    time = now + 5 * 60 * minute;
    expect(await cacheWith().revocationOf(other, issuer)).to.include({ state: "good", stale: false });
  });

  it("two processes of one store share what one of them fetched", async () => {
    await publish();
    const one = cacheWith();
    const two = cacheWith();
    await state(one);
    await state(two);
    time += 61 * minute;
    await publish(leaf);
    await one.refreshDue();
    await two.refreshDue();
    expect(await state(two)).to.equal("revoked");
    expect(server.calls).to.have.length(2);
  });

  it("a stored list that somebody changed is not believed", async () => {
    await publish(leaf);
    await state(cacheWith());
    const forged = cacheWith({
      store: { ...store, get: async (key) => (await store.get(key))?.replace('"der":"MII', '"der":"MIJ') },
    });
    server.lies.clear();
    expect(await state(forged)).to.equal("unknown");
  });

  it("an older list than the one at hand is refused: it would bring the revoked back to life", async () => {
    const old = await listOf([], authority, now - day, 30 * day);
    await publish(leaf);
    const cache = cacheWith();
    expect(await state(cache)).to.equal("revoked");
    server.lies.set("/issuing.crl", old);
    time += 61 * minute;
    await cache.refreshDue();
    expect(await state(cache)).to.equal("revoked");
    expect(cache.states()[0]?.lastFailure).to.contain("at least as new");
  });

  it("a list of the future is refused", async () => {
    server.lies.set("/issuing.crl", await listOf([], authority, now + day));
    expect(await state(cacheWith())).to.equal("unknown");
  });

  it("the list of an authority with the same name and another key is refused", async () => {
    const twin = await createAuthority(issuingRequest(pki.root));
    server.lies.set("/issuing.crl", await listOf([], twin));
    const cache = cacheWith();
    expect(await state(cache)).to.equal("unknown");
    expect(cache.states()[0]?.lastFailure).to.contain("signature made by the issuer's key");
  });

  it("two authorities of one name have lists of their own", async () => {
    const twin = { ...(await createAuthority(issuingRequest(pki.root))), crlUrl: server.url("/twin.crl") };
    const twinLeaf = readCertificate((await brcacOf(twin, { serialNumber: leaf.serialNumber })).x509);
    await publish(leaf);
    server.lies.set("/twin.crl", await listOf([], twin));
    const cache = cacheWith();
    expect(await state(cache)).to.equal("revoked");
    const answer = await cache.revocationOf(twinLeaf, readCertificate(twin.certificate));
    expect(answer.state).to.equal("good");
  });

  it("the table's address is asked, not the certificate's; its second when the first fails", async () => {
    server.lies.set("/second.crl", await listOf([]));
    const urls = [server.url("/first.crl"), server.url("/second.crl")];
    const cache = cacheWith({ sources: [{ issuer: issuer.subjectText, publicKeyHash: issuer.publicKeyHash, urls }] });
    expect(await state(cache)).to.equal("good");
    expect(server.calls).to.deep.equal(["/first.crl", "/second.crl"]);
  });

  it("lists that the table, or a known authority's own certificate, leads to are known and fetched before any certificate comes", async () => {
    const root = { ...(await createAuthority(rootRequest())), crlUrl: server.url("/root.crl") };
    const below = { ...(await createAuthority(issuingRequest(root, { crlUrl: server.url("/root.crl") }))), crlUrl: server.url("/issuing.crl") };
    const [anchor, known] = [readCertificate(root.certificate), readCertificate(below.certificate)];
    server.lies.set("/root.crl", await listOf([], root));
    server.lies.set("/issuing.crl", await listOf([], below));
    const sources = [{ issuer: known.subjectText, publicKeyHash: known.publicKeyHash, urls: [server.url("/issuing.crl")] }];
    const cache = cacheWith({ sources, authorities: [anchor, known] });
    expect(cache.states().map(({ issuer, usable }) => [issuer, usable])).to.have.deep.members([anchor, known].map(({ subjectText }) => [subjectText, false]));
    const stop = cache.start();
    await cache.settled();
    expect(cache.states().every(({ usable }) => usable)).to.equal(true);
    const leafBelow = readCertificate((await brcacOf(below)).x509);
    expect((await cache.revocationOf(leafBelow, known)).state).to.equal("good");
    expect((await cache.revocationOf(known, anchor)).state).to.equal("good");
    expect(server.calls).to.have.members(["/issuing.crl", "/root.crl"]);
    stop();
  });

  it("without an address nobody is asked", async () => {
    await publish();
    const settings = { crlFromCertificate: false, crlMaxAgeSeconds: 600 };
    expect(await cacheWith({ settings }).revocationOf(leaf, issuer)).to.include({
      state: "unknown",
      why: "no address of its revocation list is known",
    });
    expect(server.calls).to.deep.equal([]);
  });

  it("a store that fails costs no answer", async () => {
    await publish(leaf);
    const broken = () => Promise.reject(new Error("the disk is gone"));
    expect(await state(cacheWith({ store: { ...store, get: broken, put: broken } }))).to.equal("revoked");
  });
});
