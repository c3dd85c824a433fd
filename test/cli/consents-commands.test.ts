import { userInfo } from "node:os";
import { expect } from "chai";
import { ownFapiWorld, type OwnWorld } from "../certification/fapi/fapi-world.ts";
import { documentOf, fapiRun, type FapiRun } from "../certification/fapi/suite-steps.ts";
import { environmentOf } from "../support/server-process.ts";
import { runPorteiro, type Run } from "./run-porteiro.ts";

describe("porteiro consents, beside a running server", () => {
  let world: OwnWorld;
  let run: FapiRun;
  let environment: Record<string, string>;
  before(async () => {
    world = await ownFapiWorld();
    run = await fapiRun(world);
    environment = environmentOf(world.server.settings);
  });
  after(() => world.stop());

  const porteiro = (...words: string[]): Promise<Run> => runPorteiro(environment, ...words);
  const succeeded = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await porteiro(...words);
    expect(code, err).to.equal(0);
    return out;
  };

  async function authorised() {
    const consentId = await run.consent(world.client1);
    return { consentId, ...(await run.tokens(world.client1, await run.authorize(world.client1, { consentId }))) };
  }

  it("list and show tell of the consents in force, without anybody's CPF", async () => {
    const [one, other] = [await authorised(), await authorised()];
    const outs = [
      await succeeded("consents", "list", "--client", world.client1.clientId),
      await succeeded("consents", "list", "--customer", one.claims.sub ?? "", "--json"),
      await succeeded("consents", "show", one.consentId),
    ];
    for (const out of outs) {
      expect(out).to.include(one.consentId).and.not.include(documentOf("jacaranda.exemplo"));
    }
    expect(outs[0]).to.include(other.consentId);
    const shown = JSON.parse(await succeeded("consents", "show", one.consentId, "--json"));
    expect(shown).to.include({ client_id: world.client1.clientId, status: "AUTHORISED", of_company: false, customer_id: one.claims.sub });
    const first = await porteiro("consents", "list", "--client", world.client1.clientId, "--limit", "1", "--json");
    expect(first.out.trim().split("\n")).to.have.length(1);
    const after = /--after (\S+)/.exec(first.err)?.[1] ?? "";
    expect(await succeeded("consents", "list", "--client", world.client1.clientId, "--after", after)).not.to.include(JSON.parse(first.out).consent_id);
  });

  it("reject asks first, and then ends consent and tokens at once, with the reason for TPP and trail", async () => {
    const { consentId, accessToken, refreshToken } = await authorised();
    const words = ["consents", "reject", consentId, "--reason", "INTERNAL_SECURITY_REASON", "--information", "Suspeita de fraude."];
    expect((await porteiro(...words)).err).to.include("not confirmed");
    expect((await world.server.introspect(accessToken)).json()).to.include({ active: true });
    await succeeded(...words, "--yes");
    expect((await world.server.introspect(accessToken)).json()).to.deep.equal({ active: false });
    const refreshed = await run.token(world.client1, { grant_type: "refresh_token", refresh_token: refreshToken });
    expect(`${refreshed.status} ${refreshed.json().error}`).to.equal("400 invalid_grant");
    const { access_token } = (await run.token(world.client1, { grant_type: "client_credentials", scope: "consents" })).json();
    const read = await run.resource(world.client1, access_token, { url: `${world.consentUrl}/${consentId}` });
    expect(read.json().data).to.deep.include({
      status: "REJECTED",
      rejection: { rejectedBy: "ASPSP", reason: { code: "INTERNAL_SECURITY_REASON", additionalInformation: "Suspeita de fraude." } },
    });
    const entries = (await succeeded("audit", "show", "--json")).trim().split("\n").map((line) => JSON.parse(line).entry);
    const entry = entries.find(({ subject, action }) => subject.id === consentId && action === "consent.revoked");
    expect(entry).to.deep.include({ actor: { kind: "operator", operator: userInfo().username } });
    expect(entry.details).to.include({ rejectedBy: "ASPSP", reason: "INTERNAL_SECURITY_REASON" });
    expect((await porteiro(...words, "--yes")).err).to.match(/^porteiro: consent \S+ is REJECTED already: INTERNAL_SECURITY_REASON\n$/);
  });

  for (const [what, words] of [
    ["a reason that is not the bank's to give", ["reject", "urn:porteiro:1", "--reason", "CUSTOMER_MANUALLY_REVOKED"]],
    ["no reason", ["reject", "urn:porteiro:1"]],
    ["a consent that is not there", ["reject", "urn:porteiro:1", "--reason", "CONSENT_TECHNICAL_ISSUE", "--yes"]],
    ["a list of nobody's", ["list"]],
    ["too long an information", ["reject", "urn:porteiro:1", "--reason", "CONSENT_TECHNICAL_ISSUE", "--information", "x".repeat(141)]],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { code, out } = await porteiro("consents", ...words);
      expect([code, out]).to.deep.equal([1, ""]);
    });
  }
});
