import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { consentsOpenApi } from "../../src/http/consents/consents-openapi.ts";
import { rejectionCodes } from "../../src/store/consent-records.ts";
import { balances, maria } from "./consent-bank.ts";

const document = consentsOpenApi({ baseUrl: "https://mtls.bank.example", tokenUrl: "https://mtls.bank.example/token", authorizationUrl: "https://bank.example/auth" });

describe("OpenAPI of the Consents API", () => {
  it("is version 3.1.0, of this API's version, with its five operations", () => {
    expect(document).to.deep.include({ openapi: "3.1.0", servers: [{ url: "https://mtls.bank.example/open-banking/consents/v3" }] });
    const paths = document["paths"] as Record<string, object>;
    expect(Object.entries(paths).flatMap(([path, item]) => Object.keys(item).filter((key) => key !== "parameters").map((method) => `${method} ${path}`))).to.deep.equal([
      "post /consents",
      "get /consents/{consentId}",
      "delete /consents/{consentId}",
      "post /consents/{consentId}/extends",
      "get /consents/{consentId}/extensions",
    ]);
  });

  it("every reference leads to a schema, and the schemas judge as the server does", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, "api");
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      ajv.compile({ $ref: `api#/components/schemas/${name}` });
    }
    const create = ajv.compile({ $ref: "api#/components/schemas/CreateConsent" });
    const body = (changes: object) => ({ data: { permissions: balances, loggedUser: { document: { identification: maria, rel: "CPF" } }, ...changes } });
    expect(create(body({}))).to.equal(true);
    expect(create(body({ permissions: [] }))).to.equal(false);
    expect(create(body({ loggedUser: undefined }))).to.equal(false);
    expect(create(body({ expirationDateTime: "2026-06-15T12:00:00.5Z" }))).to.equal(false);
  });

  it("names every reason of a rejection and every code of a 422", () => {
    const text = JSON.stringify(document);
    for (const code of [...rejectionCodes, "SEM_PERMISSOES_FUNCIONAIS_RESTANTES", "CONSENTIMENTO_EM_STATUS_REJEITADO", "DEPENDE_MULTIPLA_ALCADA"]) {
      expect(text).to.contain(code);
    }
  });
});
