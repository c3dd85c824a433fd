import { expect } from "chai";
import { clientTag } from "../../src/kernel/identifiers.ts";
import { isActive } from "../../src/policy/consent/consent-state.ts";
import { consentName, readConsent, routeOfConsent, type ConsentRecord } from "../../src/store/consent-records.ts";
import { grantName } from "../../src/store/grant-records.ts";
import { begin, byServer, day, joao, maria, openConsentBank, padaria, personal, type ConsentBank } from "./consent-bank.ts";

const hour = 3_600_000;
const approval = { customerId: "customer-1", accounts: ["account-1"] };
const extension = { loggedUser: maria, customerIpAddress: "203.0.113.7", customerUserAgent: "phone" };

describe("consents in the store", () => {
  let bank: ConsentBank;
  let clientId: string;

  beforeEach(async () => {
    bank = await openConsentBank();
    ({ clientId } = await bank.client("software-1"));
  });
  afterEach(() => bank.close());

  async function created(changes: Parameters<typeof personal>[0] = {}): Promise<ConsentRecord> {
    const creation = await bank.consents.create(clientId, personal(changes), byServer);
    expect(creation.done).to.equal(true);
    return (creation as { consent: ConsentRecord }).consent;
  }

  async function authorisedConsent(changes: Parameters<typeof personal>[0] = {}): Promise<ConsentRecord> {
    const { consentId } = await created(changes);
    const change = await bank.consents.authorise(consentId, approval, byServer);
    expect(change.done).to.equal(true);
    return change.consent!;
  }

  const actions = async () => (await bank.auditOf(clientId)).map(({ action }) => action);

  it("the id tells whose it is, and is found again", async () => {
    const consent = await created();
    expect(routeOfConsent(consent.consentId)).to.equal(clientId.slice(0, 16));
    expect(await bank.consents.find(consent.consentId)).to.deep.equal(consent);
    expect(await bank.consents.find(`urn:porteiro:${clientId.slice(0, 16)}${"0".repeat(32)}`)).to.equal(undefined);
    expect(await bank.consents.find("urn:other:1")).to.equal(undefined);
  });

  it("no CPF or CNPJ lies in the store in clear, and the facts are readable without opening them, whether a company's too", async () => {
    const consent = await authorisedConsent({ businessEntity: padaria });
    await bank.consents.extend(consent.consentId, { ...extension, businessEntity: padaria }, byServer);
    const tag = clientTag(clientId.slice(0, 16));
    const stored = (await bank.store.get({ tag, name: consentName(consent.consentId) }))!;
    const all = [stored, ...(await bank.store.scan(tag, "", { limit: 1000 })).map((entry) => entry.name + entry.value)].join("\n");
    for (const secret of [maria, padaria, extension.customerIpAddress]) {
      expect(all).not.to.contain(secret);
    }
    const shut = () => {
      throw new Error("opened");
    };
    const record = readConsent(stored, { seal: shut, open: shut });
    expect(isActive(record, begin / 1000)).to.equal(true);
    expect(record.ofCompany).to.equal(true);
    expect(() => record.parties).to.throw("opened");
    const own = (await bank.records.find((await authorisedConsent()).consentId))!;
    expect(readConsent(own.stored, { seal: shut, open: shut }).ofCompany).to.equal(undefined);
  });

  it("a client that is no longer registered gets no consent", async () => {
    const client = (await bank.clients.find(clientId))!;
    await bank.clients.remove(client, []);
    expect(await bank.consents.create(clientId, personal(), byServer)).to.deep.equal({ done: false, problems: "client-gone" });
  });

  it("a client that was deleted while the customer decided is granted nothing, and nothing is left behind", async () => {
    const { consentId } = await created();
    await bank.clients.remove((await bank.clients.find(clientId))!, []);
    const grant = { grantId: `${clientId.slice(0, 16)}grant`, put: { name: grantName("grant"), value: "{}" } };
    const change = await bank.consents.authorise(consentId, { customerId: "customer-1", accounts: [], grant }, byServer);
    expect([change.done, change.consent?.status]).to.deep.equal([false, "AWAITING_AUTHORISATION"]);
    expect(await bank.store.get({ tag: clientTag(clientId.slice(0, 16)), name: grant.put.name })).to.equal(undefined);
    expect(await bank.records.grantedTo(clientId, { limit: 10 })).to.deep.equal([]);
  });

  it("a refused request stores nothing and audits nothing", async () => {
    expect((await bank.consents.create(clientId, personal({ permissions: ["RESOURCES_READ"] }), byServer)).done).to.equal(false);
    expect(await actions()).to.deep.equal([]);
  });

  it("time alone rejects after 60 minutes; it is written when it is first seen, once", async () => {
    const { consentId } = await created();
    bank.advance(3 * hour);
    const seen = await Promise.all(Array.from({ length: 20 }, () => bank.consents.find(consentId)));
    for (const consent of seen) {
      expect(consent).to.deep.include({ status: "REJECTED", statusUpdatedAt: begin / 1000 + 3600, rejection: { by: "USER", code: "CONSENT_EXPIRED" } });
    }
    expect((await bank.records.find(consentId))?.record.status).to.equal("REJECTED");
    expect(await actions()).to.deep.equal(["consent.created", "consent.expired"]);
    expect((await bank.consents.authorise(consentId, approval, byServer)).done).to.equal(false);
  });

  it("an authorised consent ends with its term, and cannot be extended after it", async () => {
    const { consentId } = await authorisedConsent();
    bank.advance(30 * day);
    const refused = await bank.consents.extend(consentId, extension, byServer);
    expect(refused).to.deep.include({ done: false });
    expect((await bank.consents.find(consentId))?.rejection).to.deep.equal({ by: "ASPSP", code: "CONSENT_MAX_DATE_REACHED" });
  });

  it("the whole life of a consent is in the audit trail, without a name of anybody", async () => {
    const { consentId } = await authorisedConsent();
    await bank.consents.extend(consentId, extension, byServer);
    await bank.consents.revokeByCustomer(consentId, "customer-1", { actor: { kind: "customer", customerId: "customer-1" }, requestId: "r" });
    const trail = await bank.auditOf(clientId);
    expect(trail.map(({ action }) => action)).to.deep.equal(["consent.created", "consent.authorised", "consent.extended", "consent.revoked"]);
    expect(trail.every(({ subject }) => subject.kind === "consent" && subject.id === consentId)).to.equal(true);
    expect(trail.at(-1)).to.deep.include({ requestId: "r", actor: { kind: "customer", customerId: "customer-1" } });
    expect(JSON.stringify(trail)).not.to.contain(maria);
  });

  it("a customer revokes only what is theirs", async () => {
    const { consentId } = await authorisedConsent();
    expect((await bank.consents.revokeByCustomer(consentId, "customer-2", byServer)).done).to.equal(false);
    expect((await bank.consents.revokeByCustomer(consentId, "customer-1", byServer)).consent?.rejection).to.deep.equal({ by: "USER", code: "CUSTOMER_MANUALLY_REVOKED" });
    expect((await bank.consents.revokeByCustomer(consentId, "customer-1", byServer)).done).to.equal(false);
  });

  it("the bank rejects for its own reasons, with a word about it", async () => {
    const { consentId } = await created();
    const why = { by: "ASPSP", code: "INTERNAL_SECURITY_REASON", additionalInformation: "suspected fraud" } as const;
    expect((await bank.consents.reject(consentId, why, byServer)).done).to.equal(true);
    expect((await bank.consents.find(consentId))?.rejection).to.deep.equal(why);
  });

  it("extensions are listed newest first, page by page, with the terms before and after", async () => {
    const { consentId } = await authorisedConsent();
    for (let count = 1; count <= 60; count += 1) {
      bank.advance(1000);
      expect((await bank.consents.extend(consentId, { ...extension, expiresAt: begin / 1000 + 40 * 86_400 + count }, byServer)).done).to.equal(true);
    }
    const consent = (await bank.consents.find(consentId))!;
    const pages = await Promise.all([0, 25, 50, 75].map((skip) => bank.consents.extensions(consent, { skip, limit: 25 })));
    expect(pages.map(({ length }) => length)).to.deep.equal([25, 25, 10, 0]);
    const times = pages.flat().map(({ requestedAt }) => requestedAt);
    expect(times).to.deep.equal([...times].sort((one, other) => other - one));
    expect(pages[0]?.[0]?.expiresAt).to.equal(consent.expiresAt);
    expect(pages[0]?.[0]?.previousExpiresAt).to.equal(pages[0]?.[1]?.expiresAt);
    expect(pages[2]?.[9]?.previousExpiresAt).to.equal(personal().expiresAt);
  });

  it("a customer's consents: newest first, page by page, only what they authorised", async () => {
    const mine: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      bank.advance(1000);
      mine.unshift((await authorisedConsent()).consentId);
    }
    const other = await created();
    // What a Redis Cluster shows of an authorisation that came too late.
    await bank.store.put("customer:customer-1", { name: `consent/${9_999_999_999 - other.createdAt}/${other.consentId}`, value: "", ordered: true });
    const first = await bank.consents.listOfCustomer("customer-1", { limit: 3 });
    const second = await bank.consents.listOfCustomer("customer-1", { limit: 10, after: first.next! });
    expect([...first.consents, ...second.consents].map(({ consentId }) => consentId)).to.deep.equal(mine);
    expect(second.next).to.equal(undefined);
    expect(await bank.consents.listOfCustomer("customer-2", { limit: 10 })).to.deep.equal({ consents: [] });
  });

  describe("of 20 at once exactly one wins", () => {
    const twenty = <T>(attempt: (count: number) => Promise<T>) => Promise.all(Array.from({ length: 20 }, (_, count) => attempt(count)));
    const winners = (outcomes: readonly { readonly done: boolean }[]) => outcomes.filter(({ done }) => done).length;

    it("authorisations by different customers", async () => {
      const { consentId } = await created();
      const outcomes = await twenty((count) => bank.consents.authorise(consentId, { customerId: `customer-${count}`, accounts: [] }, byServer));
      expect(winners(outcomes)).to.equal(1);
      const winner = (await bank.consents.find(consentId))!.authorisation!.customerId;
      const lists = await twenty((count) => bank.consents.listOfCustomer(`customer-${count}`, { limit: 5 }));
      expect(lists.map(({ consents }, count) => (consents.length > 0 ? `customer-${count}` : "")).join("")).to.equal(winner);
    });

    it("deletions", async () => {
      const { consentId } = await authorisedConsent();
      expect(winners(await twenty(() => bank.consents.remove(consentId, byServer)))).to.equal(1);
      expect(await actions()).to.deep.equal(["consent.created", "consent.authorised", "consent.revoked"]);
    });

    it("extensions to the same moment", async () => {
      const { consentId } = await authorisedConsent();
      const outcomes = await twenty(() => bank.consents.extend(consentId, { ...extension, expiresAt: begin / 1000 + 50 * 86_400 }, byServer));
      expect(winners(outcomes)).to.equal(1);
      expect(outcomes.flatMap((outcome) => (outcome.done ? [] : [outcome.problem.code]))).to.deep.equal(Array(19).fill("DATA_EXPIRACAO_INVALIDA"));
      expect((await bank.consents.find(consentId))?.extensions).to.equal(1);
    });

    it("authorisation against deletion: never both in force, and the trail says which came last", async () => {
      const { consentId } = await created();
      await Promise.all([
        ...Array.from({ length: 10 }, () => bank.consents.authorise(consentId, approval, byServer)),
        ...Array.from({ length: 10 }, () => bank.consents.remove(consentId, byServer)),
      ]);
      expect((await bank.consents.find(consentId))?.status).to.equal("REJECTED");
      expect((await actions()).filter((action) => action !== "consent.created" && action !== "consent.authorised")).to.have.length(1);
    });
  });

  it("another person with powers for the company extends its consent, and the history names them", async () => {
    const { consentId } = await authorisedConsent({ businessEntity: padaria });
    expect((await bank.consents.extend(consentId, { ...extension, loggedUser: joao, businessEntity: padaria }, byServer)).done).to.equal(true);
    const consent = (await bank.consents.find(consentId))!;
    expect(consent.expiresAt).to.equal(undefined);
    expect((await bank.consents.extensions(consent, { skip: 0, limit: 25 }))[0]?.loggedUser).to.equal(joao);
  });
});
