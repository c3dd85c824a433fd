import { expect } from "chai";
import { accountsForConsent } from "../../src/bank/consent-accounts.ts";
import { createSampleData } from "../../src/bank/sample-data.ts";
import { sampleAccounts } from "../../src/bank/sample-accounts.ts";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";

/** Check digit modulo 11 as Receita Federal has it for CPF and CNPJ. */
function checkDigit(digits: string, weights: readonly number[]): string {
  const rest = weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0) % 11;
  return String(rest < 2 ? 0 : 11 - rest);
}

const cpfWeights = [10, 9, 8, 7, 6, 5, 4, 3, 2];
const cnpjWeights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

describe("sample data", () => {
  it("has at least three persons and a company, with right CPF and CNPJ check digits", () => {
    const persons = sampleCustomers.filter((customer) => customer.kind === "person");
    const companies = sampleCustomers.filter((customer) => customer.kind === "company");
    expect(persons.length).to.be.at.least(3);
    expect(companies.length).to.be.at.least(1);
    for (const { cpf } of persons) {
      expect(cpf).to.match(/^\d{11}$/);
      expect(cpf.slice(9)).to.equal(checkDigit(cpf, cpfWeights) + checkDigit(cpf, [11, ...cpfWeights]));
    }
    for (const { cnpj } of companies) {
      expect(cnpj).to.match(/^\d{14}$/);
      expect(cnpj.slice(12)).to.equal(checkDigit(cnpj, cnpjWeights) + checkDigit(cnpj, [6, ...cnpjWeights]));
    }
  });

  it("names only customers that exist as holders, and gives nobody's id, login or number twice", () => {
    const ids = sampleCustomers.map(({ customerId }) => customerId);
    for (const { ownerId, jointHolderIds } of sampleAccounts)
      expect(ids).to.include.members([ownerId, ...jointHolderIds]);
    for (const member of ["customerId", "userId", "loginId", "memberNumber", "email"] as const) {
      expect(new Set(sampleCustomers.map((customer) => customer[member])).size).to.equal(sampleCustomers.length);
    }
    expect(new Set(sampleAccounts.map(({ branchCode, number }) => branchCode + number)).size).to.equal(
      sampleAccounts.length,
    );
  });

  it("counts accounts as closed that settings name by number and check digit, and refuses numbers that no account has", () => {
    const closed = createSampleData("a key", ["30000001-6"]);
    const ipe = closed.customerByLoginId("ipe.amarelo");
    const numbers = ipe && accountsForConsent(closed, ipe.customerId).map(({ maskedNumber }) => maskedNumber);
    expect(numbers).to.include("*****003-1").and.not.include("*****001-6");
    for (const wrong of ["30000001", "30000001-7", "50000001-3", ""]) {
      expect(() => createSampleData("a key", [wrong]), wrong).to.throw("sampleBank.closedAccounts");
    }
  });

  it("works account ids out of a key: 43 characters, the same for the same key, others for another", () => {
    const ids = (key: string) => {
      const data = createSampleData(key);
      return sampleCustomers.flatMap((customer) => data.accountsOf(customer).map(({ accountId }) => accountId));
    };
    for (const id of ids("one")) expect(id).to.match(/^[A-Za-z0-9_-]{43}$/);
    expect(ids("one")).to.deep.equal(ids("one"));
    expect(ids("one")).not.to.include.members(ids("two"));
  });
});
