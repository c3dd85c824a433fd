import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { openBank, type BankBench } from "./bank-bench.ts";
import { accountId, callData, consentToken, operations, padariaCnpj } from "./open-finance-bench.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
}

interface Described {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get: {
          readonly description: string;
          readonly parameters: readonly Parameter[];
          readonly responses: Readonly<Record<string, { content: { "application/json": { schema: { $ref: string } } } }>>;
        };
      }
    >
  >;
}

describe("Open Finance OpenAPI document", () => {
  let bank: BankBench;
  let document: Described;
  let ajv: Ajv2020;
  before(async () => {
    bank = await openBank();
    const { body } = await bank.call({ path: "/open-banking/openapi.json", certificate: "none" });
    document = body as unknown as Described; // its form is what the tests look at
    ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, "api");
  });
  after(() => bank.close());

  it("describes every operation in OpenAPI 3.1, with its permission", () => {
    expect(document.openapi).to.equal("3.1.0");
    expect(Object.keys(document.paths)).to.have.members(operations.map(([path]) => path));
    for (const [path, permission] of operations) expect(document.paths[path]?.get.description).to.contain(permission);
  });

  it("types paging as whole numbers with their bounds and defaults", () => {
    const parameters = document.paths["/open-banking/accounts/v2/accounts/{accountId}/transactions"]?.get.parameters ?? [];
    const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
    expect(byName.get("page")?.schema).to.include({ type: "integer", minimum: 1, maximum: 2_147_483_647, default: 1 });
    expect(byName.get("page-size")?.schema).to.include({ type: "integer", minimum: 1, maximum: 1000, default: 25 });
    expect(byName.get("fromBookingDate")?.schema).to.include({ type: "string", format: "date" });
    expect(byName.get("x-fapi-interaction-id")).to.include({ in: "header", required: true });
    expect(byName.get("accountId")).to.include({ in: "path", required: true });
    expect(parameters.filter(({ in: place, required }) => place === "query" && required)).to.deep.equal([]);
  });

  it("bounds the page size of resources as its contract does", () => {
    const parameters = document.paths["/open-banking/resources/v3/resources"]?.get.parameters ?? [];
    expect(parameters.find(({ name }) => name === "page-size")?.schema).to.include({ type: "integer", minimum: 25, maximum: 1000, default: 25 });
  });

  it("holds what is answered, good and bad", async () => {
    const token = consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj });
    for (const [path] of operations) {
      const called = path.replace("{accountId}", accountId(bank, "padaria.modelo", "90000001"));
      for (const answer of [await callData(bank, called, token), await callData(bank, called, "unknown")]) {
        const schema = document.paths[path]?.get.responses[String(answer.status)]?.content["application/json"].schema.$ref;
        const check = ajv.compile({ $ref: `api${schema}` });
        expect(check(answer.body), `${path} ${answer.status} ${JSON.stringify(check.errors)}`).to.equal(true);
      }
    }
  });
});
