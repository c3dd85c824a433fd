import { expect } from "chai";
import { createSoftwareKeys } from "../../src/directory/software-keys.ts";
import { newClientId, routeOfSoftware, systemRandomness } from "../../src/kernel/identifiers.ts";
import { createKnownClients, type KnownClients } from "../../src/policy/token/known-clients.ts";
import { createClientRecords, type ClientRecord, type ClientRecords } from "../../src/store/client-records.ts";
import { startDirectoryClient, type DirectoryClient } from "../directory/directory-client.ts";

describe("what authentication knows of a client", () => {
  let directory: DirectoryClient;
  /** Another process on the same store. */
  let elsewhere: ClientRecords;
  let lastSoftware = 0;

  before(async () => {
    directory = await startDirectoryClient();
    elsewhere = createClientRecords({ store: directory.store });
  });
  after(() => directory.close());

  const knownClients = (remembered?: number): KnownClients =>
    createKnownClients({
      clients: createClientRecords({ store: directory.store }),
      softwareKeys: createSoftwareKeys(directory.keys),
      ...(remembered !== undefined && { remembered }),
    });

  async function registered(route?: string): Promise<ClientRecord> {
    const softwareId = `software-${(lastSoftware += 1)}`;
    const record: ClientRecord = {
      realm: "test",
      clientId: newClientId(route ?? routeOfSoftware("test", softwareId), systemRandomness),
      softwareId,
      organisationId: "organisation",
      metadata: { grant_types: ["client_credentials"], scope: "openid consents", jwks_uri: `${directory.server.url}${softwareId}/application.jwks` },
      status: "active",
      productScopes: ["accounts:read"],
      registrationTokenHash: "",
      registeredAt: 1,
      updatedAt: 1,
    };
    expect(await elsewhere.insert({ record, statement: "", with: [] })).to.equal(true);
    return record;
  }

  async function change(record: ClientRecord): Promise<void> {
    const before = await elsewhere.find(record.clientId);
    expect(before !== undefined && (await elsewhere.replace(before, { record, with: [] }))).to.equal(true);
  }

  it("is one object for as long as the version stands", async () => {
    const { clientId } = await registered();
    const known = knownClients();
    expect(known.recall(clientId)).to.equal(undefined);
    const found = await known.find(clientId);
    expect(found).to.deep.include({ active: true, scopesWithoutCustomer: ["consents", "accounts:read"] });
    expect(await known.find(clientId)).to.equal(found);
    expect(known.recall(clientId)).to.equal(found);
  });

  it("is worked out anew for another version, and outdated until it is found again", async () => {
    const record = await registered();
    const known = knownClients();
    const before = await known.find(record.clientId);
    await change({ ...record, status: "suspended", productScopes: [], metadata: { ...record.metadata, grant_types: ["authorization_code"] } });
    expect(known.recall(record.clientId)).to.equal(before);
    const after = await known.find(record.clientId);
    expect(after).to.deep.include({ active: false, scopesWithoutCustomer: undefined });
    expect(after?.version).not.to.equal(before?.version);
    expect(known.recall(record.clientId)).to.equal(after);
  });

  it("is nothing any more when the client is found to be gone", async () => {
    const { clientId } = await registered();
    const known = knownClients();
    await known.find(clientId);
    const client = await elsewhere.find(clientId);
    expect(client !== undefined && (await elsewhere.remove(client, []))).to.equal(true);
    expect(await known.find(clientId)).to.equal(undefined);
    expect(known.recall(clientId)).to.equal(undefined);
  });

  it("is told apart from another's whose id begins alike", async () => {
    const [one, two] = [await registered("01234567aaaaaaaa"), await registered("01234567bbbbbbbb")];
    const known = knownClients();
    for (const { clientId } of [one, two, one]) {
      expect((await known.find(clientId))?.record.clientId).to.equal(clientId);
      expect(known.recall(clientId)?.record.clientId).to.equal(clientId);
    }
    expect(known.recall(two.clientId)).to.equal(undefined);
    for (const unknown of [`01234567${"c".repeat(24)}`, "01234567", `${one.clientId}0`, one.clientId.slice(0, -1)]) {
      expect(known.recall(unknown), unknown).to.equal(undefined);
      expect(await known.find(unknown), unknown).to.equal(undefined);
    }
    expect(known.recall(one.clientId)?.record.clientId, "whoever asks in vain under its number").to.equal(one.clientId);
  });

  it("is of so many clients at most, those asked about last", async () => {
    const [one, two] = [await registered(), await registered()];
    const known = knownClients(1);
    await known.find(one.clientId);
    await known.find(two.clientId);
    expect(known.recall(one.clientId)).to.equal(undefined);
    expect((await known.find(one.clientId))?.record).to.deep.equal(one);
  });
});
