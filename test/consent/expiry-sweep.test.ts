import { expect } from "chai";
import { createLog } from "../../src/kernel/log.ts";
import { createExpirySweep } from "../../src/policy/consent/expiry-sweep.ts";
import { clientTag, routeOf } from "../../src/kernel/identifiers.ts";
import { consentName } from "../../src/store/consent-records.ts";
import { grantName } from "../../src/store/grant-records.ts";
import { begin, byServer, day, openConsentBank, personal, type ConsentBank } from "./consent-bank.ts";

describe("the end of consents that nobody reads", () => {
  let bank: ConsentBank;
  before(async () => {
    bank = await openConsentBank();
  });
  after(() => bank.close());

  async function authorised(clientId: string, count: number, expiresAt: number): Promise<string[]> {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) {
      const creation = await bank.consents.create(clientId, personal({ expiresAt }), byServer);
      const consentId = creation.done ? creation.consent.consentId : "";
      const grantId = `${clientId.slice(0, 16)}grant-${consentId}`;
      const grant = { grantId, put: { name: grantName(grantId), value: "{}" } };
      await bank.consents.authorise(consentId, { customerId: "customer-1", accounts: [], grant }, byServer);
      ids.push(consentId);
    }
    return ids;
  }

  const endsOf = async (clientId: string) => (await bank.auditOf(clientId)).filter(({ action }) => action === "consent.expired");

  it("reaches the trail with the sweep, for every client and page, once in the interval", async () => {
    const [one, other] = [(await bank.client("software-1")).clientId, (await bank.client("software-2")).clientId];
    const soon = (begin + day) / 1000;
    const ended = await authorised(one, 70, soon);
    const [alive] = await authorised(one, 1, soon + 86_400);
    const ofOther = await authorised(other, 1, soon);
    bank.advance(day + 1000);
    const needs = { ...bank, realm: "openbanking_brasil", log: createLog("silent"), restMs: 0 };
    const [first, second] = [createExpirySweep(needs), createExpirySweep(needs)];
    expect(await Promise.all([first.turn(), second.turn()])).to.have.members([true, false]);
    expect((await endsOf(one)).map(({ subject }) => subject.id)).to.have.members(ended);
    expect((await endsOf(other)).map(({ subject }) => subject.id)).to.have.members(ofOther);
    expect((await endsOf(one))[0]).to.deep.include({ actor: { kind: "server" } });
    expect(await bank.records.grantedTo(one, { limit: 1000 })).to.deep.equal([alive]);
    expect(await first.turn()).to.equal(false);
    bank.advance(day + 1000);
    expect(await second.turn()).to.equal(true);
    expect(await bank.records.grantedTo(one, { limit: 1000 })).to.deep.equal([]);
  });

  it("is not held up for the others by one consent that cannot be read", async () => {
    bank.advance(day + 1000);
    const clientIds = [await bank.client("software-3"), await bank.client("software-4"), await bank.client("software-5")].map(({ clientId }) => clientId).sort();
    const soon = (bank.clock() + day) / 1000;
    const consents = await Promise.all(clientIds.map((clientId) => authorised(clientId, 1, soon)));
    const [first = ""] = clientIds;
    await bank.store.put(clientTag(routeOf(first) ?? ""), { name: consentName(consents[0]?.[0] ?? ""), value: "{ damaged" });
    bank.advance(day + 1000);
    const lines: string[] = [];
    const log = createLog("error", { write: (line: string) => void lines.push(line) });
    expect(await createExpirySweep({ ...bank, realm: "openbanking_brasil", log, restMs: 0 }).turn()).to.equal(true);
    for (const [place, clientId] of clientIds.entries()) {
      expect((await endsOf(clientId)).map(({ subject }) => subject.id)).to.deep.equal(place === 0 ? [] : consents[place]);
    }
    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0] ?? "")).to.include({ clientId: first });
  });
});
