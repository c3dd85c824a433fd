import { expect } from "chai";
import { createRateLimit } from "../../src/http/rate-limit.ts";
import { consentsBasePath } from "../../src/http/consents/consent-routes.ts";
import { StoreUnavailableError } from "../../src/store/store-unavailable.ts";
import { balances, begin, byServer, day, joao, maria, padaria } from "./consent-bank.ts";
import { baseUrl, consentsPath, extensionsIn, startConsentsServer, type Answer, type Call, type ConsentsServer } from "./consents-server.ts";

const at = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
const person = (identification: string) => ({ document: { identification, rel: "CPF" } });
const company = (identification: string) => ({ document: { identification, rel: "CNPJ" } });

function body(changes: Record<string, unknown> = {}): { data: Record<string, unknown> } {
  return { data: { permissions: balances, loggedUser: person(maria), expirationDateTime: at(begin + 30 * day), ...changes } };
}

const codesOf = (answer: Answer): string[] => answer.body.errors.map(({ code }) => code);

describe("Consents API", () => {
  let server: ConsentsServer;
  let tpp: string;
  let otherTpp: string;

  beforeEach(async () => {
    server = await startConsentsServer();
    tpp = (await server.client("software-1")).clientId;
    otherTpp = (await server.client("software-2")).clientId;
  });
  afterEach(() => server.stop());

  const post = (sent: unknown, call: Call = {}) => server.call("POST", consentsPath, { client: tpp, body: sent, ...call });
  const get = (id: string, call: Call = {}) => server.call("GET", `${consentsPath}/${id}`, { client: tpp, ...call });
  const remove = (id: string, call: Call = {}) => server.call("DELETE", `${consentsPath}/${id}`, { client: tpp, ...call });

  async function created(changes: Record<string, unknown> = {}): Promise<string> {
    const answer = await post(body(changes));
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    return answer.body.data.consentId;
  }

  async function authorised(changes: Record<string, unknown> = {}): Promise<string> {
    const consentId = await created(changes);
    await server.consents.authorise(consentId, { customerId: "customer-1", accounts: ["a"] }, byServer);
    return consentId;
  }

  function extend(id: string, data: Record<string, unknown>, call: Call = {}): Promise<Answer> {
    return server.call("POST", `${consentsPath}/${id}/extends`, {
      client: tpp,
      scopes: ["openid", `consent:${id}`],
      customer: "customer-1",
      body: { data: { loggedUser: person(maria), ...data } },
      ...call,
      headers: { "x-fapi-customer-ip-address": "203.0.113.7", "x-customer-user-agent": "phone", ...call.headers },
    });
  }

  const storedOf = async (client: string) => (await server.auditOf(client)).length;

  describe("POST /consents", () => {
    it("201 with the consent, its address and the contract's headers", async () => {
      const interactionId = "D78FC4E5-37CA-4da3-adf2-9b082bf92280";
      const answer = await post(body(), { headers: { "x-fapi-interaction-id": interactionId } });
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
      expect(consentId).to.match(new RegExp(`^urn:porteiro:${tpp.slice(0, 16)}[0-9a-f]{32}$`));
    });

    it("without a term there is no expirationDateTime", async () => {
      expect((await post(body({ expirationDateTime: undefined }))).body.data).not.to.have.property("expirationDateTime");
    });

    it("permissions of products that are not offered are left out", async () => {
      const permissions = [...balances, "CREDIT_CARDS_ACCOUNTS_READ", "CREDIT_CARDS_ACCOUNTS_LIMITS_READ"];
      expect((await post(body({ permissions }))).body.data.permissions).to.deep.equal(balances);
    });

    for (const [code, changes] of [
      ["SEM_PERMISSOES_FUNCIONAIS_RESTANTES", { permissions: ["EXCHANGES_READ", "RESOURCES_READ"] }],
      ["INFORMACOES_PJ_NAO_INFORMADAS", { permissions: ["CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "RESOURCES_READ"] }],
      ["PERMISSOES_PJ_INCORRETAS", { permissions: ["CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ", "RESOURCES_READ"], businessEntity: company(padaria) }],
      ["PERMISSAO_PF_PJ_EM_CONJUNTO", { permissions: ["CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ", "CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "RESOURCES_READ"] }],
      ["COMBINACAO_PERMISSOES_INCORRETA", { permissions: ["ACCOUNTS_READ", "RESOURCES_READ"] }],
      ["DATA_EXPIRACAO_INVALIDA", { expirationDateTime: at(begin + 400 * day) }],
    ] as const) {
      it(`422 ${code}`, async () => {
        const answer = await post(body(changes));
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([422, code]);
        expect(await storedOf(tpp)).to.equal(0);
      });
    }

    for (const [what, sent, code] of [
      ["an unknown permission", body({ permissions: [...balances, "EVERYTHING_READ"] }), "PARAMETRO_INVALIDO"],
      ["a permission twice", body({ permissions: [...balances, "ACCOUNTS_READ"] }), "PARAMETRO_INVALIDO"],
      ["no permission", body({ permissions: [] }), "PARAMETRO_INVALIDO"],
      ["no loggedUser", body({ loggedUser: undefined }), "PARAMETRO_NAO_INFORMADO"],
      ["a CPF with wrong check digits", body({ loggedUser: person("00011122284") }), "PARAMETRO_INVALIDO"],
      ["another document than a CPF", body({ loggedUser: { document: { identification: maria, rel: "RNE" } } }), "PARAMETRO_INVALIDO"],
      ["a CNPJ with wrong check digits", body({ businessEntity: company("12345678000190") }), "PARAMETRO_INVALIDO"],
      ["a day that does not exist", body({ expirationDateTime: "2026-02-30T10:00:00Z" }), "PARAMETRO_INVALIDO"],
      ["a time with a fraction", body({ expirationDateTime: "2026-08-30T10:00:00.000Z" }), "PARAMETRO_INVALIDO"],
      ["a time of another zone", body({ expirationDateTime: "2026-08-30T10:00:00-03:00" }), "PARAMETRO_INVALIDO"],
      ["no data", {}, "PARAMETRO_NAO_INFORMADO"],
      ["what is no JSON", "{", "REQUISICAO_MALFORMADA"],
      ["an array", "[]", "REQUISICAO_MALFORMADA"],
      ["no body", "", "REQUISICAO_MALFORMADA"],
      ["too large a body", JSON.stringify({ data: "x".repeat(70_000) }), "REQUISICAO_MALFORMADA"],
      ["too deep a body", "[".repeat(50).replaceAll("[", '{"a":') + "1" + "}".repeat(50), "REQUISICAO_MALFORMADA"],
    ] as const) {
      it(`400 for ${what}`, async () => {
        const answer = await post(sent);
        expect(answer.status).to.equal(400);
        expect(codesOf(answer)[0]).to.equal(code);
        expect(JSON.stringify(answer.body)).not.to.contain("00011122284");
        expect(await storedOf(tpp)).to.equal(0);
      });
    }

    it("every member at fault is named, up to the contract's 13", async () => {
      const answer = await post(body({ permissions: Array.from({ length: 20 }, (_, count) => `NO_${count}`), loggedUser: undefined }));
      expect(answer.body.errors).to.have.length(13);
    });

    it("415 for another content type", async () => {
      const answer = await post(body(), { headers: { "content-type": "text/plain" } });
      expect([answer.status, ...codesOf(answer)]).to.deep.equal([415, "FORMATO_NAO_SUPORTADO"]);
    });

    it("401 when the client was deregistered meanwhile", async () => {
      await server.clients.remove((await server.clients.find(tpp))!, []);
      expect((await post(body())).status).to.equal(401);
    });
  });

  describe("of every operation", () => {
    const operations = (id: string): [string, string][] => [
      ["POST", consentsPath],
      ["GET", `${consentsPath}/${id}`],
      ["DELETE", `${consentsPath}/${id}`],
      ["POST", `${consentsPath}/${id}/extends`],
      ["GET", `${consentsPath}/${id}/extensions`],
    ];
    const callOf = (method: string, id: string): Call => ({ client: tpp, scopes: ["consents", `consent:${id}`], ...(method === "POST" && { body: {} }) });

    it("401 without a token, with the challenge", async () => {
      const id = await created();
      for (const [method, path] of operations(id)) {
        const answer = await server.call(method, path, method === "POST" ? { body: body() } : {});
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([401, "NAO_AUTENTICADO"]);
        expect(answer.headers["www-authenticate"]).to.equal("Bearer");
      }
    });

    it("403 without the scope", async () => {
      const id = await created();
      for (const [method, path] of operations(id)) {
        const answer = await server.call(method, path, { ...callOf(method, id), scopes: ["openid"], customer: "customer-1" });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([403, "ACESSO_NEGADO"]);
      }
    });

    it("400 without x-fapi-interaction-id, or with one that is no UUID; the answer bears a new one", async () => {
      const id = await created();
      for (const [method, path] of operations(id)) {
        for (const sent of [undefined, "123", "d78fc4e5-37ca-4da3-adf2-9b082bf9228g"]) {
          const customer = path.endsWith("extends") ? { customer: "customer-1" } : {};
          const answer = await server.call(method, path, { ...callOf(method, id), ...customer, headers: { "x-fapi-interaction-id": sent } });
          expect([answer.status, ...codesOf(answer)]).to.deep.equal([400, sent === undefined ? "PARAMETRO_NAO_INFORMADO" : "PARAMETRO_INVALIDO"]);
          expect(answer.headers["x-fapi-interaction-id"]).to.match(/^[0-9a-f-]{36}$/).and.not.equal(sent);
        }
      }
      expect(await storedOf(tpp)).to.equal(1);
    });

    it("406 for a caller that takes no JSON, or no UTF-8", async () => {
      const id = await created();
      for (const headers of [{ accept: "application/xml" }, { "accept-charset": "iso-8859-1" }]) {
        const answer = await get(id, { headers });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([406, "FORMATO_NAO_ACEITO"]);
      }
      expect((await get(id, { headers: { accept: "text/html, */*;q=0.1" } })).status).to.equal(200);
    });

    it("405 with Allow for another method, 404 for another address", async () => {
      for (const [method, path, allowed] of [
        ["GET", consentsPath, "POST"],
        ["PUT", `${consentsPath}/urn:a:b`, "GET, HEAD, DELETE"],
        ["GET", `${consentsPath}/urn:a:b/extends`, "POST"],
        ["DELETE", `${consentsPath}/urn:a:b/extensions`, "GET, HEAD"],
      ] as const) {
        const answer = await server.call(method, path, { client: tpp });
        expect([answer.status, answer.headers["allow"], ...codesOf(answer)]).to.deep.equal([405, allowed, "METODO_NAO_PERMITIDO"]);
      }
      for (const path of [`${consentsBasePath}/other`, `${consentsPath}/a/b/c`, consentsBasePath]) {
        const answer = await server.call("GET", path, { client: tpp });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([404, "ENDERECO_NAO_ENCONTRADO"]);
      }
    });

    it("another TPP's consent is never seen: 403, whether it is there or not", async () => {
      const id = await created();
      const absent = `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
      const answers: Answer[] = [];
      for (const each of [id, absent]) {
        for (const [method, path] of operations(each).slice(1)) {
          const extendsIt = path.endsWith("extends");
          answers.push(await server.call(method, path, { ...callOf(method, each), client: otherTpp, ...(extendsIt && { customer: "customer-1" }) }));
        }
      }
      expect(answers.map(({ status }) => status)).to.deep.equal(Array(8).fill(403));
      expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).to.equal(1);
      expect((await get(id)).body.data.status).to.equal("AWAITING_AUTHORISATION");
      expect((await get(absent)).status).to.equal(404);
    });

    it("a consent of the same software's earlier registration belongs to nobody", async () => {
      const id = await created();
      await server.clients.remove((await server.clients.find(tpp))!, []);
      const again = (await server.client("software-1")).clientId;
      expect(again.slice(0, 16)).to.equal(tpp.slice(0, 16));
      expect((await get(id, { client: again })).status).to.equal(403);
    });

    it("400 for an id that is no URN, 404 for a URN of another house", async () => {
      for (const [id, status] of [["1", 400], ["urn:x", 400], [`urn:a:${"b".repeat(260)}`, 400], ["urn:bancoex:C1DD33123", 404], ["%E0%A4%A", 400]] as const) {
        expect((await get(id)).status, id).to.equal(status);
      }
    });

    it("the customer's token does not read or delete, the TPP's own does not extend", async () => {
      const id = await authorised();
      expect((await get(id, { customer: "customer-1" })).status).to.equal(403);
      expect((await remove(id, { customer: "customer-1" })).status).to.equal(403);
      expect((await server.call("POST", `${consentsPath}/${id}/extends`, { client: tpp, body: {} })).status).to.equal(403);
    });
  });

  describe("GET /consents/{consentId}", () => {
    it("200 with the same consent, again and again", async () => {
      const id = await authorised({ isLinked: true });
      const [one, two] = [await get(id), await get(id)];
      expect(one.body).to.deep.equal(two.body);
      expect(one.body.data).to.deep.include({ consentId: id, status: "AUTHORISED", journey: { isLinked: true } });
    });

    for (const [what, wait, early, rejection] of [
      ["CONSENT_EXPIRED after 60 minutes without an authorisation", 3_600_000, false, { rejectedBy: "USER", reason: { code: "CONSENT_EXPIRED" } }],
      ["CONSENT_MAX_DATE_REACHED at the end of the term", 30 * day, true, { rejectedBy: "ASPSP", reason: { code: "CONSENT_MAX_DATE_REACHED" } }],
    ] as const) {
      it(`REJECTED with ${what}`, async () => {
        const id = early ? await authorised() : await created();
        server.advance(wait - 1000);
        expect((await get(id)).body.data.status).to.equal(early ? "AUTHORISED" : "AWAITING_AUTHORISATION");
        server.advance(1000);
        expect((await get(id)).body.data).to.deep.include({ status: "REJECTED", statusUpdateDateTime: at(begin + wait), rejection });
        expect((await remove(id)).status).to.equal(422);
      });
    }

    it("tells why the bank or the customer rejected it", async () => {
      const id = await created();
      await server.consents.reject(id, { by: "ASPSP", code: "CONSENT_TECHNICAL_ISSUE", additionalInformation: "code not exchanged" }, byServer);
      expect((await get(id)).body.data.rejection).to.deep.equal({ rejectedBy: "ASPSP", reason: { code: "CONSENT_TECHNICAL_ISSUE", additionalInformation: "code not exchanged" } });
    });
  });

  describe("DELETE /consents/{consentId}", () => {
    for (const [state, code] of [
      ["AWAITING_AUTHORISATION", "CUSTOMER_MANUALLY_REJECTED"],
      ["AUTHORISED", "CUSTOMER_MANUALLY_REVOKED"],
    ] as const) {
      it(`204 from ${state}, then ${code}, then 422`, async () => {
        const id = state === "AUTHORISED" ? await authorised() : await created();
        const answer = await remove(id);
        expect([answer.status, answer.body, answer.headers["x-v"]]).to.deep.equal([204, undefined, "3.3.1"]);
        expect((await get(id)).body.data.rejection).to.deep.equal({ rejectedBy: "USER", reason: { code } });
        const again = await remove(id);
        expect([again.status, ...codesOf(again)]).to.deep.equal([422, "CONSENTIMENTO_EM_STATUS_REJEITADO"]);
      });
    }

    it("of 20 at once one gets 204 and the others 422", async () => {
      const id = await authorised();
      const statuses = (await Promise.all(Array.from({ length: 20 }, () => remove(id)))).map(({ status }) => status);
      expect(statuses.sort()).to.deep.equal([204, ...Array<number>(19).fill(422)]);
    });
  });

  describe("POST /consents/{consentId}/extends", () => {
    const later = at(begin + 90 * day);

    it("201 with the new term, which reading and the list show too", async () => {
      const id = await authorised();
      server.advance(5000);
      const answer = await extend(id, { expirationDateTime: later });
      expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
      expect(answer.body.data).to.deep.include({ status: "AUTHORISED", expirationDateTime: later });
      expect((await get(id)).body.data.expirationDateTime).to.equal(later);
      const list = await get(`${id}/extensions`);
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
      const id = await authorised();
      expect((await extend(id, {})).body.data).not.to.have.property("expirationDateTime");
      expect((await extend(id, { expirationDateTime: later })).body.data.expirationDateTime).to.equal(later);
    });

    for (const [what, date] of [
      ["the present term", begin + 30 * day],
      ["before the present term", begin + 29 * day],
      ["in the past", begin - day],
      ["after 12 months", begin + 366 * day],
    ] as const) {
      it(`422 DATA_EXPIRACAO_INVALIDA: ${what}`, async () => {
        const id = await authorised();
        const answer = await extend(id, { expirationDateTime: at(date) });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([422, "DATA_EXPIRACAO_INVALIDA"]);
        expect((await get(id)).body.data.expirationDateTime).to.equal(at(begin + 30 * day));
      });
    }

    it("422 ESTADO_CONSENTIMENTO_INVALIDO before it is authorised and after it ended", async () => {
      const id = await created();
      expect(codesOf(await extend(id, { expirationDateTime: later }))).to.deep.equal(["ESTADO_CONSENTIMENTO_INVALIDO"]);
      await remove(id);
      expect(codesOf(await extend(id, { expirationDateTime: later }))).to.deep.equal(["ESTADO_CONSENTIMENTO_INVALIDO"]);
    });

    it("422 DEPENDE_MULTIPLA_ALCADA when several people approved", async () => {
      const id = await created();
      await server.consents.authorise(id, { customerId: "customer-1", accounts: [], severalApprovers: true }, byServer);
      expect(codesOf(await extend(id, { expirationDateTime: later }))).to.deep.equal(["DEPENDE_MULTIPLA_ALCADA"]);
    });

    it("403 for another person, or a company that the consent does not name", async () => {
      const id = await authorised();
      for (const data of [{ loggedUser: person(joao) }, { businessEntity: company(padaria) }]) {
        const answer = await extend(id, { expirationDateTime: later, ...data });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([403, "ACESSO_NEGADO"]);
      }
    });

    it("a company's consent is extended by another person who acts for it", async () => {
      const id = await authorised({ businessEntity: company(padaria) });
      expect((await extend(id, { loggedUser: person(joao), businessEntity: company(padaria), expirationDateTime: later })).status).to.equal(201);
      expect((await extend(id, { loggedUser: person("52998224725"), businessEntity: company(padaria) })).status).to.equal(403);
    });

    for (const name of ["x-fapi-customer-ip-address", "x-customer-user-agent"]) {
      it(`400 without ${name}, or with too long a one`, async () => {
        const id = await authorised();
        for (const value of [undefined, "x".repeat(300)]) {
          const answer = await extend(id, { expirationDateTime: later }, { headers: { [name]: value } });
          expect([answer.status, ...codesOf(answer)]).to.deep.equal([400, value === undefined ? "PARAMETRO_NAO_INFORMADO" : "PARAMETRO_INVALIDO"]);
        }
      });
    }

    it("of 20 at once to the same moment one is done", async () => {
      const id = await authorised();
      const answers = await Promise.all(Array.from({ length: 20 }, () => extend(id, { expirationDateTime: later })));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, ...Array<number>(19).fill(422)]);
      expect((await get(`${id}/extensions`)).body.meta.totalRecords).to.equal(1);
    });
  });

  describe("GET /consents/{consentId}/extensions", () => {
    it("an empty list has no page", async () => {
      const answer = await get(`${await created()}/extensions`);
      expect(answer.body.data).to.deep.equal([]);
      expect(answer.body.meta).to.include({ totalRecords: 0, totalPages: 0 });
    });

    it("pages of 25, newest first, with links to first, previous, next and last", async () => {
      const id = await authorised();
      for (let count = 1; count <= 55; count += 1) {
        server.advance(1000);
        expect((await extend(id, { expirationDateTime: at(begin + 40 * day + count * 1000) })).status).to.equal(201);
      }
      const url = `${baseUrl}${consentsPath}/${id}/extensions`;
      const page = async (query: string) => (await get(`${id}/extensions${query}`)).body;
      const [one, two, three, four] = [await page(""), await page("?page=2&page-size=5"), await page("?page=3"), await page("?page=4")];
      expect([one, two, three, four].map((each) => extensionsIn(each).length)).to.deep.equal([25, 25, 5, 0]);
      expect(one.meta).to.include({ totalRecords: 55, totalPages: 3 });
      expect(one.links).to.deep.equal({ self: `${url}?page=1&page-size=25`, next: `${url}?page=2&page-size=25`, last: `${url}?page=3&page-size=25` });
      expect(three.links).to.deep.equal({ self: `${url}?page=3&page-size=25`, first: `${url}?page=1&page-size=25`, prev: `${url}?page=2&page-size=25` });
      expect(two.links).to.have.all.keys("self", "first", "prev", "next", "last");
      const times = [one, two, three].flatMap((each) => extensionsIn(each).map(({ requestDateTime }) => requestDateTime));
      expect(times).to.deep.equal([...times].sort().toReversed());
      expect(extensionsIn(one)[0]?.expirationDateTime).to.equal((await get(id)).body.data.expirationDateTime);
    });

    for (const query of ["?page=0", "?page=x", "?page=1&page=2", "?page-size=1001", "?page-size=-1", "?page=99999999999"]) {
      it(`400 for ${query}`, async () => {
        expect((await get(`${await created()}/extensions${query}`)).status).to.equal(400);
      });
    }
  });
});

describe("Consents API in trouble", () => {
  let server: ConsentsServer;
  afterEach(() => server.stop());

  it("429 over a client's limit, 529 over everybody's, with Retry-After", async () => {
    const limit = (callsPerMinute: number) => createRateLimit({ callsPerMinute, clock: () => begin });
    server = await startConsentsServer({ clientLimit: limit(2), overallLimit: limit(4) });
    const [one, two] = [(await server.client("software-1")).clientId, (await server.client("software-2")).clientId];
    const answers: Answer[] = [];
    for (const client of [one, one, one, two, two]) {
      answers.push(await server.call("GET", `${consentsPath}/urn:a:b`, { client }));
    }
    expect(answers.map(({ status }) => status)).to.deep.equal([404, 404, 429, 404, 529]);
    expect([answers[2], answers[4]].map((answer) => [codesOf(answer!)[0], answer!.headers["retry-after"]])).to.deep.equal([
      ["LIMITE_EXCEDIDO", "60"],
      ["SOBRECARGA", "60"],
    ]);
  });

  for (const [what, error, status, code] of [
    ["504 when the store is out of reach", new StoreUnavailableError("gone"), 504, "TEMPO_ESGOTADO"],
    ["500 for what nobody foresaw, without a word about it", new Error("secret detail"), 500, "ERRO_INTERNO"],
  ] as const) {
    it(what, async () => {
      server = await startConsentsServer({
        authorize: async () => {
          throw error;
        },
      });
      const answer = await server.call("GET", `${consentsPath}/urn:a:b`, { client: "0".repeat(32) });
      expect([answer.status, ...codesOf(answer)]).to.deep.equal([status, code]);
      expect(JSON.stringify(answer.body)).not.to.match(/secret|gone/);
    });
  }
});
