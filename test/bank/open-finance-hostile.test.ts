import { randomUUID } from "node:crypto";
import { expect } from "chai";
import * as fc from "fast-check";
import { transactionListSchema } from "../../src/bank/open-finance/accounts-schemas.ts";
import { openBank, type BankBench } from "./bank-bench.ts";
import { accountId, accounts, consentToken, customers, expectCommonHeaders, operations, padariaCnpj, resources } from "./open-finance-bench.ts";

const runs = { numRuns: Number(process.env["PROPERTY_TEST_RUNS"] ?? 100), verbose: 1 } as const;

describe("Open Finance data APIs: whatever comes", () => {
  let bank: BankBench;
  let token: string;
  let id: string;
  before(async () => {
    bank = await openBank();
    token = consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj });
    id = accountId(bank, "padaria.modelo", "90000001");
  });
  after(() => bank.close());

  const text = fc.string({ unit: "binary", maxLength: 40 }).map((value) => value.toWellFormed());
  const headerText = text.map((value) => value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ""));
  const parameterNames = ["page", "page-size", "pagination-key", "accountType", "creditDebitIndicator", "fromBookingDate", "toBookingDate"];
  const values = fc.oneof(
    text,
    fc.constantFrom("", "0", "1", "25", "1000", "1001", "2147483647", "2147483648", "1e3", "-0", "CREDITO", "CONTA_POUPANCA"),
    fc.date({ noInvalidDate: true, min: new Date("0000-01-01"), max: new Date("9999-12-31") }).map((date) => date.toISOString().slice(0, 10)),
  );
  const query = fc.oneof(
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...parameterNames, "__proto__", "constructor"), text), values), { maxLength: 5 })
      .map((pairs) => pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&")),
    fc.string({ unit: fc.constantFrom("%", "&", "=", "+", "f", "0", "[", "]", ";", "?"), maxLength: 30 }),
  );
  const headers = fc.dictionary(
    fc.constantFrom("x-fapi-interaction-id", "x-fapi-auth-date", "x-fapi-customer-ip-address", "x-customer-user-agent", "Accept", "Accept-Charset", "Authorization", "Range", "If-None-Match", "X-HTTP-Method-Override"),
    headerText,
  );
  const path = fc.oneof(
    fc.constantFrom(...operations.map(([operation]) => operation)),
    text.map((part) => `${accounts}/${encodeURIComponent(part)}`),
    fc.constantFrom(`${accounts}/%ff/balances`, `${accounts}//transactions`, "/open-banking/", "/open-banking//", `${customers}/personal`, `${resources}/`, "/OPEN-BANKING/ACCOUNTS/V2/ACCOUNTS", "/open-banking/%2e%2e/openapi.json"),
  );

  it("never fails, and always answers in the envelope with an interaction id, whatever path, query and headers come", async () => {
    await fc.assert(
      fc.asyncProperty(path, query, headers, async (path, query, sent) => {
        const answer = await bank.call({
          path: `${path.replace("{accountId}", id)}?${query}`,
          token,
          headers: { "x-fapi-interaction-id": randomUUID(), ...sent },
        });
        expect(answer.status, answer.text).to.be.within(200, 499);
        expectCommonHeaders(answer);
        expect(answer.body).to.have.any.keys("data", "errors");
      }),
      runs,
    );
  });

  it("gives every transaction of a period exactly once, whatever the page size", async () => {
    const still = await openBank({ clock: () => Date.parse("2026-06-15T12:00:00Z") });
    try {
      const reader = consentToken(still, { login: "ipe.amarelo", cnpj: padariaCnpj });
      const get = async (path: string) => {
        const { status, body, text } = await still.call({ path, token: reader, headers: { "x-fapi-interaction-id": randomUUID() } });
        expect(status, text).to.equal(200);
        return transactionListSchema.parse(body);
      };
      const period = `${accounts}/${id}/transactions?fromBookingDate=2026-03-01&toBookingDate=2026-03-31`;
      const all = (await get(`${period}&page-size=1000`)).data.map(({ transactionId }) => transactionId);
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 20, max: all.length + 5 }), async (size) => {
          const seen: string[] = [];
          for (let at: string | undefined = `${period}&page-size=${size}`; at !== undefined; ) {
            const { data, links } = await get(at);
            seen.push(...data.map(({ transactionId }) => transactionId));
            at = links.next?.replace("https://localhost:7445", "");
          }
          expect(seen).to.deep.equal(all);
        }),
        { ...runs, numRuns: Math.ceil(runs.numRuns / 10) },
      );
    } finally {
      await still.close();
    }
  });

  it("opens nothing without the consent's good word, whatever else the introspection tells", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations.map(([operation]) => operation)),
        fc.record({
          status: fc.oneof(fc.constantFrom("AWAITING_AUTHORISATION", "REJECTED", "CONSUMED", "AUTHORISED "), text.filter((status) => status !== "AUTHORISED")),
          permissions: fc.subarray(["ACCOUNTS_READ", "RESOURCES_READ", "CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ"]),
        }),
        async (operation, consent) => {
          const answer = await bank.call({
            path: operation.replace("{accountId}", id),
            token: consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj, consent }),
            headers: { "x-fapi-interaction-id": randomUUID() },
          });
          expect(answer.status).to.equal(401);
        },
      ),
      runs,
    );
  });
});
