import { expect } from "chai";
import * as fc from "fast-check";
import { addDays, addMonths, dayOf, daysBetween, isDay, momentOf } from "../../src/bank/open-finance/calendar.ts";
import { transactionListSchema } from "../../src/bank/open-finance/accounts-schemas.ts";
import { personFile } from "../../src/bank/open-finance/customer-files.ts";
import { transactionsOf } from "../../src/bank/open-finance/transactions.ts";
import { createSampleData } from "../../src/bank/sample-data.ts";
import { isDepositAccount } from "../../src/bank/sample-accounts.ts";
import { openBank, type BankBench } from "./bank-bench.ts";
import { accountId, accounts, callData, consentToken, expectProblem, padariaCnpj } from "./open-finance-bench.ts";

const now = Date.parse("2026-11-20T15:00:00Z");
const today = "2026-11-20";

describe("Open Finance transactions", () => {
  let bank: BankBench;
  let token: string;
  let path: string;
  const time = { at: now };
  afterEach(() => {
    time.at = now;
  });
  before(async () => {
    bank = await openBank({ clock: () => time.at });
    token = consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj });
    path = `${accounts}/${accountId(bank, "padaria.modelo", "90000001")}/transactions`;
  });
  after(() => bank.close());

  const get = (query: string, at = path) => callData(bank, at + query, token);
  const list = async (query: string, at = path) => {
    const answer = await get(query, at);
    expect(answer.status, answer.text).to.equal(200);
    return transactionListSchema.parse(answer.body);
  };
  const year = `?fromBookingDate=${addMonths(today, -12)}&toBookingDate=${addMonths(today, 12)}`;

  it("gives today's when no period is named, on both paths", async () => {
    for (const at of [path, `${path}-current`]) {
      const { data, links, meta } = await list("", at);
      expect(data).not.to.be.empty;
      for (const { transactionDateTime } of data) expect(transactionDateTime).to.match(/^2026-11-20T/);
      expect(links).to.deep.equal({ self: `https://localhost:7445${at}` });
      expect(meta).to.deep.equal({ requestDateTime: "2026-11-20T15:00:00Z" });
    }
  });

  it("leads through hundreds of transactions by its next links: each once, latest first, no last link", async () => {
    const seen: string[] = [];
    const moments: string[] = [];
    let query = `${year}&page-size=500`;
    for (let pages = 1; ; pages += 1) {
      const { data, links } = await list(query);
      seen.push(...data.map(({ transactionId }) => transactionId));
      moments.push(...data.map(({ transactionDateTime }) => transactionDateTime));
      expect(links).to.have.all.keys([
        "self",
        ...(pages > 1 ? ["first", "prev"] : []),
        ...(links.next === undefined ? [] : ["next"]),
      ]);
      if (links.next === undefined) break;
      expect(data).to.have.length(500);
      expect(links.next).to.match(new RegExp(`page=${pages + 1}&page-size=500$`));
      query = new URL(links.next).search;
    }
    expect(seen.length).to.be.above(1_000);
    expect(new Set(seen).size).to.equal(seen.length);
    expect(moments).to.deep.equal(moments.toSorted().toReversed());
  });

  it("stays on the day that the first page was of, though midnight comes between the pages", async () => {
    for (const at of [path, `${path}-current`]) {
      time.at = Date.parse("2026-11-21T02:59:50Z");
      const first = await list("?page-size=1", at);
      expect(first.links.self).to.equal(`https://localhost:7445${at}?page-size=1`);
      time.at += 20_000;
      const second = await list(new URL(first.links.next ?? "").search, at);
      const period = "fromBookingDate=2026-11-20&toBookingDate=2026-11-20";
      expect(second.data[0]?.transactionDateTime).to.match(/^2026-11-20T/);
      expect(second.links).to.include({
        first: `https://localhost:7445${at}?${period}&page=1&page-size=1`,
        prev: `https://localhost:7445${at}?${period}&page=1&page-size=1`,
        next: `https://localhost:7445${at}?${period}&page=3&page-size=1`,
      });
    }
  });

  it("filters by period and by direction; both directions together are all", async () => {
    const period = "?fromBookingDate=2026-10-01&toBookingDate=2026-10-31&page-size=1000";
    const all = (await list(period)).data;
    const [credits, debits] = await Promise.all(
      ["CREDITO", "DEBITO"].map(async (direction) => (await list(`${period}&creditDebitIndicator=${direction}`)).data),
    );
    expect(credits).not.to.be.empty;
    expect(debits).not.to.be.empty;
    expect(new Set(credits?.map(({ creditDebitType }) => creditDebitType))).to.deep.equal(new Set(["CREDITO"]));
    expect([...(credits ?? []), ...(debits ?? [])]).to.have.deep.members(all);
    for (const { transactionDateTime } of all) expect(transactionDateTime).to.match(/^2026-10-\d\dT/);
  });

  it("tells scheduled, processing and settled apart", async () => {
    const { data } = await list(`${year}&page-size=1000`);
    for (const { transactionDateTime, completedAuthorisedPaymentType: state } of data) {
      if (transactionDateTime > "2026-11-20T15:00:00.000Z") expect(state).to.equal("LANCAMENTO_FUTURO");
      if (transactionDateTime < "2026-11-20T03:00:00.000Z") expect(state).to.equal("TRANSACAO_EFETIVADA");
    }
    expect(data.filter(({ completedAuthorisedPaymentType: state }) => state === "LANCAMENTO_FUTURO").length).to.be.at.least(9);
  });

  it("names the other side wherever Instrução Normativa BCB 371 wants it", async () => {
    const { data } = await list(`${year}&page-size=1000`);
    const named = data.filter(({ type, creditDebitType }) => ["TED", "PIX"].includes(type) || (type === "BOLETO" && creditDebitType === "DEBITO"));
    expect(named).not.to.be.empty;
    for (const { partieCnpjCpf, partiePersonType } of named) {
      expect(partiePersonType).to.equal(partieCnpjCpf?.length === 11 ? "PESSOA_NATURAL" : "PESSOA_JURIDICA");
    }
  });

  it("names the employer in salaries that this bank pays out, whoever reads of them", async () => {
    const salary = async (at: string, as: string) => {
      const answer = await callData(bank, `${at}${year}&page-size=1000`, as);
      return transactionListSchema.parse(answer.body).data.find(({ type }) => type === "FOLHA_PAGAMENTO");
    };
    expect(await salary(path, token)).to.include({ creditDebitType: "DEBITO", partieCnpjCpf: padariaCnpj, partiePersonType: "PESSOA_JURIDICA" });
    const employed = `${accounts}/${accountId(bank, "jacaranda.exemplo", "10000001")}/transactions`;
    expect(await salary(employed, consentToken(bank))).to.include({ creditDebitType: "CREDITO", partieCnpjCpf: "00022244000175" });
  });

  const refused: readonly [rule: string, query: string, status: number, code: string][] = [
    ["a beginning without an end", "?fromBookingDate=2026-11-01", 400, "PARAMETRO_NAO_INFORMADO"],
    ["an end without a beginning", "?toBookingDate=2026-11-01", 400, "PARAMETRO_NAO_INFORMADO"],
    ["a day that is not in the calendar", "?fromBookingDate=2026-02-30&toBookingDate=2026-03-01", 400, "PARAMETRO_INVALIDO"],
    ["a date of another form", "?fromBookingDate=01/11/2026&toBookingDate=2026-11-02", 400, "PARAMETRO_INVALIDO"],
    ["an instant instead of a date", "?fromBookingDate=2026-11-01T00:00:00Z&toBookingDate=2026-11-02", 400, "PARAMETRO_INVALIDO"],
    ["an unknown direction", "?creditDebitIndicator=AMBOS", 400, "PARAMETRO_INVALIDO"],
    ["ends in the wrong order", "?fromBookingDate=2026-11-19&toBookingDate=2026-11-18", 422, "PERIODO_NAO_PERMITIDO"],
    ["page 0", "?page=0", 400, "PARAMETRO_INVALIDO"],
    ["a negative page", "?page=-1", 400, "PARAMETRO_INVALIDO"],
    ["a page beyond 32 bits", "?page=2147483648", 400, "PARAMETRO_INVALIDO"],
    ["a page in letters", "?page=one", 400, "PARAMETRO_INVALIDO"],
    ["a page with a fraction", "?page=1.5", 400, "PARAMETRO_INVALIDO"],
    ["page-size 0", "?page-size=0", 400, "PARAMETRO_INVALIDO"],
    ["page-size 1001", "?page-size=1001", 422, "PAGINACAO_NAO_PERMITIDA"],
    ["a pagination-key of 2049 characters", `?pagination-key=${"k".repeat(2049)}`, 400, "PARAMETRO_INVALIDO"],
    ["page twice", "?page=1&page=1", 400, "PARAMETRO_INVALIDO"],
    ["a misspelt filter", "?frombookingdate=2026-11-01", 400, "PARAMETRO_INVALIDO"],
    ["__proto__", "?__proto__=1", 400, "PARAMETRO_INVALIDO"],
  ];
  for (const [rule, query, status, code] of refused) {
    it(`${status} ${code}: ${rule}, on both paths`, async () => {
      expectProblem(await get(query), status, code);
      expectProblem(await get(query, `${path}-current`), status, code);
    });
  }

  const edges: readonly [end: string, from: string, to: string, past: number, current: number][] = [
    ["twelve months back", addMonths(today, -12), today, 200, 422],
    ["one day more", addDays(addMonths(today, -12), -1), today, 422, 422],
    ["twelve months ahead", today, addMonths(today, 12), 200, 200],
    ["one day more", today, addDays(addMonths(today, 12), 1), 422, 422],
    ["D-6", addDays(today, -6), today, 200, 200],
    ["D-7", addDays(today, -7), today, 200, 422],
    ["from D-30 to D-20", addDays(today, -30), addDays(today, -20), 200, 422],
  ];
  for (const [end, from, to, past, current] of edges) {
    it(`reaches ${end}: transactions ${past}, transactions-current ${current}`, async () => {
      const query = `?fromBookingDate=${from}&toBookingDate=${to}`;
      expect((await get(query)).status).to.equal(past);
      expect((await get(query, `${path}-current`)).status).to.equal(current);
    });
  }

  it("takes the first and the last page size, empty parameters and a pagination-key", async () => {
    expect((await list(`${year}&page-size=1`)).data).to.have.length(1);
    expect((await list(`${year}&page-size=1000`)).data).to.have.length(1000);
    const { data, links } = await list(`${year}&page=&page-size=&creditDebitIndicator=&pagination-key=abc`);
    expect(data).to.have.length(25);
    expect(links.next).to.match(/page=2&page-size=25$/).and.not.contain("pagination-key");
  });

  it("gives the same in transactions-current as in transactions, for the days that both reach", async () => {
    const query = `?fromBookingDate=${addDays(today, -6)}&toBookingDate=${addMonths(today, 2)}&page-size=1000`;
    expect((await list(query, `${path}-current`)).data).to.deep.equal((await list(query)).data);
  });
});

