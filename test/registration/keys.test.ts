import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { RefusalCode } from "../../src/kernel/refusal-catalogue.ts";
import type { Fault } from "../../src/sandbox/directory-requests.ts";
import { entry } from "../../src/sandbox/directory-memory.ts";
import type { SandboxDirectory, SandboxTpp } from "../support/sandbox.ts";
import { changePublishedKeys, changeSeal, newJwk, publishKey } from "./published-keys.ts";
import { checksIn, expectRefusal, startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

const yesterday = new Date(Date.now() - 86_400_000);
const tomorrow = new Date(Date.now() + 86_400_000);

describe("the keys of a registration (DCR 7.1-4, 7.1-5, 9.4; D8)", () => {
  let world: RegistrationWorld;
  let revokedSeal: SandboxTpp | undefined;

  before(async () => {
    world = await startRegistrationWorld({
      async beforehand(directory) {
        revokedSeal = await directory.createTpp();
        await revokeKeptSeal(directory, revokedSeal);
      },
    });
  });
  after(() => world.stop());
  afterEach(() => world.directory.faults.clear());

  /** Answers the registration of a TPP whose published keys were changed before anybody looked at them. */
  async function answerWith(change: (directory: SandboxDirectory, tpp: SandboxTpp) => Promise<unknown>) {
    const tpp = await world.directory.createTpp();
    await change(world.directory, tpp);
    return world.post(tpp, await world.bodyOf(tpp));
  }

  const publishEncryptionKey = async (tpp: SandboxTpp) => publishKey(world.directory, tpp, "late", { use: "enc", jwk: await newJwk(2048, { kid: "late", use: "enc", alg: "RSA-OAEP" }) });

  const changes: [string, readonly RefusalCode[], (directory: SandboxDirectory, tpp: SandboxTpp) => Promise<unknown>][] = [
    ["without a key for encryption", ["jwks.encryption-key-missing"], (directory, tpp) => changePublishedKeys(directory, tpp, (key) => (key.use === "enc" ? undefined : key))],
    ["without a key for signatures", ["jwks.signing-key-missing"], (directory, tpp) => changePublishedKeys(directory, tpp, (key) => (key.use === "sig" ? undefined : key))],
    ["without any key", ["jwks.signing-key-missing", "jwks.encryption-key-missing"], (directory, tpp) => changePublishedKeys(directory, tpp, () => undefined)],
    [
      "with a weak key in the place of the good one",
      ["jwks.invalid", "jwks.signing-key-missing"],
      async (directory, tpp) => {
        const weak = await newJwk(1024, { kid: "weak", use: "sig", alg: "PS256" });
        await changePublishedKeys(directory, tpp, (key) => (key.use === "sig" ? { ...key, jwk: weak } : key));
      },
    ],
    [
      "with two keys of one kid",
      ["jwks.invalid", "jwks.invalid", "jwks.encryption-key-missing"],
      async (directory, tpp) => publishKey(directory, tpp, "twin", { use: "enc", jwk: await newJwk(2048, { kid: tpp.encryption.kid, use: "enc", alg: "RSA-OAEP" }) }),
    ],
    ["with a BRSEAL that has expired", ["brseal.not-accepted"], (directory, tpp) => changeSeal(directory, tpp, { notBefore: new Date(yesterday.getTime() - 1_000), notAfter: yesterday })],
    ["with a BRSEAL that is not valid yet", ["brseal.not-accepted"], (directory, tpp) => changeSeal(directory, tpp, { notBefore: tomorrow, notAfter: new Date(tomorrow.getTime() + 1_000) })],
    ["with the BRSEAL of another organisation", ["brseal.other-organisation"], (directory, tpp) => changeSeal(directory, tpp, { organisationId: randomUUID() })],
    ["with a BRSEAL that no authority for BRSEAL issued", ["brseal.not-accepted"], (directory, tpp) => changeSeal(directory, tpp, { authority: "ac-ssl" })],
    [
      "with a bare signing key and no BRSEAL",
      ["brseal.not-accepted"],
      (directory, tpp) =>
        changePublishedKeys(directory, tpp, (key) => {
          const { x5c: _x5c, ...jwk } = key.jwk;
          return { ...key, jwk: key.use === "sig" ? jwk : key.jwk };
        }),
    ],
  ];
  for (const [what, [first = "jwks.invalid", ...others], change] of changes) {
    it(`refuses a software ${what}`, async () => {
      expectRefusal(await answerWith(change), first, ...others);
    });
  }

  const spares: [string, string, () => Promise<Record<string, unknown>>][] = [
    ["a weak key", "too-short", () => newJwk(1024, { kid: "spare", use: "sig", alg: "PS256" })],
    ["a private key", "private-member", async () => ({ ...(await newJwk(2048, { kid: "spare", use: "enc" })), d: "AQAB" })],
    ["a key of another kind", "not-rsa", async () => ({ kty: "EC", crv: "P-256", x: "x", y: "y", kid: "spare", use: "sig" })],
  ];
  for (const [what, reason, make] of spares) {
    it(`warns of ${what} beside the good ones, and registers; it signs nothing`, async () => {
      const tpp = await world.directory.createTpp();
      const jwk = await make();
      await publishKey(world.directory, tpp, "spare", { use: "sig", jwk });
      const tried = await world.post(tpp, await world.bodyOf(tpp), { path: "/check" });
      expect(tried.json().accepted, tried.text).to.equal(true);
      expect(checksIn(tried).find(({ result }) => result === "warning")).to.include({ code: "jwks.key-left-out", received: `key spare: ${reason}` });
      await world.registered(tpp, {}, async (client) => {
        expect((await world.server.requestToken(tpp, client.clientId)).status).to.equal(200);
        const client_assertion = await world.server.assertion(tpp, client.clientId, { header: { kid: "spare" } });
        expectRefusal(await world.server.requestToken(tpp, client.clientId, { client_assertion }), "assertion.key-unknown");
      });
    });
  }

  const mends: [string, RefusalCode, (directory: SandboxDirectory, tpp: SandboxTpp) => Promise<unknown>][] = [
    ["an encryption key", "jwks.encryption-key-missing", (directory, tpp) => changePublishedKeys(directory, tpp, (key) => (key.use === "enc" ? undefined : key))],
    ["a BRSEAL", "brseal.not-accepted", (directory, tpp) => changeSeal(directory, tpp, { notAfter: yesterday, notBefore: new Date(yesterday.getTime() - 1_000) })],
  ];
  for (const [what, code, spoil] of mends) {
    it(`sees ${what} that was published after a refusal at once, in the real call and in the dry run`, async () => {
      for (const path of ["", "/check"]) {
        const tpp = await world.directory.createTpp();
        await spoil(world.directory, tpp);
        expectRefusal(await world.post(tpp, await world.bodyOf(tpp)), code);
        await (what === "a BRSEAL" ? changeSeal(world.directory, tpp) : publishEncryptionKey(tpp));
        const answer = await world.post(tpp, await world.bodyOf(tpp), { path });
        expect(answer.json(), answer.text).to.include(path === "" ? { software_id: tpp.description.software_id } : { accepted: true });
      }
    });
  }

  it("asks the keystore once per cool-down for keys that stay as they are", async () => {
    const tpp = await world.directory.createTpp();
    await changePublishedKeys(world.directory, tpp, (key) => (key.use === "enc" ? undefined : key));
    const refused = async () => expectRefusal(await world.post(tpp, await world.bodyOf(tpp)), "jwks.encryption-key-missing");
    await refused();
    await refused();
    await publishEncryptionKey(tpp);
    await refused();
    world.time.forward(31);
    expect((await world.post(tpp, await world.bodyOf(tpp))).status).to.equal(201);
  });

  it("refuses a software whose BRSEAL the authority revoked", async () => {
    if (!revokedSeal) throw new Error("made before the server started");
    const answer = await world.post(revokedSeal, await world.bodyOf(revokedSeal));
    expectRefusal(answer, "brseal.not-accepted");
    expect(checksIn(answer).find(({ code }) => code === "brseal.not-accepted")?.received).to.match(/^certificate\.revoked/);
  });

  it("takes a renewed BRSEAL beside an expired one, as after a renewal", async () => {
    const tpp = await world.directory.createTpp();
    const expired = await world.directory.createTpp({ organisationId: tpp.description.organisation_id });
    await changeSeal(world.directory, expired, { notAfter: yesterday, notBefore: new Date(yesterday.getTime() - 1_000) });
    const { organisation_id, software_id } = expired.description;
    const [old] = (await world.directory.directory.memory.list("key", `${organisation_id}/${software_id}/`)).filter(({ use }) => use === "sig");
    await publishKey(world.directory, tpp, "old", { use: "sig", jwk: { ...old?.jwk, kid: "old" } });
    await world.registered(tpp, {}, async (client) => {
      expect((await world.server.requestToken(tpp, client.clientId)).status).to.equal(200);
    });
  });

  it("names the key by value and the other address, and asks neither", async () => {
    const tpp = await world.directory.createTpp();
    const body = await world.bodyOf(tpp, { jwks: { keys: [] }, jwks_uri: "https://169.254.169.254/latest/meta-data" });
    expectRefusal(await world.post(tpp, body), "jwks.by-value", "jwks-uri.differs");
  });

  for (const address of ["https://169.254.169.254/latest/meta-data", "https://localhost:1/application.jwks", "http://localhost/a", "file:///etc/passwd", "not an address"]) {
    it(`asks no address outside the keystore, even where the statement has it: ${address}`, async () => {
      const tpp = await world.directory.createTpp();
      const body = await world.bodyOf(tpp, { jwks_uri: address }, { claims: { software_jwks_uri: address } });
      expectRefusal(await world.post(tpp, body), "jwks.not-in-keystore");
    });
  }

  it("tells a keystore that has nothing of this software from one that is silent", async () => {
    const tpp = await world.directory.createTpp();
    const jwks_uri = tpp.description.jwks_uri.replace(tpp.description.software_id, randomUUID());
    const answer = await world.post(tpp, await world.bodyOf(tpp, { jwks_uri }, { claims: { software_jwks_uri: jwks_uri } }));
    expectRefusal(answer, "jwks.invalid");
  });
});

describe("a registration while the keystore misbehaves", () => {
  let world: RegistrationWorld;

  before(async () => {
    world = await startRegistrationWorld();
  });
  after(() => world.stop());
  afterEach(() => world.directory.faults.clear());

  const faults: [Fault["kind"], RefusalCode][] = [
    ["unavailable", "directory.unreachable"],
    ["hang", "directory.unreachable"],
    ["garbage", "jwks.invalid"],
    ["huge", "jwks.invalid"],
    ["redirect", "jwks.invalid"],
  ];
  for (const [kind, code] of faults) {
    it(`is refused with ${code} when its keys come ${kind}, stores nothing, and works once that is over`, async () => {
      const tpp = await world.directory.createTpp();
      const body = await world.bodyOf(tpp);
      world.directory.faults.set({ target: "keystore", path: tpp.description.software_id, kind, milliseconds: 0, location: "https://localhost:9/elsewhere" });
      const answer = await world.post(tpp, body);
      expectRefusal(answer, code);
      expect(answer.headers["retry-after"] !== undefined, "Retry-After").to.equal(code === "directory.unreachable");
      world.directory.faults.clear();
      // The rest after a failed call is over by then; the statement is still fresh.
      world.time.forward(31);
      const again = await world.post(tpp, body);
      expect(again.status, again.text).to.equal(201);
    }).timeout(60_000);
  }

  it("waits for keys that come slowly", async () => {
    const tpp = await world.directory.createTpp();
    world.directory.faults.set({ target: "keystore", path: tpp.description.software_id, kind: "slow", milliseconds: 300, location: "" });
    await world.registered(tpp, {}, ({ clientId }) => expect(clientId).to.be.a("string"));
  });

  it("goes on with the directory's own keys from memory, and with the last good keys of a registered software", async () => {
    const tpp = await world.directory.createTpp();
    const client = await world.register(tpp);
    world.time.forward(600);
    world.directory.faults.set({ target: "keystore", kind: "garbage", milliseconds: 0, location: "" });
    const updated = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client) });
    expect(updated.status, updated.text).to.equal(200);
  });
});

/** A BRSEAL on the authority's list whose key stays published, as between two runs of the directory's own scan. */
async function revokeKeptSeal(directory: SandboxDirectory, tpp: SandboxTpp): Promise<void> {
  const serialNumber = await changeSeal(directory, tpp);
  const revocation = { serialNumber, revokedAt: Date.now(), reason: "keyCompromise" } as const;
  await directory.directory.memory.write([entry("revocation", `ac-multipla/${serialNumber}`, revocation)]);
}
