import { expect } from "chai";
import { accountsForConsent } from "../../src/bank/consent-accounts.ts";
import { sampleLogins } from "../../src/bank/sample-logins.ts";
import { createSampleData } from "../../src/bank/sample-data.ts";

describe("accounts for the consent page", () => {
  const data = createSampleData("a key of the test");
  const idOf = (userName: string) => sampleLogins.find((login) => login.userName === userName)?.customerId ?? "";
  const shown = (userName: string, cnpj?: string) =>
    accountsForConsent(data, idOf(userName), cnpj).map(({ type, branchCode, maskedNumber }) => [type, branchCode, maskedNumber].join(" "));

  it("lists a customer's own and joint deposit accounts, masked, by branch and number; no loans, none that are closed", () => {
    expect(shown("jacaranda.exemplo")).to.deep.equal([
      "CONTA_DEPOSITO_A_VISTA 0001 *****001-9",
      "CONTA_POUPANCA 0001 *****002-7",
    ]);
    expect(shown("ipe.amarelo")).to.deep.equal([
      "CONTA_DEPOSITO_A_VISTA 0001 *****001-9",
      "CONTA_DEPOSITO_A_VISTA 0042 *****003-1",
      "CONTA_DEPOSITO_A_VISTA 0042 *****006-5",
      "CONTA_POUPANCA 0042 *****004-3",
      "CONTA_PAGAMENTO_PRE_PAGA 0042 *****001-6",
    ]);
    expect(shown("buriti.ficticio")).to.deep.equal([]);
  });

  it("lists a company's accounts by its CNPJ, for each company that a sample login acts for", () => {
    expect(shown("ipe.amarelo", "00011122000183")).to.deep.equal(["CONTA_DEPOSITO_A_VISTA 0042 *****001-0"]);
    for (const { customerId, companies } of sampleLogins) {
      expect(accountsForConsent(data, customerId).some((account) => "cnpj" in account)).to.equal(false);
      for (const { cnpj } of companies) {
        const accounts = accountsForConsent(data, customerId, cnpj);
        expect(accounts).not.to.be.empty;
        expect(accounts.every((account) => account.cnpj === cnpj)).to.equal(true);
      }
    }
  });

  it("lists nothing for the unknown", () => {
    expect(accountsForConsent(data, "nobody")).to.deep.equal([]);
    expect(accountsForConsent(data, idOf("ipe.amarelo"), "00000000000191")).to.deep.equal([]);
  });

  it("gives ids that fit the contracts, the same for the same key, and none that digital banking uses", () => {
    const ids = accountsForConsent(data, idOf("ipe.amarelo")).map(({ accountId }) => accountId);
    for (const id of ids) expect(id).to.match(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,99}$/);
    expect(accountsForConsent(createSampleData("a key of the test"), idOf("ipe.amarelo")).map(({ accountId }) => accountId)).to.deep.equal(ids);
    expect(accountsForConsent(createSampleData("another"), idOf("ipe.amarelo")).map(({ accountId }) => accountId)).not.to.include.members(ids);
  });
});