describe("sample transactions", () => {
  const data = createSampleData("a key of the test");
  const account = (login: string, number: string) => {
    const customer = data.customerByLoginId(login);
    const found = customer && data.accountsOf(customer).filter(isDepositAccount).find((one) => one.number === number);
    if (found === undefined) throw new Error(`no account ${number}`);
    return found;
  };
  const household = account("jacaranda.exemplo", "10000001");
  const instants = fc.integer({ min: Date.parse("2026-01-01"), max: Date.parse("2030-12-31") });
  const runs = { numRuns: Number(process.env["PROPERTY_TEST_RUNS"] ?? 60), verbose: 1 } as const;

  it("has hundreds a year, and some today at any hour, for a household and a company", () => {
    const bakery = account("padaria.modelo", "90000001");
    expect(transactionsOf(household, { first: addMonths(today, -12), last: today }, now).length).to.be.above(600);
    expect(transactionsOf(bakery, { first: addMonths(today, -12), last: today }, now).length).to.be.above(1_500);
    fc.assert(
      fc.property(instants, (at) => {
        expect(transactionsOf(household, { first: dayOf(at), last: dayOf(at) }, at)).not.to.be.empty;
      }),
      runs,
    );
  });

  it("never changes what is settled, however much later one looks", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 300 }), (at, days) => {
        const period = { first: addDays(dayOf(at), -30), last: dayOf(at) };
        const settled = (seen: number) => transactionsOf(household, period, seen).filter(({ state }) => state === "TRANSACAO_EFETIVADA");
        const later = settled(at + days * 86_400_000);
        for (const transaction of settled(at)) expect(later).to.deep.include(transaction);
        if (days > 0) expect(later).to.have.length(transactionsOf(household, period, at + days * 86_400_000).length);
      }),
      runs,
    );
  });

  it("puts a transaction on the same day whether its time is read in UTC or in Brasília", () => {
    for (const day of daysBetween(addMonths(today, -2), today)) {
      for (const { at } of transactionsOf(household, { first: day, last: day }, now)) {
        expect([dayOf(at), new Date(at).toISOString().slice(0, 10)]).to.deep.equal([day, day]);
      }
    }
  });

  it("dates what is scheduled where it will be: a salary due at seven is not of last midnight", () => {
    const dawn = Date.parse("2026-11-05T09:00:00Z");
    const payday = { first: "2026-11-05", last: "2026-11-05" };
    const salaryAt = (seen: number) => transactionsOf(household, payday, seen).find(({ movement }) => movement.type === "FOLHA_PAGAMENTO");
    expect(salaryAt(dawn)).to.include({ state: "LANCAMENTO_FUTURO", at: Date.parse("2026-11-05T10:00:00Z") });
    expect(salaryAt(dawn + 3_600_000)).to.include({ state: "TRANSACAO_EFETIVADA", at: Date.parse("2026-11-05T10:00:00Z") });
    fc.assert(
      fc.property(instants, (at) => {
        const period = { first: addDays(dayOf(at), -1), last: addMonths(dayOf(at), 2) };
        for (const { state, at: dated } of transactionsOf(household, period, at)) expect(dated > at).to.equal(state === "LANCAMENTO_FUTURO");
      }),
      runs,
    );
  });

  it("pays salaries in from the employer that the customer's file has", () => {
    const payers = (login: string, number: string) =>
      transactionsOf(account(login, number), { first: "2026-10-01", last: "2026-10-31" }, now)
        .filter(({ movement }) => movement.direction === "CREDITO" && ["FOLHA_PAGAMENTO", "PORTABILIDADE_SALARIO"].includes(movement.type))
        .map(({ movement }) => movement.party?.document);
    const fileOf = (login: string) => personFile(data.customerByLoginId(login)?.customerId ?? "");
    expect(payers("jacaranda.exemplo", "10000001")).to.deep.equal([fileOf("jacaranda.exemplo")?.salaryAccount?.employerCnpj]);
    expect(payers("ipe.amarelo", "10000003")).to.deep.equal([fileOf("ipe.amarelo")?.salaryFrom?.employerCnpj]);
  });

  it("knows the calendar: Brasília's midnight, ends of months, leap days", () => {
    expect(dayOf(Date.parse("2026-11-21T02:59:59Z"))).to.equal("2026-11-20");
    expect(dayOf(Date.parse("2026-11-21T03:00:00Z"))).to.equal("2026-11-21");
    expect(momentOf("2026-11-21", 60)).to.equal(Date.parse("2026-11-21T03:01:00Z"));
    expect(addMonths("2028-02-29", 12)).to.equal("2029-02-28");
    expect(addMonths("2026-01-31", 1)).to.equal("2026-02-28");
    expect(addMonths("2026-11-20", 14)).to.equal("2028-01-20");
    expect(daysBetween("2028-02-28", "2028-03-01")).to.deep.equal(["2028-02-28", "2028-02-29", "2028-03-01"]);
    expect(["2028-02-29", "2026-02-29", "2026-13-01", "2026-1-1", "", "0000-00-00"].filter(isDay)).to.deep.equal(["2028-02-29"]);
  });
});
