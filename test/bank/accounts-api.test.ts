import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { accountListSchema } from "../../src/bank/accounts-answer.ts";
import { openBank, type Answer, type BankBench, type Call } from "./bank-bench.ts";

const paths = ["/digitalbanking/db-accounts/v1/accounts", "/db-accounts/v1/accounts", "/v1/accounts"];
const jacaranda = "1000000001";
/** Checking, pre-paid, and three that are withheld from Open Finance: blocked, closed, awaiting another holder. */
const ipesDeposits: readonly string[] = Array.from({ length: 5 }, () => "DEPOSIT");

describe("accounts API", () => {
  let bank: BankBench;
  let token: string;
  before(async () => {
    bank = await openBank();
    token = bank.peer.grant(bank.tpp, "accounts:read");
  });
  after(() => bank.close());

  const get = (query: string, over: Partial<Call> = {}) =>
    bank.call({
      path: `/v1/accounts${query}`,
      token,
      ...over,
      headers: { transactionId: randomUUID(), ...over.headers },
    });
  const list = async (query: string, over: Partial<Call> = {}) =>
    accountListSchema.parse((await get(query, over)).body).accounts;

  function expectRefused(answer: Answer, status: number, code: string): void {
    expect(answer.body).to.have.all.keys("code", "message");
    expect([answer.status, answer.body?.["code"]], String(answer.body?.["message"])).to.deep.equal([status, code]);
    expect(answer.headers["content-type"]).to.match(/^application\/json/);
    expect(answer.headers["cache-control"]).to.equal("no-store");
  }

  for (const path of paths) {
    it(`lists the customer's accounts, and gives each by its id, at ${path}`, async () => {
      const transactionId = randomUUID();
      const all = await bank.call({ path: `${path}?hostUserId=${jacaranda}`, token, headers: { transactionId } });
      expect(all.status).to.equal(200);
      expect(all.headers["transactionid"]).to.equal(transactionId);
      expect(all.headers["cache-control"]).to.equal("no-store");
      const { accounts } = accountListSchema.parse(all.body);
      expect(accounts.map(({ type }) => type.value)).to.have.members(["CHECKING", "SAVINGS", "MORTGAGE_LOAN"]);
      for (const account of accounts) {
        const one = await bank.call({
          path: `${path}/${account.id}?loginId=Jacaranda.Exemplo`,
          token,
          headers: { transactionId },
        });
        expect(one.status).to.equal(200);
        expect(one.body).to.deep.equal(account);
      }
    });
  }

  it("orders by category, then id, whatever order the accounts are kept in", async () => {
    for (const [login, categories] of [
      ["ipe.amarelo", ["CROSS_USER_ACCOUNT", ...ipesDeposits, "INVESTMENT"]],
      ["jacaranda.exemplo", ["DEPOSIT", "DEPOSIT", "LOAN"]],
      ["padaria.modelo", ["DEPOSIT", "LOAN"]],
    ] as const) {
      const accounts = await list(`?loginId=${login}`);
      const keys = accounts.map(({ category, id }) => `${category} ${id}`);
      expect(keys).to.deep.equal(keys.toSorted());
      expect(accounts.map(({ category }) => category)).to.deep.equal(categories);
    }
  });

  it("shows only the last four of the account number without accounts:read_unmasked", async () => {
    const masked = await list(`?hostUserId=${jacaranda}`);
    for (const account of masked) expect(account.accountNumber).to.match(/^\*{5}\d{4}$/);
    const unmasked = await list(`?hostUserId=${jacaranda}`, {
      token: bank.peer.grant(bank.tpp, "accounts:read accounts:read_unmasked"),
    });
    for (const account of unmasked) expect(account.accountNumber).to.match(/^\d{9}$/);
    expect(unmasked.map(({ accountNumber }) => accountNumber.slice(-4))).to.deep.equal(
      masked.map(({ accountNumber }) => accountNumber.slice(-4)),
    );
  });

  it("writes amounts in BRL, and what is owed on a loan as a positive amount", async () => {
    const accounts = await list(`?hostUserId=${jacaranda}`);
    const amounts = Object.fromEntries(accounts.map(({ type, currentBalance }) => [type.value, currentBalance]));
    expect(amounts["CHECKING"]).to.deep.equal({ currencyCode: "BRL", amount: 4215.37 });
    expect(amounts["MORTGAGE_LOAN"]).to.deep.equal({ currencyCode: "BRL", amount: 212_400 });
  });

  it("leaves out joint accounts of others with crossAccount=false, adds the branch with additionalFields=true", async () => {
    const own = await list("?loginId=ipe.amarelo&crossAccount=false&additionalFields=true");
    expect(own.map(({ category }) => category)).to.deep.equal([...ipesDeposits, "INVESTMENT"]);
    for (const account of own) expect(account.additionalInfo).to.deep.equal({ branchCode: "0042" });
  });

  it("tells a closed account from an open one, and lets no money move from either that or a blocked one", async () => {
    const accounts = await list("?loginId=ipe.amarelo&crossAccount=false");
    const closed = accounts.filter(({ status }) => status.closed);
    expect(closed.map(({ description, status }) => [description, status.open])).to.deep.equal([["Poupança encerrada", false]]);
    const still = accounts.filter(({ category, allowedActions }) => category === "DEPOSIT" && !allowedActions.transferFrom);
    expect(still.map(({ description }) => description)).to.include.members(["Poupança encerrada", "Poupança bloqueada"]);
    expect(accounts.find(({ type }) => type.fiAccountType === "CONTA_PAGAMENTO")?.type.value).to.equal("UNKNOWN");
  });

  it("answers an empty list for a customer without accounts", async () => {
    expect(await list("?hostUserId=1000000003")).to.deep.equal([]);
  });

  it("finds a company by its loginId, with its location or without, and never by hostUserId", async () => {
    expect(await list("?loginId=padaria.modelo")).to.have.length(2);
    expect(await list("?loginId=padaria.modelo&institutionCustomerId=bc0ae897be52da0e2ac07a1a91c624fa")).to.have.length(
      2,
    );
    expectRefused(
      await get("?loginId=padaria.modelo&institutionCustomerId=1f07921f4416f182a32c483ccac2b0e6"),
      400,
      "ACC_00410",
    );
    expectRefused(await get("?hostUserId=9000000001"), 404, "ACC_00101");
  });

  it("ACC_00012: an unknown account and another customer's account are both 404, in the same words", async () => {
    const foreign = (await list("?loginId=padaria.modelo"))[0]?.id;
    const answers = await Promise.all([
      get(`/${foreign}?hostUserId=${jacaranda}`),
      get(`/${"A".repeat(43)}?hostUserId=${jacaranda}`),
      get(`/10000001?hostUserId=${jacaranda}`),
    ]);
    for (const answer of answers) expectRefused(answer, 404, "ACC_00012");
    expect(new Set(answers.map(({ text }) => text)).size).to.equal(1);
  });

  it("does not let another customer's joint holder see the rest", async () => {
    const savings = (await list(`?hostUserId=${jacaranda}`)).find(({ type }) => type.value === "SAVINGS");
    expectRefused(await get(`/${savings?.id}?loginId=ipe.amarelo`), 404, "ACC_00012");
  });

  const refusedQueries: readonly [rule: string, query: string, status: number, code: string][] = [
    ["an unknown hostUserId", "?hostUserId=4040404", 404, "ACC_00101"],
    ["an unknown loginId", "?loginId=nobody.here", 404, "ACC_00101"],
    ["neither hostUserId nor loginId", "", 400, "ACC_00021"],
    ["an empty hostUserId", "?hostUserId=", 400, "ACC_00021"],
    ["both hostUserId and loginId", `?hostUserId=${jacaranda}&loginId=jacaranda.exemplo`, 400, "ACC_99992"],
    ["hostUserId twice", `?hostUserId=${jacaranda}&hostUserId=${jacaranda}`, 400, "ACC_99992"],
    ["a hostUserId of another form", "?hostUserId=1-2", 400, "ACC_99992"],
    ["a loginId of another form", "?loginId=a%20b", 400, "ACC_99992"],
    ["an unknown parameter", `?hostUserId=${jacaranda}&colour=blue`, 400, "ACC_99994"],
    ["__proto__ as a parameter", `?hostUserId=${jacaranda}&__proto__=1`, 400, "ACC_99994"],
    ["a flag that is neither true nor false", `?hostUserId=${jacaranda}&crossAccount=yes`, 400, "ACC_99994"],
    ["$filter, not offered", `?hostUserId=${jacaranda}&$filter=id%20eq%20'1'`, 400, "ACC_99994"],
    ["$apply, not offered", `?hostUserId=${jacaranda}&$apply=groupBy(customer)`, 400, "ACC_99994"],
    ["$skipGroups, not offered", `?hostUserId=${jacaranda}&$skipGroups=0`, 400, "ACC_99994"],
    ["$topGroups, not offered", `?hostUserId=${jacaranda}&$topGroups=1`, 400, "ACC_99994"],
    ["viewName, not offered", `?hostUserId=${jacaranda}&viewName=s`, 400, "ACC_99994"],
    ["a letter outside ASCII", "?loginId=ip%C3%AA.amarelo", 400, "ACC_99995"],
    ["a control character", `?hostUserId=${jacaranda}%00`, 400, "ACC_99995"],
    ["bytes that are no UTF-8", "?loginId=%ff%fe", 400, "ACC_99995"],
  ];
  for (const [rule, query, status, code] of refusedQueries) {
    it(`${code}: ${rule}`, async () => expectRefused(await get(query), status, code));
  }

  it("says of a parameter of the contract that it is not offered, and which ones are", async () => {
    const { body } = await get(`?hostUserId=${jacaranda}&$filter=x`);
    expect(body?.["message"])
      .to.match(/\$filter, which is not offered/)
      .and.match(/hostUserId, loginId/);
  });

  const refusedHeaders: readonly [rule: string, headers: Record<string, string>, status: number, code: string][] = [
    ["an empty transactionId", { transactionId: "" }, 400, "ACC_99998"],
    ["a transactionId of 37 characters", { transactionId: "x".repeat(37) }, 400, "ACC_99997"],
    ["a transactionId that is no UUID", { transactionId: "abc" }, 400, "ACC_99992"],
    ["a callingAppId of 51 characters", { callingAppId: "x".repeat(51) }, 400, "ACC_99991"],
    ["another institution", { institutionId: "00017" }, 400, "ACC_00015"],
    ["an institutionId of another form", { institutionId: "x" }, 400, "ACC_00015"],
    ["a header outside ASCII", { callingAppId: "caf\u00e9" }, 400, "ACC_99995"],
    ["an Accept that excludes JSON", { Accept: "application/xml" }, 415, "ACC_99988"],
  ];
  for (const [rule, headers, status, code] of refusedHeaders) {
    it(`${code}: ${rule}`, async () => expectRefused(await get(`?hostUserId=${jacaranda}`, { headers }), status, code));
  }

  it("ACC_99998: no transactionId at all", async () => {
    expectRefused(await bank.call({ path: `/v1/accounts?hostUserId=${jacaranda}`, token }), 400, "ACC_99998");
  });

  it("ACC_99989: a body too large, or of undeclared length", async () => {
    const body = "x".repeat(8_193);
    expectRefused(
      await get(`?hostUserId=${jacaranda}`, { body, headers: { "Content-Length": "8193" } }),
      400,
      "ACC_99989",
    );
    expectRefused(
      await get(`?hostUserId=${jacaranda}`, { body: "x", headers: { "Transfer-Encoding": "chunked" } }),
      400,
      "ACC_99989",
    );
    expect((await get(`?hostUserId=${jacaranda}`, { body: "{}", headers: { "Content-Length": "2" } })).status).to.equal(
      200,
    );
  });

  it("accepts the institution that the token is for, and a JSON media range", async () => {
    for (const Accept of ["text/html, application/*;q=0.5", "application/json; charset=utf-8", "*/*"]) {
      const headers = { institutionId: "00016", callingAppId: "app", Accept };
      expect((await get(`?hostUserId=${jacaranda}`, { headers })).status, Accept).to.equal(200);
    }
  });

  it("ACC_00601 and ACC_00602: a bad token and a missing scope, with the challenge of RFC 6750", async () => {
    const bad = await get(`?hostUserId=${jacaranda}`, { token: "unknown" });
    expectRefused(bad, 401, "ACC_00601");
    expect(bad.headers["www-authenticate"]).to.match(
      /^Bearer realm="accounts", scope="accounts:read", error="invalid_token"/,
    );
    const scopeless = await get(`?hostUserId=${jacaranda}`, {
      token: bank.peer.grant(bank.tpp, "institution-users:read"),
    });
    expectRefused(scopeless, 403, "ACC_00602");
    expect(scopeless.headers["www-authenticate"]).to.contain('error="insufficient_scope"');
  });

  it("answers wrong verbs 405, unknown paths 404, OPTIONS and HEAD as HTTP has it", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE"]) {
      const answer = await get(`?hostUserId=${jacaranda}`, { method });
      expectRefused(answer, 405, "ACC_99990");
      expect(answer.headers["allow"]).to.equal("GET, HEAD, OPTIONS");
    }
    expectRefused(await bank.call({ path: "/db-accounts/v1/nothing" }), 404, "ACC_99990");
    const options = await bank.call({ path: "/v1/accounts", method: "OPTIONS" });
    expect([options.status, options.headers["allow"], options.text]).to.deep.equal([204, "GET, HEAD, OPTIONS", ""]);
    const head = await get(`?hostUserId=${jacaranda}`, { method: "HEAD" });
    expect([head.status, head.text]).to.deep.equal([200, ""]);
  });
});
