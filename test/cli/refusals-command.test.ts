import { expect } from "chai";
import { refusalCatalogue } from "../../src/kernel/refusal-catalogue.ts";
import { runPorteiro } from "./run-porteiro.ts";

describe("porteiro refusals", () => {
  it("prints every code with its meaning and remedy, in Portuguese too", async () => {
    const { code, out } = await runPorteiro({}, "refusals", "--lang", "pt");
    expect(code).to.equal(0);
    for (const [name, { error, pt }] of Object.entries(refusalCatalogue)) {
      expect(out, name).to.include(`${name}  (`).and.include(error).and.include(`  ${pt.what}\n  ${pt.mend}\n`);
    }
  });

  it("prints the whole catalogue as JSON", async () => {
    const { out } = await runPorteiro({}, "refusals", "--json");
    expect(JSON.parse(out)).to.deep.equal(refusalCatalogue);
  });
});
