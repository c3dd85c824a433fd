import { expect } from "chai";
import { openBank, type BankBench } from "./bank-bench.ts";
import { accountId, accounts, callData, consentToken, expectCommonHeaders, expectProblem, resources } from "./open-finance-bench.ts";

describe("Open Finance resources API", () => {
  let bank: BankBench;
  before(async () => {
    bank = await openBank();
  });
  after(() => bank.close());

  it("lists what the consent shares, each with its state, and says its version", async () => {
    const numbers = ["10000003", "10000006", "20000004", "20000005", "30000001"];
    const ids = numbers.map((number) => accountId(bank, "ipe.amarelo", number));
    const answer = await callData(bank, resources, consentToken(bank, { login: "ipe.amarelo", consent: { account_ids: ids.toReversed() } }));
    expect(answer.status).to.equal(200);
    expectCommonHeaders(answer);
    expect(answer.headers["x-v"]).to.equal("3.1.0");
    const statuses = ["AVAILABLE", "PENDING_AUTHORISATION", "TEMPORARILY_UNAVAILABLE", "UNAVAILABLE", "AVAILABLE"];
    expect(answer.body?.["data"]).to.deep.equal(ids.map((resourceId, at) => ({ resourceId, type: "ACCOUNT", status: statuses[at] })));
    expect(answer.body?.["links"]).to.deep.equal({ self: `https://localhost:7445${resources}` });
    expect(answer.body?.["meta"]).to.include({ totalRecords: 5, totalPages: 1 });
  });

  it("shows as UNAVAILABLE an account that was closed after the customer chose it, and gives no data of it", async () => {
    const chosen = ["10000003", "30000001"].map((number) => accountId(bank, "ipe.amarelo", number));
    const later = await openBank({ closedAccounts: ["30000001-6"] });
    try {
      const token = consentToken(later, { login: "ipe.amarelo", consent: { account_ids: chosen } });
      const listed = await callData(later, resources, token);
      expect(listed.body?.["data"]).to.deep.equal(chosen.map((resourceId, at) => ({ resourceId, type: "ACCOUNT", status: at === 0 ? "AVAILABLE" : "UNAVAILABLE" })));
      expectProblem(await callData(later, `${accounts}/${chosen[1]}/balances`, token), 403, "STATUS_RESOURCE_UNAVAILABLE");
      expect((await callData(later, accounts, token)).body?.["meta"]).to.include({ totalRecords: 1 });
    } finally {
      await later.close();
    }
  });

  it("lists nothing for a consent to customer data alone", async () => {
    const token = consentToken(bank, { consent: { permissions: ["RESOURCES_READ", "CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ"] } });
    const { status, body } = await callData(bank, resources, token);
    expect([status, body?.["data"]]).to.deep.equal([200, []]);
  });

  it("counts a page-size below 25 as 25, and refuses one above 1000", async () => {
    const token = consentToken(bank);
    const small = await callData(bank, `${resources}?page-size=1`, token);
    expect(small.body?.["data"]).to.have.length(2);
    expect(small.body?.["meta"]).to.include({ totalRecords: 2, totalPages: 1 });
    const second = await callData(bank, `${resources}?page=2&page-size=1`, token);
    expect(second.body?.["links"]).to.deep.include({ first: `https://localhost:7445${resources}?page=1&page-size=25` });
    for (const smaller of ["0", "-1", "24"]) {
      const answer = await callData(bank, `${resources}?page=2&page-size=${smaller}`, token);
      expect(answer.status, smaller).to.equal(200);
      expect(answer.body?.["links"]).to.deep.include({ first: `https://localhost:7445${resources}?page=1&page-size=25` });
    }
    for (const wrong of ["one", "2.5", "4294967296"]) {
      expectProblem(await callData(bank, `${resources}?page-size=${wrong}`, token), 400, "PARAMETRO_INVALIDO");
    }
    expectProblem(await callData(bank, `${resources}?page-size=1001`, token), 422, "PAGINACAO_NAO_PERMITIDA");
  });
});
