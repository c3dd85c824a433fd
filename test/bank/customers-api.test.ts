import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { customerProfileSchema } from "../../src/bank/customer-profile.ts";
import { openBank, type Answer, type BankBench, type Call } from "./bank-bench.ts";

const jacaranda = "1f07921f4416f182a32c483ccac2b0e6";

describe("customers API", () => {
  let bank: BankBench;
  let token: string;
  before(async () => {
    bank = await openBank();
    token = bank.peer.grant(bank.tpp, "institution-users:read");
  });
  after(() => bank.close());

  const get = (rest: string, over: Partial<Call> = {}) =>
    bank.call({
      path: `/v1/customers/${rest}`,
      token,
      ...over,
      headers: { correlationId: randomUUID(), ...over.headers },
    });

  function expectRefused(answer: Answer, status: number, code: string): void {
    expect(answer.body).to.have.all.keys("status", "code", "message");
    expect([answer.status, answer.body?.["status"], answer.body?.["code"]], answer.text).to.deep.equal([
      status,
      status,
      code,
    ]);
  }

  for (const base of ["/digitalbanking/ux-users/v1/customers", "/v1/customers"]) {
    it(`gives a person's profile by customer id, by login id and by default, at ${base}`, async () => {
      const correlationId = randomUUID();
      const headers = { correlationId };
      const byId = await bank.call({ path: `${base}/${jacaranda}?userIdType=CUSTOMER_ID`, token, headers });
      expect(byId.status).to.equal(200);
      expect(byId.headers["correlationid"]).to.equal(correlationId);
      expect(byId.headers["cache-control"]).to.equal("no-store");
      const profile = customerProfileSchema.parse(byId.body);
      expect(profile).to.include({
        fiId: "00016",
        fullName: "Jacarandá de Exemplo",
        birthDate: "1988-02-29",
        userType: "RETAIL",
      });
      expect(profile.customers).to.deep.equal([
        { customerId: jacaranda, memberNumber: "1000000001", customerType: "RETAIL", hostLoginId: "jacaranda.exemplo" },
      ]);
      expect(
        (await bank.call({ path: `${base}/Jacaranda.Exemplo?userIdType=LOGIN_ID`, token, headers })).body,
      ).to.deep.equal(byId.body);
      expect((await bank.call({ path: `${base}/${jacaranda}`, token, headers })).body).to.deep.equal(byId.body);
    });
  }

  it("gives a company's profile without a person's names, birth date or any CPF or CNPJ", async () => {
    const answer = await get("padaria.modelo?userIdType=LOGIN_ID");
    const profile = customerProfileSchema.parse(answer.body);
    expect(profile).to.include({ userType: "BUSINESS", fullName: "Padaria Modelo de Mentira Ltda." });
    expect(profile).not.to.have.any.keys("firstName", "lastName", "birthDate");
    expect(answer.text).not.to.contain("00011122000183");
  });

  const refused: readonly [
    rule: string,
    rest: string,
    headers: Record<string, string>,
    status: number,
    code: string,
  ][] = [
    ["no correlationId", jacaranda, { correlationId: "" }, 400, "UXU_10006"],
    ["a correlationId that is no GUID", jacaranda, { correlationId: "1" }, 400, "UXU_10007"],
    ["a customer id of another form", "1", {}, 400, "UXU_10012"],
    ["a login id of another form", "a%20b%20c%20d?userIdType=LOGIN_ID", {}, 400, "UXU_10012"],
    ["a login id outside ASCII", "ip%C3%AA.amarelo?userIdType=LOGIN_ID", {}, 400, "UXU_10012"],
    ["a broken escape in the path", "%ff%", {}, 400, "UXU_10012"],
    ["another userIdType", `${jacaranda}?userIdType=CPF`, {}, 400, "UXU_10014"],
    ["an unknown parameter", `${jacaranda}?a=b`, {}, 400, "UXU_10014"],
    ["userIdType twice", `${jacaranda}?userIdType=LOGIN_ID&userIdType=LOGIN_ID`, {}, 400, "UXU_10014"],
    ["an unknown customer id", "0".repeat(32), {}, 404, "UXU_88888"],
    ["an unknown login id", "nobody.here?userIdType=LOGIN_ID", {}, 404, "UXU_88888"],
    ["an Accept that excludes JSON", jacaranda, { Accept: "application/xml" }, 400, "UXU_99999"],
    ["a path below a customer", `${jacaranda}/contact-methods`, {}, 404, "UXU_10013"],
  ];
  for (const [rule, rest, headers, status, code] of refused) {
    it(`${code}: ${rule}`, async () => {
      const answer = await get(rest, { headers });
      expectRefused(answer, status, code);
      expect(answer.text).not.to.match(/jacaranda|nobody\.here|amarelo|0{32}/i);
    });
  }

  it("UXU_10001, 10002, 10003, 10005, 10009: token faults, each with a challenge", async () => {
    const expired = bank.peer.grant(bank.tpp, "institution-users:read", { exp: 1 });
    const answers: [Answer, number, string][] = [
      [await get(jacaranda, { token: "unknown" }), 401, "UXU_10001"],
      [await get(jacaranda, { certificate: bank.otherTpp }), 401, "UXU_10001"],
      [await get(jacaranda, { token: bank.peer.grant(bank.tpp, "accounts:read") }), 403, "UXU_10002"],
      [await get(jacaranda, { token: expired }), 401, "UXU_10003"],
      [await bank.call({ path: `/v1/customers/${jacaranda}` }), 401, "UXU_10005"],
      [await get(jacaranda, { headers: { authorization: "Basic YTpi" } }), 401, "UXU_10009"],
      [await get(`${jacaranda}?access_token=${token}`), 400, "UXU_10014"],
    ];
    for (const [answer, status, code] of answers) {
      expectRefused(answer, status, code);
      expect(answer.headers["www-authenticate"]).to.match(/^Bearer realm="customers"/);
    }
  });

  it("405 with Allow for a wrong verb", async () => {
    const answer = await get(jacaranda, { method: "DELETE" });
    expectRefused(answer, 405, "UXU_99999");
    expect(answer.headers["allow"]).to.equal("GET, HEAD, OPTIONS");
  });
});
