import { expect } from "chai";
import { setTimeout as rest } from "node:timers/promises";
import { z } from "zod";
import { clientNames, createClientRecords, type ClientRecord, type ClientRecords, type ClientSuspension } from "../../src/store/client-records.ts";
import { changeByList, createClientLifecycle, type ClientLifecycle } from "../../src/policy/registration/client-lifecycle.ts";
import { createAuditLog } from "../../src/policy/audit/audit-log.ts";
import { clientTag, routeOf, systemRandomness } from "../../src/kernel/identifiers.ts";
import type { Participants } from "../../src/directory/participants.ts";
import { createLog } from "../../src/kernel/log.ts";
import { createOrganisationWatch } from "../../src/policy/registration/organisation-watch.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import type { Store } from "../../src/store/store.ts";
import { openConsentBank, type ConsentBank } from "../consent/consent-bank.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { expectRefusal, startRegistrationWorld, type Registered, type RegistrationWorld } from "./registration-world.ts";

const refreshSeconds = 10;

describe("the participants list", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;
  let client: Registered;
  let store: Store;
  /** Beside the server's, as another process has them. */
  let clients: ClientRecords;
  let lifecycle: ClientLifecycle;

  before(async () => {
    world = await startRegistrationWorld({
      settings: ({ urls, localAuthority }) => ({
        directory: {
          keystoreUrl: `${urls.keystore}/`,
          participantsUrl: `${urls.auth}/participants`,
          caFile: localAuthority.caFile,
          participantsRefreshSeconds: refreshSeconds,
          coolDownSeconds: 1,
        },
      }),
    });
    tpp = await world.directory.createTpp();
    const { clock } = world.time;
    const { lmdb } = world.server.settings["store"] as { lmdb: { path: string } };
    store = openLmdbStore({ path: lmdb.path, clock });
    clients = createClientRecords({ store });
    lifecycle = createClientLifecycle({ clients, audit: createAuditLog({ clock, randomness: systemRandomness }), clock, randomness: systemRandomness });
  });
  after(async () => {
    await store.close();
    await world.stop();
  });
  beforeEach(async () => {
    await organisationIs("Active");
    client = await world.register(tpp);
  });
  afterEach(() => world.delete(tpp, client));

  const organisationIs = (status: string) => world.directory.client.command("/sandbox/statuses", { organisationId: tpp.description.organisation_id, status }, z.object({ done: z.literal(true) }));
  const found = async () => {
    const known = await clients.find(client.clientId);
    if (!known) throw new Error("the client is registered");
    return known;
  };
  const listIsDue = () => world.time.forward(refreshSeconds);
  const until = async (happened: () => Promise<boolean>) => {
    while (!(await happened())) await rest(50);
  };
  const suspended = async () => (await found()).record.status === "suspended";
  const active = async () => !(await suspended());
  const health = async () => {
    const answer = await fetch(`http://127.0.0.1:${world.server.running.ports.ops}/ready`);
    return ((await answer.json()) as { directory: { participants: { status: string; ageSeconds: number; failure?: object } } }).directory.participants;
  };
  /** After this, whatever a list that is due would have changed is changed. */
  const listWasRead = async () => {
    listIsDue();
    await until(async () => (await health()).ageSeconds < 5);
    await rest(300);
  };

  it("is read at the start, and health knows its age", async () => {
    await until(async () => (await health()).status === "fresh");
    expect((await health()).ageSeconds).to.be.within(0, refreshSeconds);
  });

  for (const status of ["Withdrawn", "Pending"]) {
    it(`calls an organisation ${status}: its client gets no token, is told why, and gets tokens again when it is active`, async () => {
      expect((await world.server.requestToken(tpp, client.clientId)).status).to.equal(200);
      await organisationIs(status);
      listIsDue();
      await until(suspended);
      const refused = await world.server.requestToken(tpp, client.clientId);
      expectRefusal(refused, "client.suspended");
      expect(refused.json().error_description).to.include(`organisation.not-active: ${status} in the participants list of 20`);
      expect((await found()).record.suspension?.by).to.equal("directory");
      await organisationIs("Active");
      listIsDue();
      await until(active);
      expect((await world.server.requestToken(tpp, client.clientId)).status).to.equal(200);
    });
  }

  it("and a fresh statement of an active organisation restores as well", async () => {
    await organisationIs("Withdrawn");
    listIsDue();
    await until(suspended);
    await organisationIs("Active");
    expect((await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client) })).status).to.equal(200);
    expect((await world.server.requestToken(tpp, client.clientId)).status).to.equal(200);
  });

  it("does not lift what an operator decided", async () => {
    const by = { actor: { kind: "operator", operator: "test" } } as const;
    await lifecycle.suspend(await found(), { by: "operator", reason: "fraud" }, by);
    await listWasRead();
    expect((await found()).record.suspension).to.include({ by: "operator", reason: "fraud" });
    await lifecycle.restore(await found(), by);
  });

  it("is heard beneath an operator's suspension too: what the operator lifts, the list still holds", async () => {
    const by = { actor: { kind: "operator", operator: "test" } } as const;
    await lifecycle.suspend(await found(), { by: "operator", reason: "fraud" }, by);
    await organisationIs("Withdrawn");
    listIsDue();
    await until(async () => (await found()).record.suspension?.over?.by === "directory");
    const left = await lifecycle.restore(await found(), by);
    expect(left?.by).to.equal("directory");
    expectRefusal(await world.server.requestToken(tpp, client.clientId), "client.suspended");
    await organisationIs("Active");
    listIsDue();
    await until(active);
  });

  it("and an operator's recovery of a lost token takes back nothing of the operator's word", async () => {
    const by = { actor: { kind: "operator", operator: "test" } } as const;
    await organisationIs("Withdrawn");
    listIsDue();
    await until(suspended);
    await lifecycle.restore(await found(), by);
    client = { ...client, token: (await lifecycle.recover(await found(), undefined, by)).token };
    expect((await found()).record.keptByOperator).to.equal(true);
  });

  it("does not suspend again what an operator restored against it, until the next statement", async () => {
    await organisationIs("Withdrawn");
    listIsDue();
    await until(suspended);
    await lifecycle.restore(await found(), { actor: { kind: "operator", operator: "test" } });
    await listWasRead();
    expect((await world.server.requestToken(tpp, client.clientId)).status).to.equal(200);
    const body = await world.updateBody(tpp, client, {}, { org_status: "Active" });
    expect((await world.manage("PUT", tpp, client, { body })).status).to.equal(200);
    listIsDue();
    await until(suspended);
  });

  it("is gone through by one process of all that read it", async () => {
    let passes = 0;
    const counted: ClientRecords = {
      ...clients,
      list: (...wish) => {
        passes += 1;
        return clients.list(...wish);
      },
    };
    let asked = 0;
    const asOf = world.time.clock();
    const participants: Participants = {
      async current() {
        asked += 1;
        return { known: true, asOf, failure: undefined, statusOf: () => "Active" };
      },
      state: () => ({ url: "", ageSeconds: 0, status: "fresh", failure: undefined }),
      settled: async () => undefined,
    };
    const realm = world.server.running.realm.name;
    const needs = { participants, clients: counted, lifecycle, store, realm, log: createLog("silent"), refreshSeconds: 1 };
    const stops = [createOrganisationWatch(needs).start(), createOrganisationWatch(needs).start(), createOrganisationWatch(needs).start()];
    await until(async () => asked > 6);
    await Promise.all(stops.map((stop) => stop()));
    expect(passes).to.equal(1);
  });

  it("that cannot be read changes nobody", async () => {
    await organisationIs("Withdrawn");
    world.directory.faults.set({ target: "participants", kind: "garbage", milliseconds: 0, location: "" });
    listIsDue();
    await until(async () => (await health()).failure !== undefined);
    await rest(300);
    expect(await active()).to.equal(true);
    world.directory.faults.clear();
    world.time.forward(2);
    await until(suspended);
  });
});

