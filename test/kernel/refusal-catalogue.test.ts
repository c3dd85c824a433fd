import { expect } from "chai";
import { refusalCatalogue, type CatalogueEntry } from "../../src/kernel/refusal-catalogue.ts";

const entries = Object.entries<CatalogueEntry>(refusalCatalogue);

describe("the refusal catalogue", () => {
  it("has English texts that an error_description may hold: printable ASCII without quotes and backslash (RFC 6749 5.2)", () => {
    for (const [code, { en }] of entries) {
      for (const text of [en.what, en.mend]) {
        expect(text, code).to.match(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      }
    }
  });

  it("has errors that OAuth allows, and codes that fit into an address", () => {
    for (const [code, { error }] of entries) {
      expect(error, code).to.match(/^[a-z_]+$/);
      expect(code).to.match(/^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+$/);
    }
  });

  it("has whole sentences in both languages, each its own", () => {
    for (const [code, { en, pt }] of entries) {
      for (const text of [en.what, en.mend, pt.what, pt.mend]) {
        expect(text, code).to.match(/^\S.*\.$/).and.not.match(/ {2}/);
      }
      expect(pt.what, code).not.to.equal(en.what);
      expect(pt.mend, code).not.to.equal(en.mend);
    }
  });

  it("is written in Portuguese with its accents", () => {
    const unaccented = /\b(nao|sao|ja|ate|apos|esta em|endereco|codigo|diretorio|organizacao|cabecalho|metodo|papeis|atualizacao|autorizacao|conteudo)\b|\w(cao|coes)\b/i;
    for (const [code, { pt }] of entries) {
      expect(`${pt.what} ${pt.mend}`, code).not.to.match(unaccented);
    }
  });
});
