import { expect } from "chai";
import { answersMalformedInJson } from "../hostile/wire-requests.ts";
import { openBank, type BankBench } from "./bank-bench.ts";

describe("the bank answers what is no HTTP in JSON", () => {
  let bank: BankBench;
  before(async () => {
    bank = await openBank();
  });
  after(() => bank.close());

  answersMalformedInJson(() => ({ port: bank.port, ca: bank.caPem }), "/v1/accounts");

  it("and never writes down what such a request asked for", () => {
    expect(bank.logLines.join("\n")).not.to.contain("secret");
  });
});
