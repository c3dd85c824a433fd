import { expect } from "chai";
import { begin, byServer, day } from "./consent-bank.ts";
import { at, codesOf, useConsentsApi } from "./consents-api.ts";

describe("Consents API: life of a consent", () => {
  const api = useConsentsApi();

  describe("GET /consents/{consentId}", () => {
    it("200 with the same consent, again and again", async () => {
      const id = await api.authorised({ isLinked: true });
      const [one, two] = [await api.get(id), await api.get(id)];
      expect(one.body).to.deep.equal(two.body);
      expect(one.body.data).to.deep.include({ consentId: id, status: "AUTHORISED", journey: { isLinked: true } });
    });

    for (const [what, wait, early, rejection] of [
      ["CONSENT_EXPIRED after 60 minutes without an authorisation", 3_600_000, false, { rejectedBy: "USER", reason: { code: "CONSENT_EXPIRED" } }],
      ["CONSENT_MAX_DATE_REACHED at the end of the term", 30 * day, true, { rejectedBy: "ASPSP", reason: { code: "CONSENT_MAX_DATE_REACHED" } }],
    ] as const) {
      it(`REJECTED with ${what}`, async () => {
        const id = early ? await api.authorised() : await api.created();
        api.server.advance(wait - 1000);
        expect((await api.get(id)).body.data.status).to.equal(early ? "AUTHORISED" : "AWAITING_AUTHORISATION");
        api.server.advance(1000);
        expect((await api.get(id)).body.data).to.deep.include({ status: "REJECTED", statusUpdateDateTime: at(begin + wait), rejection });
        expect((await api.remove(id)).status).to.equal(422);
      });
    }

    it("tells why the bank or the customer rejected it", async () => {
      const id = await api.created();
      await api.server.consents.reject(id, { by: "ASPSP", code: "CONSENT_TECHNICAL_ISSUE", additionalInformation: "code not exchanged" }, byServer);
      expect((await api.get(id)).body.data.rejection).to.deep.equal({ rejectedBy: "ASPSP", reason: { code: "CONSENT_TECHNICAL_ISSUE", additionalInformation: "code not exchanged" } });
    });
  });

  describe("DELETE /consents/{consentId}", () => {
    for (const [state, code] of [
      ["AWAITING_AUTHORISATION", "CUSTOMER_MANUALLY_REJECTED"],
      ["AUTHORISED", "CUSTOMER_MANUALLY_REVOKED"],
    ] as const) {
      it(`204 from ${state}, then ${code}, then 422`, async () => {
        const id = state === "AUTHORISED" ? await api.authorised() : await api.created();
        const answer = await api.remove(id);
        expect([answer.status, answer.body, answer.headers["x-v"]]).to.deep.equal([204, undefined, "3.3.1"]);
        expect((await api.get(id)).body.data.rejection).to.deep.equal({ rejectedBy: "USER", reason: { code } });
        const again = await api.remove(id);
        expect([again.status, ...codesOf(again)]).to.deep.equal([422, "CONSENTIMENTO_EM_STATUS_REJEITADO"]);
      });
    }

    it("of 20 at once one gets 204 and the others 422", async () => {
      const id = await api.authorised();
      const statuses = (await Promise.all(Array.from({ length: 20 }, () => api.remove(id)))).map(({ status }) => status);
      expect(statuses.sort()).to.deep.equal([204, ...Array<number>(19).fill(422)]);
    });
  });
});
