import { expect } from "chai";
import { systemClock } from "../../src/kernel/clock.ts";
import { newClientId, routeOfSoftware, systemRandomness, tagOfClient } from "../../src/kernel/identifiers.ts";
import { createLog } from "../../src/kernel/log.ts";
import { createClientChanges, type SeenClient } from "../../src/store/client-changes.ts";
import { createClientRecords, lastClientChange, whileUnchanged, type ClientRecord, type VersionedClient } from "../../src/store/client-records.ts";
import { openStore, type StoreOptions } from "../../src/store/open-store.ts";
import type { Batch, Store } from "../../src/store/store.ts";

const needs = { clock: systemClock, log: createLog("silent") };

/** That what is committed for a client holds for that client as it was read, whoever changed it or others, on every store. */
export function clientChangesContract(options: () => StoreOptions): void {
  let store: Store;
  /** Another process on the same store. */
  let elsewhere: Store;
  /** What the first was asked of late. */
  let batches: Batch[] = [];
  let lookUps = 0;
  let lastSoftware = 0;

  before(async () => {
    store = await openStore(options(), needs);
    elsewhere = await openStore(options(), needs);
  });
  after(async () => {
    await store?.close();
    await elsewhere?.close();
  });

  const watched = (): Store => ({
    ...store,
    batch: (batch) => {
      batches.push(batch);
      return store.batch(batch);
    },
    get: (key) => {
      lookUps += 1;
      return store.get(key);
    },
  });
  const started = () => createClientChanges(watched());
  const conditions = () => batches.map(({ given = [] }) => given.map(({ name }) => name));

  async function registered(): Promise<VersionedClient> {
    const softwareId = `software-${process.pid}-${(lastSoftware += 1)}`;
    const record: ClientRecord = {
      realm: "changes",
      clientId: newClientId(routeOfSoftware("changes", softwareId), systemRandomness),
      softwareId,
      organisationId: "organisation",
      metadata: {},
      status: "active",
      productScopes: [],
      registrationTokenHash: "",
      registeredAt: 1,
      updatedAt: 1,
    };
    const clients = createClientRecords({ store: elsewhere });
    expect(await clients.insert({ record, statement: "", with: [] })).equals(true);
    return (await clients.find(record.clientId))!;
  }

  const seen = (client: VersionedClient): SeenClient => ({ ...client, seenAt: undefined });
  const change = ({ version, record }: VersionedClient) => createClientRecords({ store: elsewhere }).replace({ version, record }, { record: { ...record, status: "suspended" }, with: [] });
  const remove = (client: VersionedClient) => createClientRecords({ store: elsewhere }).remove(client, []);

  const token = (client: VersionedClient, value: string) => ({ tag: tagOfClient(client.record.clientId), put: [{ name: "token/x", value, ttlSeconds: 60 }] });
  const tokenOf = ({ record }: VersionedClient) => store.get({ tag: tagOfClient(record.clientId), name: "token/x" });

  for (const [what, end] of [["changed", change], ["deleted", remove]] as const) {
    it(`commits nothing for a client that another process has ${what}, however often it was seen before`, async () => {
      for (const times of [0, 1, 2, 3]) {
        const client = await registered();
        const changes = started();
        const ours = seen(client);
        for (let time = 1; time <= times; time += 1) {
          expect(await changes.commitWhileUnchanged(ours, token(client, `before, ${time}`))).deep.equals({ done: true });
        }
        expect(await end(client)).equals(true);
        for (const value of ["after", "after it again", "and again", "and again"]) {
          expect(await changes.commitWhileUnchanged(ours, token(client, value))).deep.equals({ done: false, failed: whileUnchanged(client) });
        }
        expect(await tokenOf(client)).equals(times === 0 ? undefined : `before, ${times}`);
      }
    });
  }

  it("commits for a client that stands, in the midst of changes of others", async () => {
    const client = await registered();
    const changes = started();
    const ours = seen(client);
    for (const value of ["1", "2", "3", "4", "5", "6"]) {
      const other = await registered();
      if (Number(value) > 2) await change(other);
      if (Number(value) > 4) await remove((await createClientRecords({ store: elsewhere }).find(other.record.clientId))!);
      expect(await changes.commitWhileUnchanged(ours, token(client, value))).deep.equals({ done: true });
      expect(await tokenOf(client)).equals(value);
    }
  });

  it("names the condition of the batch's own that did not hold", async () => {
    const client = await registered();
    const changes = started();
    const ours = seen(client);
    for (const time of [1, 2, 3, 4]) {
      const used = { name: "used", is: "absent" } as const;
      const result = await changes.commitWhileUnchanged(ours, { ...token(client, "x"), when: [used], put: [{ name: "used", value: "1", ttlSeconds: 60 }] });
      expect(result).deep.equals(time === 1 ? { done: true } : { done: false, failed: used });
    }
  });

  it("never commits for a version that has been replaced, with changes and tokens at the same time", async () => {
    let current = await registered();
    const changes = started();
    const clients = createClientRecords({ store: elsewhere });
    for (let round = 1; round <= 20; round += 1) {
      const ours = seen(current);
      await changes.commitWhileUnchanged(ours, token(current, `${round}`));
      const [replaced] = await Promise.all([clients.replace(current, { record: { ...current.record, updatedAt: round }, with: [] }), changes.commitWhileUnchanged(ours, token(current, `${round}, meanwhile`))]);
      expect(replaced).equals(true);
      expect((await changes.commitWhileUnchanged(ours, token(current, "too late"))).done).equals(false);
      expect(await tokenOf(current)).match(new RegExp(`^${round}`));
      current = (await clients.find(current.record.clientId))!;
    }
  });

  it("asks for the last change of any client alone, in one round trip, where a batch reaches it", async () => {
    const [client, other] = [await registered(), await registered()];
    const changes = started();
    const [ours, theirs] = [seen(client), seen(other)];
    const commit = async (one: SeenClient) => {
      lookUps = 0;
      batches = [];
      expect((await changes.commitWhileUnchanged(one, token(one === ours ? client : other, "x"))).done).equals(true);
      return { asked: conditions(), lookUps };
    };
    if (!store.spansTags) {
      expect(await store.get(lastClientChange), "the last change").equals(undefined);
      expect([await commit(ours), await commit(ours)]).deep.equals(Array.from({ length: 2 }, () => ({ asked: [["version"]], lookUps: 0 })));
      return;
    }
    expect(await commit(ours), "the very first").deep.equals({ asked: [["version"]], lookUps: 1 });
    expect(await commit(ours), "the first since that look").deep.equals({ asked: [["last-change", "version"]], lookUps: 0 });
    expect(await commit(ours), "from then on").deep.equals({ asked: [["last-change"]], lookUps: 0 });
    expect(await commit(theirs), "another's first").deep.equals({ asked: [["last-change", "version"]], lookUps: 0 });
    await registered();
    expect(await commit(theirs), "the first that meets a change").deep.equals({ asked: [["last-change"], ["version"]], lookUps: 1 });
    expect(await commit(ours), "another's first since the change").deep.equals({ asked: [["last-change", "version"]], lookUps: 0 });
    expect(await commit(ours), "from then on").deep.equals({ asked: [["last-change"]], lookUps: 0 });
  });
}
