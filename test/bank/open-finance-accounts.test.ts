import { expect } from "chai";
import { overdraftLimits } from "../../src/bank/open-finance/account-answers.ts";
import {
  accountIdentificationSchema,
  accountListSchema,
  balancesSchema,
  overdraftLimitsSchema,
} from "../../src/bank/open-finance/accounts-schemas.ts";
import { openBank, type BankBench } from "./bank-bench.ts";
import { accountId, accounts, callData, consentToken, expectCommonHeaders, expectProblem, padariaCnpj } from "./open-finance-bench.ts";

describe("Open Finance accounts API", () => {
  let bank: BankBench;
  let jacaranda: string;
  let ipe: string;
  let padaria: string;
  before(async () => {
    bank = await openBank();
    jacaranda = consentToken(bank);
    ipe = consentToken(bank, { login: "ipe.amarelo" });
    padaria = consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj });
  });
  after(() => bank.close());

  const list = async (token: string, query = "") => accountListSchema.parse((await callData(bank, accounts + query, token)).body);

  it("lists the consented accounts by branch and number, with links and totals", async () => {
    const answer = await callData(bank, accounts, jacaranda);
    expect(answer.status).to.equal(200);
    expectCommonHeaders(answer);
    expect(answer.headers["x-v"]).to.equal("2.4.2");
    const { data, links, meta } = accountListSchema.parse(answer.body);
    expect(data.map(({ type, branchCode, number }) => [type, branchCode, number])).to.deep.equal([
      ["CONTA_DEPOSITO_A_VISTA", "0001", "10000001"],
      ["CONTA_POUPANCA", "0001", "20000002"],
    ]);
    expect(links).to.deep.equal({ self: `https://localhost:7445${accounts}` });
    expect(meta).to.include({ totalRecords: 2, totalPages: 1 });
    expect(Math.abs(Date.parse(meta.requestDateTime) - Date.now())).to.be.below(300_000);
  });

  it("lists a company's accounts for a person who acts for it", async () => {
    expect((await list(padaria)).data.map(({ number }) => number)).to.deep.equal(["90000001"]);
  });

  it("lists only what the consent names, and nothing that is not an account of this bank", async () => {
    const one = accountId(bank, "jacaranda.exemplo", "20000002");
    const token = consentToken(bank, { consent: { account_ids: [one, "0".repeat(64)] } });
    expect((await list(token)).data.map((account) => account.accountId)).to.deep.equal([one]);
    const none = await list(consentToken(bank, { consent: { account_ids: [] } }));
    expect([none.data, none.meta.totalRecords, none.meta.totalPages]).to.deep.equal([[], 0, 0]);
  });

  it("leaves out accounts that are blocked, closed or wait for another holder", async () => {
    expect((await list(ipe)).data.map(({ number }) => number)).to.deep.equal(["10000001", "10000003", "30000001"]);
  });

  it("filters by accountType, and keeps the filter in its links", async () => {
    const prepaid = await list(ipe, "?accountType=CONTA_PAGAMENTO_PRE_PAGA");
    expect(prepaid.data.map(({ number, branchCode }) => [number, branchCode])).to.deep.equal([["30000001", undefined]]);
    const second = await list(ipe, "?accountType=CONTA_DEPOSITO_A_VISTA&page=2&page-size=1");
    expect(second.data.map(({ number }) => number)).to.deep.equal(["10000003"]);
    const at = (page: number) =>
      `https://localhost:7445${accounts}?accountType=CONTA_DEPOSITO_A_VISTA&page=${page}&page-size=1`;
    expect(second.links).to.deep.equal({ self: at(2), first: at(1), prev: at(1) });
    const first = await list(ipe, "?accountType=CONTA_DEPOSITO_A_VISTA&page-size=1");
    expect(first.links).to.deep.equal({
      self: `https://localhost:7445${accounts}?accountType=CONTA_DEPOSITO_A_VISTA&page-size=1`,
      next: at(2),
      last: at(2),
    });
    expect(first.meta).to.include({ totalRecords: 2, totalPages: 2 });
  });

  it("gives an empty page beyond the last one", async () => {
    const beyond = await list(ipe, "?page=2147483647");
    expect([beyond.data, beyond.meta.totalRecords]).to.deep.equal([[], 3]);
    expect(beyond.links).to.have.all.keys("self", "first", "prev");
    expect(beyond.links.prev).to.contain("page=1&");
  });

  it("builds links from its settings, whatever the Host header says", async () => {
    const { text } = await callData(bank, accounts, jacaranda, { headers: { Host: "evil.example", "X-Forwarded-Host": "evil.example" } });
    expect(text).not.to.contain("evil");
  });

  it("names one account, joint ones with their kind", async () => {
    const named = async (token: string, login: string, number: string) =>
      accountIdentificationSchema.parse((await callData(bank, `${accounts}/${accountId(bank, login, number)}`, token)).body);
    const joint = await named(jacaranda, "jacaranda.exemplo", "10000001");
    expect(joint.data).to.deep.equal({
      compeCode: "999",
      branchCode: "0001",
      number: "10000001",
      checkDigit: "9",
      type: "CONTA_DEPOSITO_A_VISTA",
      subtype: "CONJUNTA_SOLIDARIA",
      currency: "BRL",
    });
    expect(joint.meta).to.include({ totalRecords: 1, totalPages: 1 });
    expect((await named(padaria, "padaria.modelo", "90000001")).data.subtype).to.equal("INDIVIDUAL");
  });

  it("gives balances: blocked apart from available, investments on top, an overdrawn one negative", async () => {
    const of = async (token: string, login: string, number: string) =>
      balancesSchema.parse((await callData(bank, `${accounts}/${accountId(bank, login, number)}/balances`, token)).body).data;
    const amounts = ({ availableAmount, blockedAmount, automaticallyInvestedAmount }: Awaited<ReturnType<typeof of>>) =>
      [availableAmount, blockedAmount, automaticallyInvestedAmount].map(({ amount }) => amount);
    expect(amounts(await of(jacaranda, "jacaranda.exemplo", "10000001"))).to.deep.equal(["4015.37", "200.00", "6515.37"]);
    expect(amounts(await of(ipe, "ipe.amarelo", "10000003"))).to.deep.equal(["-120.08", "0.00", "-120.08"]);
  });

  it("gives overdraft limits, and an empty object where there is no overdraft", async () => {
    const of = async (number: string) =>
      overdraftLimitsSchema.parse((await callData(bank, `${accounts}/${accountId(bank, "ipe.amarelo", number)}/overdraft-limits`, ipe)).body).data;
    expect(await of("10000003")).to.deep.equal({
      overdraftContractedLimit: { amount: "500.00", currency: "BRL" },
      overdraftUsedLimit: { amount: "120.08", currency: "BRL" },
      unarrangedOverdraftAmount: { amount: "0.00", currency: "BRL" },
    });
    expect(await of("30000001")).to.deep.equal({});
  });

  it("counts an unarranged overdraft as used limit too", () => {
    const account = bank.sampleData.depositAccount(accountId(bank, "ipe.amarelo", "10000003"));
    if (account === undefined) throw new Error("no account");
    const { overdraftUsedLimit, unarrangedOverdraftAmount } = overdraftLimits({ ...account, currentCentavos: -650_40 });
    expect([overdraftUsedLimit?.amount, unarrangedOverdraftAmount?.amount]).to.deep.equal(["650.40", "150.40"]);
  });

  it("refuses an account outside the consent and one that nobody has, in the same words", async () => {
    const foreign = accountId(bank, "padaria.modelo", "90000001");
    for (const path of ["", "/balances", "/overdraft-limits", "/transactions", "/transactions-current"]) {
      const answers = await Promise.all(
        [foreign, "0".repeat(64), "no_such~id", "%ff"].map((id) => callData(bank, `${accounts}/${id}${path}`, jacaranda)),
      );
      const details = answers.map((answer) => expectProblem(answer, 403, "RESOURCE_FORBIDDEN").detail);
      expect(new Set(details).size).to.equal(1);
    }
  });

  for (const [number, code] of [
    ["20000004", "STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE"],
    ["20000005", "STATUS_RESOURCE_UNAVAILABLE"],
    ["10000006", "STATUS_RESOURCE_PENDING_AUTHORISATION"],
  ] as const) {
    it(`${code} for every operation of an account in that state`, async () => {
      const id = accountId(bank, "ipe.amarelo", number);
      const token = consentToken(bank, { login: "ipe.amarelo", consent: { account_ids: [id] } });
      for (const path of ["", "/balances", "/overdraft-limits", "/transactions", "/transactions-current"]) {
        expectProblem(await callData(bank, `${accounts}/${id}${path}`, token), 403, code);
      }
    });
  }
});
