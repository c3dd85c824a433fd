import { expect } from "chai";
import { fapiWorld, type FapiWorld } from "../certification/fapi/fapi-world.ts";
import { expectOAuthError, expectPushed } from "../certification/fapi/suite-checks.ts";
import { documentOf, fapiRun, type ConsentChange, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { compactDecrypt, decodeJwt } from "jose";
import { answerAt, expectPage, loginOf, visitor, type Place } from "./pages.ts";

type Claims = Readonly<Record<string, unknown>>;

const [jacaranda, ipe, buriti] = ["jacaranda.exemplo", "ipe.amarelo", "buriti.ficticio"] as const;
const company = "padaria.modelo";
const [loa2, loa3] = ["urn:brasil:openbanking:loa2", "urn:brasil:openbanking:loa3"];
const foreignCnpj = "11222333000181";

describe("what a request asks of the customer (FAPI-BR 5.2.2-4 to -7)", () => {
  let world: FapiWorld;
  let run: FapiRun;
  before(async () => {
    world = await fapiWorld();
    run = await fapiRun(world);
  });

  /** Pushes for this person, with these claims of the ID token or parameters, and opens the log-in page. */
  async function begin(person: string, idToken: Claims, more: { parameters?: Claims; consent?: ConsentChange; userinfo?: Claims } = {}, someone = visitor(world.server)) {
    const consentId = await run.consent(world.client1, { person, ...more.consent });
    const claims = { claims: { id_token: idToken, ...(more.userinfo && { userinfo: more.userinfo }) }, ...more.parameters };
    const { asked, answer } = await run.push(world.client1, { consentId, claims });
    return { asked, consentId, someone, place: await someone.open(run.authorizeUrl(world.client1, expectPushed(answer), asked)) };
  }

  async function idTokenAt(place: Place) {
    const answer = answerAt(place);
    expect(answer.get("error"), place.at).to.equal(null);
    const { plaintext } = await compactDecrypt(String(answer.get("id_token")), world.client1.tpp.encryption.key);
    return decodeJwt(new TextDecoder().decode(plaintext));
  }

  async function granted(person: string, idToken: Claims, more: Parameters<typeof begin>[2] = {}) {
    const { someone, place } = await begin(person, idToken, more);
    return idTokenAt(await someone.decide(await someone.logIn(place, person), "approve"));
  }

  async function denied(person: string, idToken: Claims, more: Parameters<typeof begin>[2] = {}) {
    const { someone, place } = await begin(person, idToken, more);
    expect(answerAt(await someone.logIn(place, person)).get("error")).to.equal("access_denied");
  }

  describe("cpf", () => {
    it("is the customer's when it is essential without a value, and when it is voluntary", async () => {
      expect(await granted(jacaranda, { cpf: { essential: true } })).to.include({ cpf: documentOf(jacaranda) });
      expect(await granted(jacaranda, { cpf: null })).to.include({ cpf: documentOf(jacaranda) });
    });

    it("is not told to who does not ask", async () => {
      expect(await granted(jacaranda, { acr: { essential: true } })).not.to.have.any.keys("cpf", "cnpj");
    });

    it("must be the one that an essential value names, or one of the values", async () => {
      expect(await granted(jacaranda, { cpf: { essential: true, value: documentOf(jacaranda) } })).to.include({ cpf: documentOf(jacaranda) });
      expect(await granted(jacaranda, { cpf: { essential: true, values: ["1", documentOf(jacaranda)] } })).to.include({ cpf: documentOf(jacaranda) });
      await denied(jacaranda, { cpf: { essential: true, value: documentOf(ipe) } });
      await denied(jacaranda, { cpf: { essential: true, values: [documentOf(ipe), documentOf(buriti)] } });
    });

    it("counts in the same way when it is asked for at userinfo", async () => {
      await denied(jacaranda, {}, { userinfo: { cpf: { essential: true, value: documentOf(ipe) } } });
    });

    it("counts as well where the customer is logged in already", async () => {
      const { someone, place } = await begin(jacaranda, {});
      await idTokenAt(await someone.decide(await someone.logIn(place, jacaranda), "approve"));
      const again = await begin(jacaranda, { cpf: { essential: true, value: documentOf(ipe) } }, {}, someone);
      expectPage(again.place, "username");
      expect(answerAt(await someone.logIn(again.place, jacaranda)).get("error")).to.equal("access_denied");
    });
  });

  describe("cnpj", () => {
    const business = { consent: { company, permissions: ["CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "RESOURCES_READ"] } };

    it("is the set of companies of who acts for any", async () => {
      expect(await granted(ipe, { cnpj: { essential: true } }, business)).to.deep.include({ cnpj: [documentOf(company)] });
    });

    it("must hold an essential value, or one of the values", async () => {
      expect(await granted(ipe, { cnpj: { essential: true, values: [foreignCnpj, documentOf(company)] } }, business)).to.deep.include({ cnpj: [documentOf(company)] });
      await denied(ipe, { cnpj: { essential: true, value: foreignCnpj } }, business);
      await denied(jacaranda, { cnpj: { essential: true } });
    });

    it("is left out when it is voluntary and there is none", async () => {
      expect(await granted(jacaranda, { cnpj: null })).not.to.have.property("cnpj");
    });
  });

  describe("sub", () => {
    it("must be the customer that a value names", async () => {
      expect(await granted(jacaranda, { sub: { value: loginOf(jacaranda).customerId } })).to.include({ sub: loginOf(jacaranda).customerId });
      await denied(jacaranda, { sub: { value: loginOf(ipe).customerId } });
    });

    it("is the same under every consent and for every client", async () => {
      const first = await run.authorize(world.client1);
      const second = await run.authorize(world.client2);
      expect(first.claims.sub).to.equal(loginOf(jacaranda).customerId);
      expect(second.claims.sub).to.equal(first.claims.sub);
    });
  });

  describe("acr", () => {
    const steps = (() => {
      let next = -2;
      return () => (next += 1);
    })();

    it("is LoA2 with the password alone", async () => {
      expect(await granted(jacaranda, { acr: { essential: true } })).to.include({ acr: loa2 });
    });

    it("is LoA3 after a one-time code, when the request insists", async () => {
      const { someone, place } = await begin(jacaranda, { acr: { essential: true, value: loa3 } });
      const code = await someone.logIn(place, jacaranda);
      const wrong = await someone.send(code, { otp: "000000" });
      expectPage(wrong, "otp");
      const approved = await someone.decide(await someone.typeCode(wrong, jacaranda, steps()), "approve");
      expect(await idTokenAt(approved)).to.include({ acr: loa3 });
    });

    it("asks who is logged in with LoA2 for the code all the same", async () => {
      const { someone, place } = await begin(jacaranda, {});
      await idTokenAt(await someone.decide(await someone.logIn(place, jacaranda), "approve"));
      const more = await begin(jacaranda, { acr: { essential: true, values: [loa3] } }, {}, someone);
      const code = await someone.logIn(more.place, jacaranda);
      expect(await idTokenAt(await someone.decide(await someone.typeCode(code, jacaranda, steps()), "approve"))).to.include({ acr: loa3 });
    });

    it("is asked for by acr_values as well", async () => {
      const { someone, place } = await begin(jacaranda, {}, { parameters: { acr_values: `${loa3} ${loa2}` } });
      const code = await someone.logIn(place, jacaranda);
      expect(await idTokenAt(await someone.decide(await someone.typeCode(code, jacaranda, steps()), "approve"))).to.include({ acr: loa3 });
    });

    it("is not reached by who has no second factor: access_denied when it is essential, LoA2 when it is voluntary", async () => {
      await denied(buriti, { acr: { essential: true, value: loa3 } });
      expect(await granted(buriti, {}, { parameters: { acr_values: loa3 } })).to.include({ acr: loa2 });
      expect(await granted(buriti, { acr: { essential: true, values: [loa3, loa2] } })).to.include({ acr: loa2 });
    });

    it("counts as well where the customer is logged in already, also beside acr_values", async () => {
      for (const level of [loa3, "urn:example:loa9"]) {
        const someone = visitor(world.server);
        const { place } = await begin(buriti, {}, {}, someone);
        expectPage(await someone.logIn(place, buriti), "approve");
        const more = await begin(buriti, { acr: { essential: true, value: level } }, { parameters: { acr_values: loa2 } }, someone);
        expectPage(more.place, "username");
        expect(answerAt(await someone.logIn(more.place, buriti)).get("error"), level).to.equal("access_denied");
      }
    });

    it("ends in access_denied, not in one log-in after the other, when nobody can reach it", async () => {
      await denied(jacaranda, { acr: { essential: true, value: "urn:example:loa9" } });
    });
  });

  describe("a claim that nobody offers", () => {
    it("asks nothing of the customer, whatever it is called, also like a member of every object", async () => {
      for (const name of ["nickname", "constructor", "toString", "__proto__"]) {
        // Written as JSON: in a literal `__proto__` would be no member.
        const idToken = JSON.parse(`{"${name}":{"essential":true,"value":"x"}}`) as Claims;
        expect(await granted(jacaranda, idToken), name).to.include({ acr: loa2 });
      }
    });
  });

  describe("auth_time", () => {
    it("is the moment of the log-in, however long the customer then reads (OpenID Connect Core 2)", async () => {
      const { someone, place } = await begin(jacaranda, {});
      const consentPlace = await someone.logIn(place, jacaranda);
      const loggedIn = Date.now() / 1000;
      await new Promise((done) => setTimeout(done, 2_100));
      const { auth_time } = await idTokenAt(await someone.decide(consentPlace, "approve"));
      expect(auth_time).to.be.a("number").and.at.most(loggedIn);
    });
  });

  it("id_token_hint is refused (FAPI-BR 5.2.2-21)", async () => {
    const { answer } = await run.push(world.client1, { claims: { id_token_hint: "e30.e30.e30" } });
    expectOAuthError(answer, ["invalid_request"]);
  });
});
