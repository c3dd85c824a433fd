import { expect } from "chai";
import { permissionGroups, permissions } from "../../src/policy/consent/permission-groups.ts";
import { begin, byServer, day, maria, personal } from "./consent-bank.ts";
import { baseUrl, consentsPath, startConsentsServer, type ConsentsServer } from "./consents-server.ts";
import { contractIsAtHand, readOfficialContract } from "./official-contract.ts";

const headers = { "x-fapi-interaction-id": "d78fc4e5-37ca-4da3-adf2-9b082bf92280", "x-v": "3.3.1", "content-type": "application/json; charset=utf-8" };

// All other tests of the routes hold their answers against the contract as well, where it is at hand.
if (contractIsAtHand) {
  describe("EXTRA, only where the official Consents contract lies at hand (nothing depends on it)", () => {
    let server: ConsentsServer;
    before(async () => {
      server = await startConsentsServer();
    });
    after(() => server.stop());

    it("the check sees a departure: a member missing, an unknown code, a header missing, a status of nobody", () => {
      const check = readOfficialContract();
      const answer = { method: "DELETE", path: `${consentsPath}/urn:a:b`, status: 422, headers, body: { errors: [{ code: "CONSENTIMENTO_EM_STATUS_REJEITADO", title: "t", detail: "d" }] } };
      expect(check(answer)).to.deep.equal([]);
      expect(check({ ...answer, body: { errors: [{ code: "OTHER", title: "t", detail: "d" }] } })).to.have.length(1);
      expect(check({ ...answer, body: {} })).to.have.length(1);
      expect(check({ ...answer, headers: {} })).to.have.length(2);
      expect(check({ ...answer, status: 418 })).to.have.length(1);
      expect(check({ method: "POST", path: consentsPath, status: 201, headers, body: { data: {} } })).to.have.length(5);
    });

    it("every permission of the contract is known, and stands in a group", () => {
      const check = readOfficialContract();
      const consent = (each: string) => ({
        data: { consentId: "urn:a:b", creationDateTime: "2026-06-15T12:00:00Z", status: "AUTHORISED", statusUpdateDateTime: "2026-06-15T12:00:00Z", permissions: [each] },
      });
      const departs = (each: string) => check({ method: "GET", path: `${consentsPath}/urn:a:b`, status: 200, headers, body: consent(each) }).length > 0;
      expect(permissions.filter(departs)).to.deep.equal([]);
      expect(departs("EVERYTHING_READ")).to.equal(true);
      expect(permissions.filter((each) => !permissionGroups.some((group) => group.permissions.includes(each)))).to.deep.equal([]);
      expect(permissions).to.have.length(36);
    });

    it("a whole life is answered as the contract says: created, read, authorised, extended, listed, ended", async () => {
      const { clientId: client } = await server.client("software-1");
      const creation = await server.consents.create(client, personal(), byServer);
      const id = creation.done ? creation.consent.consentId : "";
      await server.consents.authorise(id, { customerId: "customer-1", accounts: ["a"] }, byServer);
      const path = `${consentsPath}/${id}`;
      const body = { data: { loggedUser: { document: { identification: maria, rel: "CPF" } }, expirationDateTime: `${new Date(begin + 99 * day).toISOString().slice(0, 19)}Z` } };
      const statuses = [
        (await server.call("GET", path, { client })).status,
        (await server.call("POST", `${path}/extends`, { client, scopes: [`consent:${id}`], customer: "c", body, headers: { "x-fapi-customer-ip-address": "::1", "x-customer-user-agent": "p" } })).status,
        (await server.call("GET", `${path}/extensions`, { client })).status,
        (await server.call("DELETE", path, { client })).status,
        (await server.call("DELETE", path, { client })).status,
        (await server.call("GET", path, { client })).status,
      ];
      expect(statuses).to.deep.equal([200, 201, 200, 204, 422, 200]);
      expect((await server.call("GET", path, { client })).body.links["self"]).to.equal(`${baseUrl}${path}`);
    });
  });
}
