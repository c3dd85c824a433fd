import { expect } from "chai";
import { createRateLimit } from "../../src/http/rate-limit.ts";
import { consentsBasePath } from "../../src/http/consents/consent-routes.ts";
import { StoreUnavailableError } from "../../src/store/store-unavailable.ts";
import { begin } from "./consent-bank.ts";
import { codesOf, consentBody, useConsentsApi } from "./consents-api.ts";
import { consentsPath, startConsentsServer, type Answer, type Call, type ConsentsServer } from "./consents-server.ts";

describe("Consents API", () => {
  const api = useConsentsApi();

  describe("of every operation", () => {
    const operations = (id: string): [string, string][] => [
      ["POST", consentsPath],
      ["GET", `${consentsPath}/${id}`],
      ["DELETE", `${consentsPath}/${id}`],
      ["POST", `${consentsPath}/${id}/extends`],
      ["GET", `${consentsPath}/${id}/extensions`],
    ];
    const callOf = (method: string, id: string): Call => ({ client: api.tpp, scopes: ["consents", `consent:${id}`], ...(method === "POST" && { body: {} }) });

    it("401 without a token, with the challenge", async () => {
      const id = await api.created();
      for (const [method, path] of operations(id)) {
        const answer = await api.server.call(method, path, method === "POST" ? { body: consentBody() } : {});
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([401, "NAO_AUTENTICADO"]);
        expect(answer.headers["www-authenticate"]).to.equal("Bearer");
      }
    });

    it("403 without the scope", async () => {
      const id = await api.created();
      for (const [method, path] of operations(id)) {
        const answer = await api.server.call(method, path, { ...callOf(method, id), scopes: ["openid"], customer: "customer-1" });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([403, "ACESSO_NEGADO"]);
      }
    });

    it("400 without x-fapi-interaction-id, or with one that is no UUID; the answer bears a new one", async () => {
      const id = await api.created();
      for (const [method, path] of operations(id)) {
        for (const sent of [undefined, "123", "d78fc4e5-37ca-4da3-adf2-9b082bf9228g"]) {
          const customer = path.endsWith("extends") ? { customer: "customer-1" } : {};
          const answer = await api.server.call(method, path, { ...callOf(method, id), ...customer, headers: { "x-fapi-interaction-id": sent } });
          expect([answer.status, ...codesOf(answer)]).to.deep.equal([400, sent === undefined ? "PARAMETRO_NAO_INFORMADO" : "PARAMETRO_INVALIDO"]);
          expect(answer.headers["x-fapi-interaction-id"]).to.match(/^[0-9a-f-]{36}$/).and.not.equal(sent);
        }
      }
      expect(await api.storedOf(api.tpp)).to.equal(1);
    });

    it("406 for a caller that takes no JSON, or no UTF-8", async () => {
      const id = await api.created();
      for (const headers of [{ accept: "application/xml" }, { "accept-charset": "iso-8859-1" }]) {
        const answer = await api.get(id, { headers });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([406, "FORMATO_NAO_ACEITO"]);
      }
      expect((await api.get(id, { headers: { accept: "text/html, */*;q=0.1" } })).status).to.equal(200);
    });

    for (const accept of ["application/json; charset=utf-8", "application/json;charset=UTF-8", "text/html, application/json; charset=utf-8; q=0.9"]) {
      it(`the contract's own media type is accepted: ${accept}`, async () => {
        expect((await api.get(await api.created(), { headers: { accept } })).status).to.equal(200);
      });
    }

    it("405 with Allow for another method, 404 for another address", async () => {
      for (const [method, path, allowed] of [
        ["GET", consentsPath, "POST"],
        ["PUT", `${consentsPath}/urn:a:b`, "GET, HEAD, DELETE"],
        ["GET", `${consentsPath}/urn:a:b/extends`, "POST"],
        ["DELETE", `${consentsPath}/urn:a:b/extensions`, "GET, HEAD"],
      ] as const) {
        const answer = await api.server.call(method, path, { client: api.tpp });
        expect([answer.status, answer.headers["allow"], ...codesOf(answer)]).to.deep.equal([405, allowed, "METODO_NAO_PERMITIDO"]);
      }
      for (const path of [`${consentsBasePath}/other`, `${consentsPath}/a/b/c`, consentsBasePath]) {
        const answer = await api.server.call("GET", path, { client: api.tpp });
        expect([answer.status, ...codesOf(answer)]).to.deep.equal([404, "ENDERECO_NAO_ENCONTRADO"]);
      }
    });

    it("another TPP's consent is never seen: 403, whether it is there or not", async () => {
      const id = await api.created();
      const absent = `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
      const answers: Answer[] = [];
      for (const each of [id, absent]) {
        for (const [method, path] of operations(each).slice(1)) {
          const extendsIt = path.endsWith("extends");
          answers.push(await api.server.call(method, path, { ...callOf(method, each), client: api.otherTpp, ...(extendsIt && { customer: "customer-1" }) }));
        }
      }
      expect(answers.map(({ status }) => status)).to.deep.equal(Array(8).fill(403));
      expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).to.equal(1);
      expect((await api.get(id)).body.data.status).to.equal("AWAITING_AUTHORISATION");
      expect((await api.get(absent)).status).to.equal(404);
    });

    it("a consent of the same software's earlier registration belongs to nobody", async () => {
      const id = await api.created();
      await api.server.clients.remove((await api.server.clients.find(api.tpp))!, []);
      const again = (await api.server.client(api.software)).clientId;
      expect(again.slice(0, 16)).to.equal(api.tpp.slice(0, 16));
      expect((await api.get(id, { client: again })).status).to.equal(403);
    });

    it("400 for an id that is no URN, 404 for a URN of another house", async () => {
      for (const [id, status] of [["1", 400], ["urn:x", 400], [`urn:a:${"b".repeat(260)}`, 400], ["urn:bancoex:C1DD33123", 404], ["%E0%A4%A", 400]] as const) {
        expect((await api.get(id)).status, id).to.equal(status);
      }
    });

    it("the customer's token does not read or delete, the TPP's own does not extend", async () => {
      const id = await api.authorised();
      expect((await api.get(id, { customer: "customer-1" })).status).to.equal(403);
      expect((await api.remove(id, { customer: "customer-1" })).status).to.equal(403);
      expect((await api.server.call("POST", `${consentsPath}/${id}/extends`, { client: api.tpp, body: {} })).status).to.equal(403);
    });
  });
});

describe("Consents API in trouble", () => {
  let server: ConsentsServer;
  afterEach(() => server.stop());

  it("429 over a client's limit, 529 over everybody's, with Retry-After", async () => {
    const limit = (callsPerMinute: number) => createRateLimit({ callsPerMinute, clock: () => begin });
    server = await startConsentsServer({ clientLimit: limit(2), overallLimit: limit(3) });
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

  it("nobody without a valid token uses up everybody's limit, only their own by certificate or address", async () => {
    const limit = (callsPerMinute: number) => createRateLimit({ callsPerMinute, clock: () => begin });
    server = await startConsentsServer({ overallLimit: limit(1), callerLimit: limit(4), callerOf: (ctx) => ctx.get("test-client") || "address" });
    const { clientId } = await server.client("software-1");
    const unknown: number[] = [];
    for (const [method, path] of [["GET", `${consentsPath}/urn:a:b`], ["POST", consentsPath], ["PUT", consentsPath], ["GET", consentsBasePath], ["GET", consentsBasePath]] as const) {
      unknown.push((await server.call(method, path)).status);
    }
    expect(unknown).to.deep.equal([401, 401, 405, 404, 429]);
    expect((await server.call("GET", `${consentsPath}/urn:a:b`, { client: clientId })).status).to.equal(404);
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
