import { expect } from "chai";
import { judgeAccounts, judgeAuthorisation } from "../../src/policy/consent/judge-authorisation.ts";
import { authorised, dueRejection, isActive, rejected, rejectionOnDelete } from "../../src/policy/consent/consent-state.ts";
import { judgeExtension, type ExtensionRequest } from "../../src/policy/consent/extension-rules.ts";
import { latestExpiry } from "../../src/policy/consent/consent-term.ts";
import { rejectionCodes, type ConsentRecord } from "../../src/store/consent-records.ts";
import { balances, begin, joao, maria, oficina, padaria } from "./consent-bank.ts";

const now = begin / 1000;
const hour = 3600;

const awaiting: ConsentRecord = {
  consentId: `urn:porteiro:${"0".repeat(48)}`,
  clientId: "0".repeat(32),
  permissions: balances,
  status: "AWAITING_AUTHORISATION",
  createdAt: now,
  statusUpdatedAt: now,
  expiresAt: now + 100 * hour,
  extensions: 0,
  parties: { loggedUser: maria },
};
const approval = { customerId: "customer", at: now + 60, accounts: ["one"], severalApprovers: false };
const inForce = authorised(awaiting, approval)!;
const ofCompany = { ...awaiting, parties: { loggedUser: maria, businessEntity: padaria } };

describe("consent states", () => {
  it("AWAITING_AUTHORISATION becomes AUTHORISED once", () => {
    expect(inForce).to.include({ status: "AUTHORISED", statusUpdatedAt: now + 60 });
    expect(authorised(inForce, approval)).to.equal(undefined);
  });

  for (const code of rejectionCodes) {
    it(`AWAITING_AUTHORISATION and AUTHORISED become REJECTED by ${code}, and nothing follows`, () => {
      for (const consent of [awaiting, inForce]) {
        const ended = rejected(consent, { by: "ASPSP", code }, now + 90)!;
        expect(ended).to.deep.include({ status: "REJECTED", statusUpdatedAt: now + 90, rejection: { by: "ASPSP", code } });
        expect(rejected(ended, { by: "USER", code }, now + 91)).to.equal(undefined);
        expect(authorised(ended, approval)).to.equal(undefined);
        expect(isActive(ended, now + 91)).to.equal(false);
      }
    });
  }

  it("CONSENT_EXPIRED: nobody authorised within 60 minutes", () => {
    expect(dueRejection(awaiting, now + hour - 1)).to.equal(undefined);
    expect(dueRejection(awaiting, now + hour)).to.deep.equal({ at: now + hour, rejection: { by: "USER", code: "CONSENT_EXPIRED" } });
    expect(authorised(awaiting, { ...approval, at: now + hour - 1 })).to.include({ status: "AUTHORISED" });
    expect(authorised(awaiting, { ...approval, at: now + hour })).to.equal(undefined);
  });

  it("CONSENT_MAX_DATE_REACHED: the term is over, before or after authorisation", () => {
    const end = { at: now + 100 * hour, rejection: { by: "ASPSP", code: "CONSENT_MAX_DATE_REACHED" } };
    expect(dueRejection(inForce, end.at - 1)).to.equal(undefined);
    expect(dueRejection(inForce, end.at)).to.deep.equal(end);
    expect(dueRejection({ ...awaiting, expiresAt: now + 5 }, now + 5000)?.rejection.code).to.equal("CONSENT_MAX_DATE_REACHED");
  });

  it("is active only while AUTHORISED and within its term; without a term for ever", () => {
    expect(isActive(awaiting, now)).to.equal(false);
    expect(isActive(inForce, now + 100 * hour - 1)).to.equal(true);
    expect(isActive(inForce, now + 100 * hour)).to.equal(false);
    const { expiresAt: _, ...untimed } = inForce;
    expect(isActive(untimed, now + 1_000_000 * hour)).to.equal(true);
  });

  it("a deleted consent was rejected by the customer, or revoked when it was authorised", () => {
    expect(rejectionOnDelete(awaiting)).to.deep.equal({ by: "USER", code: "CUSTOMER_MANUALLY_REJECTED" });
    expect(rejectionOnDelete(inForce)).to.deep.equal({ by: "USER", code: "CUSTOMER_MANUALLY_REVOKED" });
  });
});

