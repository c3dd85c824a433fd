import { expect } from "chai";
import {
  companyIdentificationsSchema,
  companyQualificationSchema,
  companyRelationSchema,
  personIdentificationsSchema,
  personQualificationSchema,
  personRelationSchema,
} from "../../src/bank/open-finance/customers-schemas.ts";
import { openBank, type BankBench } from "./bank-bench.ts";
import { accountId, callData, consentToken, customers, expectCommonHeaders, expectProblem, padariaCnpj } from "./open-finance-bench.ts";

describe("Open Finance customers API", () => {
  let bank: BankBench;
  before(async () => {
    bank = await openBank();
  });
  after(() => bank.close());

  const get = async (path: string, token: string) => {
    const answer = await callData(bank, `${customers}/${path}`, token);
    expect(answer.status, answer.text).to.equal(200);
    expectCommonHeaders(answer);
    return answer.body;
  };

  for (const [login, cpf, name] of [
    ["jacaranda.exemplo", "00011122285", "Jacarandá de Exemplo"],
    ["ipe.amarelo", "00022233334", "Ipê Amarelo"],
    ["buriti.ficticio", "00033344493", "Buriti Fictício"],
  ] as const) {
    it(`tells who ${login} is, what they earn, and what they have here`, async () => {
      const token = consentToken(bank, { login });
      const { data, links, meta } = personIdentificationsSchema.parse(await get("personal/identifications", token));
      expect(data).to.have.length(1);
      expect([data[0]?.documents.cpfNumber, data[0]?.civilName]).to.deep.equal([cpf, name]);
      expect(links).to.deep.equal({ self: `https://localhost:7445${customers}/personal/identifications` });
      expect(meta).to.have.all.keys("requestDateTime");
      const qualification = personQualificationSchema.parse(await get("personal/qualifications", token));
      expect(qualification.data.informedIncome.frequency).to.equal("MENSAL");
      const relation = personRelationSchema.parse(await get("personal/financial-relations", token));
      expect(relation.data.productsServicesType).not.to.be.empty;
    });
  }

  it("lists a person's accounts, closed ones left out, whatever accounts the consent covers", async () => {
    const token = consentToken(bank, { login: "ipe.amarelo", consent: { account_ids: [] } });
    const { data } = personRelationSchema.parse(await get("personal/financial-relations", token));
    expect(data.accounts.map(({ number }) => number)).to.have.members(["10000001", "10000003", "30000001", "20000004", "10000006"]);
    expect(data.portabilitiesReceived).to.have.length(1);
    expect(data.procurators).to.have.length(1);
  });

  it("tells about the company of the consent", async () => {
    const token = consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj });
    const { data } = companyIdentificationsSchema.parse(await get("business/identifications", token));
    expect([data[0]?.cnpjNumber, data[0]?.tradeName]).to.deep.equal([padariaCnpj, "Padaria Modelo"]);
    expect(data[0]?.parties.map(({ type }) => type)).to.deep.equal(["ADMINISTRADOR", "SOCIO"]);
    const qualification = companyQualificationSchema.parse(await get("business/qualifications", token));
    expect(qualification.data.economicActivities.filter(({ isMain }) => isMain)).to.have.length(1);
    const relation = companyRelationSchema.parse(await get("business/financial-relations", token));
    expect(relation.data.accounts.map(({ number }) => number)).to.deep.equal(["90000001"]);
    expect(relation.data.procurators[0]?.type).to.equal("REPRESENTANTE_LEGAL");
  });

  it("404 when the consent names no company, whatever accounts it covers and whomever the customer represents", async () => {
    const bakery = accountId(bank, "padaria.modelo", "90000001");
    for (const [login, account_ids] of [
      ["jacaranda.exemplo", [bakery]],
      ["ipe.amarelo", [bakery]],
      ["ipe.amarelo", []],
    ] as const) {
      const token = consentToken(bank, { login, consent: { account_ids } });
      for (const path of ["identifications", "qualifications", "financial-relations"]) {
        expectProblem(await callData(bank, `${customers}/business/${path}`, token), 404, "RECURSO_NAO_ENCONTRADO");
      }
    }
  });

  it("404 when the company or the customer is not known here", async () => {
    const unknown = consentToken(bank, {}, { sub: "nobody" });
    const company = consentToken(bank, { login: "padaria.modelo", cnpj: "00000000000191" });
    for (const path of ["identifications", "qualifications", "financial-relations"]) {
      expectProblem(await callData(bank, `${customers}/business/${path}`, company), 404, "RECURSO_NAO_ENCONTRADO");
      expectProblem(await callData(bank, `${customers}/personal/${path}`, company), 404, "RECURSO_NAO_ENCONTRADO");
      expectProblem(await callData(bank, `${customers}/personal/${path}`, unknown), 404, "RECURSO_NAO_ENCONTRADO");
    }
  });

  it("begins days at Brasília's midnight", async () => {
    const company = consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj });
    const { data } = companyIdentificationsSchema.parse(await get("business/identifications", company));
    expect(data[0]?.incorporationDate).to.equal("2010-05-03T03:00:00Z");
    expect(data[0]?.parties.map(({ startDate }) => startDate)).to.deep.equal(["2010-05-03T03:00:00Z", "2018-09-01T03:00:00Z"]);
    expect(companyRelationSchema.parse(await get("business/financial-relations", company)).data.startDate).to.equal("2010-06-15T03:00:00Z");
    expect(personRelationSchema.parse(await get("personal/financial-relations", consentToken(bank))).data.startDate).to.equal("2019-08-12T03:00:00Z");
  });

  it("says of everything that it was updated no earlier than the latest day it tells of", async () => {
    const calls = [
      ...["jacaranda.exemplo", "ipe.amarelo", "buriti.ficticio"].map((login) => ["personal", { login }] as const),
      ["business", { login: "ipe.amarelo", cnpj: padariaCnpj }] as const,
    ];
    for (const [kind, consent] of calls) {
      for (const path of ["identifications", "qualifications", "financial-relations"]) {
        const { data } = (await get(`${kind}/${path}`, consentToken(bank, consent))) as { data: object };
        const [one = data] = Array.isArray(data) ? data : [];
        const { updateDateTime, ...rest } = one as { updateDateTime: string };
        const told = JSON.stringify(rest);
        for (const [day] of told.matchAll(/\d{4}-\d{2}-\d{2}/g)) expect(day <= updateDateTime.slice(0, 10), `${day} in ${told}`).to.equal(true);
        for (const [, year] of told.matchAll(/"year":(\d{4})/g)) expect(`${year}-12-31` < updateDateTime, told).to.equal(true);
      }
    }
  });

  it("pages identifications, whose list is never empty, and takes no parameter elsewhere", async () => {
    const token = consentToken(bank);
    const at = (path: string) => callData(bank, `${customers}/personal/${path}`, token);
    expect((await at("identifications?page=1&page-size=1")).status).to.equal(200);
    expectProblem(await at("identifications?page=2"), 422, "PAGINACAO_NAO_PERMITIDA");
    expectProblem(await at("identifications?page-size=1001"), 422, "PAGINACAO_NAO_PERMITIDA");
    expectProblem(await at("identifications?page=x"), 400, "PARAMETRO_INVALIDO");
    expect(expectProblem(await at("qualifications?page=1"), 400, "PARAMETRO_INVALIDO").detail).to.match(/^Este endpoint não aceita parâmetros na URL; veio page\./);
  });
});
