import { expect } from "chai";
import { accountListSchema } from "../../src/bank/open-finance/accounts-schemas.ts";
import { addMonths, dayOf } from "../../src/bank/open-finance/calendar.ts";
import { sampleLogins } from "../../src/bank/sample-logins.ts";
import { openBank, type BankBench } from "./bank-bench.ts";
import { accountId, accounts, callData, consentToken, customers, operations, padariaCnpj, resources } from "./open-finance-bench.ts";
import { contractsAreAtHand, readOfficialContracts } from "./official-contracts.ts";

// Every other answer that the tests of these APIs get is held against the contracts as well, where they are at hand.
if (contractsAreAtHand) {
  describe("EXTRA, only where the official data contracts lie at hand (nothing depends on them)", () => {
    const check = readOfficialContracts();
    let bank: BankBench;
    before(async () => {
      bank = await openBank();
    });
    after(() => bank.close());

    it("the check sees a departure: another status, a member missing, a value of another form", () => {
      const meta = { totalRecords: 0, totalPages: 0, requestDateTime: "2026-11-20T15:00:00Z" };
      const good = { data: [], links: { self: "https://bank.example/a" }, meta };
      expect(check({ path: accounts, status: 200, body: good })).to.deep.equal([]);
      expect(check({ path: accounts, status: 418, body: good })).to.have.length(1);
      expect(check({ path: accounts, status: 200, body: { ...good, meta: { requestDateTime: meta.requestDateTime } } })).to.have.length(2);
      expect(check({ path: accounts, status: 200, body: { ...good, data: [{}] } })).to.have.length(7);
      expect(check({ path: accounts, status: 403, body: { errors: [], meta } })).to.have.length(1);
      expect(check({ path: resources, status: 200, body: { ...good, data: [{ resourceId: "_", type: "ACCOUNT", status: "OPEN" }] } })).to.have.length(2);
      expect(check({ path: "/open-banking/loans/v2/contracts", status: 200, body: good })).to.have.length(1);
    });

    it("knows the same operations as we do", async () => {
      const { body } = await bank.call({ path: "/open-banking/openapi.json", certificate: "none" });
      expect(Object.keys(body?.["paths"] ?? {})).to.have.members(operations.map(([path]) => path));
      for (const [path] of operations) {
        expect(check({ path, status: 418, body: {} })[0]).to.match(/^the contract has no 418 for/);
        expect(check({ path, status: 504, body: {} })[0]).to.match(/must have required property 'errors'/);
      }
    });

    for (const { userName } of sampleLogins) {
      it(`all data of ${userName} have the contracts' form`, async () => {
        const token = consentToken(bank, { login: userName });
        const year = `?fromBookingDate=${addMonths(dayOf(Date.now()), -12)}&toBookingDate=${addMonths(dayOf(Date.now()), 12)}&page-size=1000`;
        const listed = accountListSchema.parse((await callData(bank, accounts, token)).body);
        const ids = listed.data.map((account) => account.accountId);
        const paths = [
          resources,
          ...["identifications", "qualifications", "financial-relations"].map((path) => `${customers}/personal/${path}`),
          ...ids.flatMap((id) => ["", "/balances", "/overdraft-limits", `/transactions${year}`, "/transactions-current"].map((path) => `${accounts}/${id}${path}`)),
        ];
        for (const path of paths) {
          const { status, body } = await callData(bank, path, token);
          expect([status, check({ path, status, body })], path).to.deep.equal([200, []]);
        }
      });
    }

    it("all data of the company have the contracts' form", async () => {
      const token = consentToken(bank, { login: "ipe.amarelo", cnpj: padariaCnpj });
      const id = accountId(bank, "padaria.modelo", "90000001");
      for (const [operation] of operations.filter(([path]) => !path.includes("/personal/"))) {
        const path = operation.replace("{accountId}", id);
        const { status, body } = await callData(bank, path, token);
        expect([status, check({ path, status, body })], path).to.deep.equal([200, []]);
      }
    });
  });
}