describe("who may authorise (D16)", () => {
  const customer = { customerId: "c", cpf: maria, companies: [{ cnpj: padaria }] };
  const reason = (consent: ConsentRecord, who = customer, at = now) => {
    const judgement = judgeAuthorisation(consent, who, at);
    return judgement.ok ? "ok" : `${judgement.error}: ${judgement.reason}`;
  };

  it("the person named in loggedUser", () => expect(reason(awaiting)).to.equal("ok"));
  it("not another CPF", () => expect(reason(awaiting, { ...customer, cpf: joao })).to.equal("access_denied: consent.other-person"));
  it("for the company named, who acts for it", () => expect(reason(ofCompany)).to.equal("ok"));
  it("not for a company that the person does not act for", () =>
    expect(reason(ofCompany, { ...customer, companies: [{ cnpj: oficina }] })).to.equal("access_denied: consent.other-company"));
  it("not after an hour, and not twice", () => {
    expect(reason(awaiting, customer, now + hour)).to.equal("access_denied: consent.not-awaiting");
    expect(reason(inForce)).to.equal("access_denied: consent.not-awaiting");
  });

  it("a company's account needs the company in the consent, and no other account goes with it", () => {
    expect(judgeAccounts(awaiting, [{}])).to.deep.equal({ ok: true });
    expect(judgeAccounts(ofCompany, [{ cnpj: padaria }])).to.deep.equal({ ok: true });
    expect(judgeAccounts(awaiting, [{}, { cnpj: padaria }])).to.include({ error: "access_denied", reason: "consent.company-not-named" });
    expect(judgeAccounts(ofCompany, [{ cnpj: oficina }])).to.include({ error: "access_denied", reason: "consent.other-company" });
    expect(judgeAccounts(ofCompany, [{}])).to.include({ error: "access_denied", reason: "consent.other-company" });
  });
});

describe("extension", () => {
  const request: ExtensionRequest = { loggedUser: maria, expiresAt: now + 200 * hour, customerIpAddress: "203.0.113.7", customerUserAgent: "phone" };
  const code = (consent: ConsentRecord, changes: Partial<ExtensionRequest> = {}, actsFor: string[] = []) =>
    judgeExtension(consent, { ...request, ...changes }, actsFor, now + 60)?.code ?? "ok";
  const { expiresAt: _, ...untimed } = inForce;
  const { expiresAt: __, ...forEver } = request;

  it("of an authorised consent to a later moment", () => expect(code(inForce)).to.equal("ok"));
  it("to no term at all, and from no term to one", () => {
    expect(judgeExtension(inForce, forEver, [], now + 60)).to.equal(undefined);
    expect(code(untimed)).to.equal("ok");
  });
  it("DATA_EXPIRACAO_INVALIDA: not later than the present term, in the past, or beyond 12 months", () => {
    for (const expiresAt of [inForce.expiresAt!, inForce.expiresAt! - 1, now, latestExpiry(now + 60) + 1]) {
      expect(code(inForce, { expiresAt })).to.equal("DATA_EXPIRACAO_INVALIDA");
    }
    expect(code(inForce, { expiresAt: latestExpiry(now + 60) })).to.equal("ok");
  });
  it("ESTADO_CONSENTIMENTO_INVALIDO: awaiting or rejected", () => {
    expect(code(awaiting)).to.equal("ESTADO_CONSENTIMENTO_INVALIDO");
    expect(code(rejected(inForce, rejectionOnDelete(inForce), now)!)).to.equal("ESTADO_CONSENTIMENTO_INVALIDO");
  });
  it("DEPENDE_MULTIPLA_ALCADA: several people approved it", () => {
    expect(code({ ...inForce, authorisation: { ...approval, severalApprovers: true } })).to.equal("DEPENDE_MULTIPLA_ALCADA");
  });
  it("ACESSO_NEGADO: another person, or a company that the consent does not name", () => {
    expect(code(inForce, { loggedUser: joao })).to.equal("ACESSO_NEGADO");
    expect(code(inForce, { businessEntity: padaria }, [padaria])).to.equal("ACESSO_NEGADO");
  });
  it("a company's consent: by anyone who acts for it, and only with its CNPJ", () => {
    const company = { ...inForce, parties: ofCompany.parties };
    expect(code(company, { loggedUser: joao, businessEntity: padaria }, [padaria])).to.equal("ok");
    expect(code(company, { businessEntity: padaria }, [])).to.equal("ACESSO_NEGADO");
    expect(code(company, { businessEntity: oficina }, [oficina, padaria])).to.equal("ACESSO_NEGADO");
    expect(code(company, {}, [padaria])).to.equal("ACESSO_NEGADO");
  });
});
