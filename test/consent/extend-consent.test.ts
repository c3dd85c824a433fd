import { expect } from "chai";
import { begin, byServer, day, joao, maria, padaria } from "./consent-bank.ts";
import { at, codesOf, company, person, useConsentsApi } from "./consents-api.ts";
import { baseUrl, consentsPath, extensionsIn } from "./consents-server.ts";

describe("Consents API: extension", () => {
  const api = useConsentsApi();

  describe("POST /consents/{consentId}/extends", () => {
    const later = at(begin + 90 * day);

    it("201 with the new term, which reading and the list show too", async () => {
      const id = await api.authorised();
      api.server.advance(5000);
      const answer = await api.extend(id, { expirationDateTime: later });
      expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
      expect(answer.body.data).to.deep.include({ status: "AUTHORISED", expirationDateTime: later });
      expect((await api.get(id)).body.data.expirationDateTime).to.equal(later);
      const list = await api.get(`${id}/extensions`);
      expect(list.body.data).to.deep.equal([
        {
          expirationDateTime: later,
          loggedUser: person(maria),
          requestDateTime: at(begin + 5000),
          previousExpirationDateTime: at(begin + 30 * day),
          xFapiCustomerIpAddress: "203.0.113.7",
          xCustomerUserAgent: "phone",
        },
      ]);
    });

    it("to no term, and from there to one", async () => {
      const id = await api.authorised();
      expect((await api.extend(id, {})).body.data).not.to.have.property("expirationDateTime");
      expect((await api.extend(id, { expirationDateTime: later })).body.data.expirationDateTime).to.equal(later);
    });

    for (const [what, date] of [
      ["the present term", begin + 30 * day],
      ["before the present term", begin + 29 * day],
      ["in the past", begin - day],
      ["after 12 months", begin + 366 * day],
    ] as const) {
      it(`422 DATA_EXPIRACAO_INVALIDA: ${what}`, async () => {
        const id = await api.authorised();
        const answer = await api.extend(id, { expirationDateTime: at(date) });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([422, "DATA_EXPIRACAO_INVALIDA"]);
        expect((await api.get(id)).body.data.expirationDateTime).to.equal(at(begin + 30 * day));
      });
    }

    it("422 ESTADO_CONSENTIMENTO_INVALIDO before it is authorised and after it ended", async () => {
      const id = await api.created();
      expect(codesOf(await api.extend(id, { expirationDateTime: later }))).to.deep.equal(["ESTADO_CONSENTIMENTO_INVALIDO"]);
      await api.remove(id);
      expect(codesOf(await api.extend(id, { expirationDateTime: later }))).to.deep.equal(["ESTADO_CONSENTIMENTO_INVALIDO"]);
    });

    it("422 DEPENDE_MULTIPLA_ALCADA when several people approved", async () => {
      const id = await api.created();
      await api.server.consents.authorise(id, { customerId: "customer-1", accounts: [], severalApprovers: true }, byServer);
      expect(codesOf(await api.extend(id, { expirationDateTime: later }))).to.deep.equal(["DEPENDE_MULTIPLA_ALCADA"]);
    });

    it("403 for another person, or a company that the consent does not name", async () => {
      const id = await api.authorised();
      for (const data of [{ loggedUser: person(joao) }, { businessEntity: company(padaria) }]) {
        const answer = await api.extend(id, { expirationDateTime: later, ...data });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([403, "ACESSO_NEGADO"]);
      }
    });

    it("a company's consent is extended by another person who acts for it", async () => {
      const id = await api.authorised({ businessEntity: company(padaria) });
      expect((await api.extend(id, { loggedUser: person(joao), businessEntity: company(padaria), expirationDateTime: later })).status).to.equal(201);
      expect((await api.extend(id, { loggedUser: person("52998224725"), businessEntity: company(padaria) })).status).to.equal(403);
    });

    for (const name of ["x-fapi-customer-ip-address", "x-customer-user-agent"]) {
      it(`400 without ${name}, or with too long a one`, async () => {
        const id = await api.authorised();
        for (const value of [undefined, "x".repeat(300)]) {
          const answer = await api.extend(id, { expirationDateTime: later }, { headers: { [name]: value } });
          expect([answer.status, ...codesOf(answer)]).to.deep.equal([400, value === undefined ? "PARAMETRO_NAO_INFORMADO" : "PARAMETRO_INVALIDO"]);
        }
      });
    }

    it("of 20 at once to the same moment one is done", async () => {
      const id = await api.authorised();
      const answers = await Promise.all(Array.from({ length: 20 }, () => api.extend(id, { expirationDateTime: later })));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, ...Array<number>(19).fill(422)]);
      expect((await api.get(`${id}/extensions`)).body.meta.totalRecords).to.equal(1);
    });
  });

  describe("GET /consents/{consentId}/extensions", () => {
    it("an empty list has no page", async () => {
      const answer = await api.get(`${await api.created()}/extensions`);
      expect(answer.body.data).to.deep.equal([]);
      expect(answer.body.meta).to.include({ totalRecords: 0, totalPages: 0 });
    });

    it("pages of 25, newest first, with links to first, previous, next and last", async () => {
      const id = await api.authorised();
      for (let count = 1; count <= 55; count += 1) {
        api.server.advance(1000);
        expect((await api.extend(id, { expirationDateTime: at(begin + 40 * day + count * 1000) })).status).to.equal(201);
      }
      const url = `${baseUrl}${consentsPath}/${id}/extensions`;
      const page = async (query: string) => (await api.get(`${id}/extensions${query}`)).body;
      const [one, two, three, four] = [await page(""), await page("?page=2&page-size=5"), await page("?page=3"), await page("?page=4")];
      expect([one, two, three, four].map((each) => extensionsIn(each).length)).to.deep.equal([25, 25, 5, 0]);
      expect(one.meta).to.include({ totalRecords: 55, totalPages: 3 });
      expect(one.links).to.deep.equal({ self: `${url}?page=1&page-size=25`, next: `${url}?page=2&page-size=25`, last: `${url}?page=3&page-size=25` });
      expect(three.links).to.deep.equal({ self: `${url}?page=3&page-size=25`, first: `${url}?page=1&page-size=25`, prev: `${url}?page=2&page-size=25` });
      expect(two.links).to.have.all.keys("self", "first", "prev", "next", "last");
      const times = [one, two, three].flatMap((each) => extensionsIn(each).map(({ requestDateTime }) => requestDateTime));
      expect(times).to.deep.equal([...times].sort().toReversed());
      expect(extensionsIn(one)[0]?.expirationDateTime).to.equal((await api.get(id)).body.data.expirationDateTime);
    });

    for (const size of ["0", "-1", "-99", "24"]) {
      it(`page-size=${size} counts as 25`, async () => {
        const answer = await api.get(`${await api.authorised()}/extensions?page-size=${size}`);
        expect([answer.status, answer.body.links["self"]?.endsWith("&page-size=25")]).to.deep.equal([200, true]);
      });
    }

    for (const query of ["?page=0", "?page=x", "?page=1&page=2", "?page=-1", "?page-size=1001", "?page-size=x", "?page=99999999999"]) {
      it(`400 for ${query}`, async () => {
        expect((await api.get(`${await api.created()}/extensions${query}`)).status).to.equal(400);
      });
    }
  });
});