describe("a pass over the clients", () => {
  let bank: ConsentBank;
  before(async () => {
    bank = await openConsentBank();
  });
  after(() => bank.close());

  it("is not held up by one record that cannot be read", async () => {
    const clientIds = [await bank.client("software-1"), await bank.client("software-2"), await bank.client("software-3")].map(({ clientId }) => clientId).sort();
    const [first = "", ...others] = clientIds;
    await bank.store.put(clientTag(routeOf(first) ?? ""), { name: clientNames.record, value: "{ damaged" });
    const { clock, store } = bank;
    // Without what the bank's own remember of the record as it was.
    const clients = createClientRecords({ store });
    const lifecycle = createClientLifecycle({ clients, audit: createAuditLog({ clock, randomness: systemRandomness }), clock, randomness: systemRandomness });
    const participants: Participants = {
      current: async () => ({ known: true, asOf: clock(), failure: undefined, statusOf: () => "Withdrawn" }),
      state: () => ({ url: "", ageSeconds: 0, status: "fresh", failure: undefined }),
      settled: async () => undefined,
    };
    const lines: string[] = [];
    const log = createLog("error", { write: (line: string) => void lines.push(line) });
    const stop = createOrganisationWatch({ participants, clients, lifecycle, store, realm: "openbanking_brasil", log, refreshSeconds: 60 }).start();
    const statusOf = async (clientId: string) => (await clients.find(clientId))?.record.status;
    while ((await Promise.all(others.map(statusOf))).includes("active")) await rest(20);
    await stop();
    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0] ?? "")).to.include({ clientId: first });
  });
});

describe("what the participants list changes of a client", () => {
  const record = (over: Partial<ClientRecord> = {}) => ({ status: "active", ...over }) as ClientRecord;
  const suspendedBy = (by: ClientSuspension["by"]) => record({ status: "suspended", suspension: { by, reason: "", at: 0 } });

  it("pending and withdrawn suspend, however they are written; nothing else does", () => {
    for (const listed of ["Withdrawn", "WITHDRAWN", "Pending"]) expect(changeByList(record(), listed)).to.equal("suspend");
    for (const listed of ["Active", "Retirado", "", undefined]) expect(changeByList(record(), listed)).to.equal(undefined);
    expect(changeByList(record({ keptByOperator: true }), "Withdrawn")).to.equal(undefined);
  });

  it("active restores whom the list suspended, and nobody else", () => {
    expect(changeByList(suspendedBy("directory"), "Active")).to.equal("restore");
    for (const by of ["statement", "operator"] as const) expect(changeByList(suspendedBy(by), "Active")).to.equal(undefined);
    for (const listed of ["Withdrawn", undefined]) expect(changeByList(suspendedBy("directory"), listed)).to.equal(undefined);
  });
});
