import { expect } from "chai";
import { balances, begin, day, maria, padaria } from "./consent-bank.ts";
import { at, codesOf, company, consentBody, person, useConsentsApi } from "./consents-api.ts";
import { baseUrl, consentsPath } from "./consents-server.ts";

describe("Consents API: creation", () => {
  const api = useConsentsApi();

  describe("POST /consents", () => {
    it("201 with the consent, its address and the contract's headers", async () => {
      const interactionId = "D78FC4E5-37CA-4da3-adf2-9b082bf92280";
      const answer = await api.post(consentBody(), { headers: { "x-fapi-interaction-id": interactionId } });
      expect(answer.status).to.equal(201);
      expect(answer.headers).to.include({ "x-fapi-interaction-id": interactionId, "x-v": "3.3.1", "cache-control": "no-store", "content-type": "application/json; charset=utf-8" });
      const { consentId } = answer.body.data;
      expect(answer.body).to.deep.equal({
        data: {
          consentId,
          creationDateTime: at(begin),
          status: "AWAITING_AUTHORISATION",
          statusUpdateDateTime: at(begin),
          permissions: balances,
          expirationDateTime: at(begin + 30 * day),
        },
        links: { self: `${baseUrl}${consentsPath}/${consentId}` },
        meta: { requestDateTime: at(begin) },
      });
      expect(consentId).to.match(new RegExp(`^urn:porteiro:${api.tpp.slice(0, 16)}[0-9a-f]{32}$`));
    });

    it("without a term there is no expirationDateTime", async () => {
      expect((await api.post(consentBody({ expirationDateTime: undefined }))).body.data).not.to.have.property("expirationDateTime");
    });

    it("permissions of products that are not offered are left out", async () => {
      const permissions = [...balances, "CREDIT_CARDS_ACCOUNTS_READ", "CREDIT_CARDS_ACCOUNTS_LIMITS_READ"];
      expect((await api.post(consentBody({ permissions }))).body.data.permissions).to.deep.equal(balances);
    });

    it("permissions of grouped products stay, offered or not", async () => {
      const permissions = [...balances, "EXCHANGES_READ"];
      expect((await api.post(consentBody({ permissions }))).body.data.permissions).to.deep.equal(permissions);
    });

    for (const [code, changes] of [
      ["SEM_PERMISSOES_FUNCIONAIS_RESTANTES", { permissions: ["CREDIT_CARDS_ACCOUNTS_READ", "CREDIT_CARDS_ACCOUNTS_LIMITS_READ", "RESOURCES_READ"] }],
      ["INFORMACOES_PJ_NAO_INFORMADAS", { permissions: ["CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "RESOURCES_READ"] }],
      ["PERMISSOES_PJ_INCORRETAS", { permissions: ["CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ", "RESOURCES_READ"], businessEntity: company(padaria) }],
      ["PERMISSAO_PF_PJ_EM_CONJUNTO", { permissions: ["CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ", "CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "RESOURCES_READ"] }],
      ["COMBINACAO_PERMISSOES_INCORRETA", { permissions: ["ACCOUNTS_READ", "RESOURCES_READ"] }],
      ["DATA_EXPIRACAO_INVALIDA", { expirationDateTime: at(begin + 400 * day) }],
    ] as const) {
      it(`422 ${code}`, async () => {
        const answer = await api.post(consentBody(changes));
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([422, code]);
        expect(await api.storedOf(api.tpp)).to.equal(0);
      });
    }

    for (const [what, sent, code] of [
      ["an unknown permission", consentBody({ permissions: [...balances, "EVERYTHING_READ"] }), "PARAMETRO_INVALIDO"],
      ["a permission twice", consentBody({ permissions: [...balances, "ACCOUNTS_READ"] }), "PARAMETRO_INVALIDO"],
      ["no permission", consentBody({ permissions: [] }), "PARAMETRO_INVALIDO"],
      ["no loggedUser", consentBody({ loggedUser: undefined }), "PARAMETRO_NAO_INFORMADO"],
      ["a CPF with wrong check digits", consentBody({ loggedUser: person("00011122284") }), "PARAMETRO_INVALIDO"],
      ["another document than a CPF", consentBody({ loggedUser: { document: { identification: maria, rel: "RNE" } } }), "PARAMETRO_INVALIDO"],
      ["a CNPJ with wrong check digits", consentBody({ businessEntity: company("12345678000190") }), "PARAMETRO_INVALIDO"],
      ["a day that does not exist", consentBody({ expirationDateTime: "2026-02-30T10:00:00Z" }), "PARAMETRO_INVALIDO"],
      ["a time with a fraction", consentBody({ expirationDateTime: "2026-08-30T10:00:00.000Z" }), "PARAMETRO_INVALIDO"],
      ["a time of another zone", consentBody({ expirationDateTime: "2026-08-30T10:00:00-03:00" }), "PARAMETRO_INVALIDO"],
      ["no data", {}, "PARAMETRO_NAO_INFORMADO"],
      ["what is no JSON", "{", "REQUISICAO_MALFORMADA"],
      ["an array", "[]", "REQUISICAO_MALFORMADA"],
      ["no body", "", "REQUISICAO_MALFORMADA"],
      ["too large a body", JSON.stringify({ data: "x".repeat(70_000) }), "REQUISICAO_MALFORMADA"],
      ["too deep a body", "[".repeat(50).replaceAll("[", '{"a":') + "1" + "}".repeat(50), "REQUISICAO_MALFORMADA"],
    ] as const) {
      it(`400 for ${what}`, async () => {
        const answer = await api.post(sent);
        expect(answer.status).to.equal(400);
        expect(codesOf(answer)[0]).to.equal(code);
        expect(JSON.stringify(answer.body)).not.to.contain("00011122284");
        expect(await api.storedOf(api.tpp)).to.equal(0);
      });
    }

    it("a long list costs one short error, however many of its members are wrong", async () => {
      const answer = await api.post(consentBody({ permissions: Array.from({ length: 20_000 }, () => 0) }));
      expect([answer.status, ...codesOf(answer)]).to.deep.equal([400, "PARAMETRO_INVALIDO"]);
      expect(JSON.stringify(answer.body).length).to.be.lessThan(1_000);
    });

    it("every member at fault is named, up to the contract's 13", async () => {
      const answer = await api.post(consentBody({ permissions: Array.from({ length: 20 }, (_, count) => `NO_${count}`), loggedUser: undefined }));
      expect(answer.body.errors).to.have.length(13);
    });

    it("415 for another content type", async () => {
      const answer = await api.post(consentBody(), { headers: { "content-type": "text/plain" } });
      expect([answer.status, ...codesOf(answer)]).to.deep.equal([415, "FORMATO_NAO_SUPORTADO"]);
    });

    it("401 when the client was deregistered meanwhile", async () => {
      await api.server.clients.remove((await api.server.clients.find(api.tpp))!, []);
      expect((await api.post(consentBody())).status).to.equal(401);
    });
  });
});
