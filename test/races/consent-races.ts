import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";
import { authorizeUrl, createConsent, fragmentOf, pushRequest, rawBrowser, throughThePages, type RawBrowser } from "../support/authorization.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { tally, type RaceGround } from "./race-ground.ts";

const { cpf } = sampleCustomers.find(({ loginId }) => loginId === "jacaranda.exemplo") as { cpf: string };
const redemptions = 30;

/** Races about a customer's consent and what it gives. */
export function consentRaces(ground: () => RaceGround): void {
  let tpp: SandboxTpp;
  let clientId: string;

  before(async () => {
    const { directory, server } = ground();
    tpp = await directory.createTpp();
    clientId = (await server.register(tpp)).clientId;
  });

  const newConsent = () => createConsent(ground().server, tpp, clientId, { cpf });

  async function consentCall(method: "GET" | "DELETE", consentId: string): Promise<HttpsAnswer> {
    const { server } = ground();
    const token = (await server.requestToken(tpp, clientId, { scope: "consents" })).json().access_token;
    const headers = { authorization: `Bearer ${token}`, accept: "application/json", "x-fapi-interaction-id": randomUUID() };
    return server.call(`${server.settings["mtlsUrl"]}/open-banking/consents/v3/consents/${consentId}`, { method, identity: tpp.tls, headers });
  }

  const statusOf = async (consentId: string): Promise<string> => (await consentCall("GET", consentId)).json().data.status;

  /** Logs in and approves; `atTheDecision` is waited for with the decision in hand. */
  async function approve(consentId: string, atTheDecision: () => Promise<void> = async () => {}) {
    const { server } = ground();
    const pushed = await pushRequest(server, tpp, clientId, `openid accounts resources consent:${consentId}`);
    expect(pushed.answer.status, pushed.answer.text).to.equal(201);
    const plain = rawBrowser(server.ca);
    const browser: RawBrowser = {
      ...plain,
      async submit(url, fields) {
        if (fields.some(([name]) => name === "decision")) {
          await atTheDecision();
        }
        return plain.submit(url, fields);
      },
    };
    const callback = fragmentOf(await throughThePages(server, authorizeUrl(server, clientId, pushed.answer.json().request_uri), "approve", browser));
    return { code: callback.get("code"), error: callback.get("error"), verifier: pushed.verifier };
  }

  const exchange = (code: string, code_verifier: string) =>
    ground().server.requestToken(tpp, clientId, { grant_type: "authorization_code", code, code_verifier, redirect_uri: String(tpp.description.redirect_uris[0]) });

  const refresh = (refresh_token: string) => ground().server.requestToken(tpp, clientId, { grant_type: "refresh_token", refresh_token });

  async function approvedTokens(consentId: string) {
    const { code, verifier } = await approve(consentId);
    const answer = await exchange(String(code), verifier);
    expect(answer.status, answer.text).to.equal(200);
    return answer.json() as { access_token: string; refresh_token: string };
  }

  const active = async (token: string): Promise<boolean> => (await ground().server.introspect(token)).json().active;

  it(`${redemptions} redemptions of one code give tokens once, and those die of the second use`, async () => {
    const { code, verifier } = await approve(await newConsent());
    const answers = await Promise.all(Array.from({ length: redemptions }, () => exchange(String(code), verifier)));
    const outcomes = answers.map((answer) => (answer.status === 200 ? "200" : `${answer.status} ${answer.json().error}`));
    expect(tally(outcomes)).to.deep.equal({ "200": 1, "400 invalid_grant": redemptions - 1 });
    const tokens = answers.find(({ status }) => status === 200)!.json();
    expect(await active(tokens.access_token)).to.equal(false);
    expect((await refresh(tokens.refresh_token)).status).to.equal(400);
  });

  it("approvals of one consent at once give one code", async () => {
    const consentId = await newConsent();
    const together = meeting(4);
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => approve(consentId, together)));
    expect(tally(outcomes.map(({ code, error }) => (code === null ? String(error) : "code")))).to.deep.equal({ code: 1, access_denied: 3 });
    expect(await statusOf(consentId)).to.equal("AUTHORISED");
    const { code, verifier } = outcomes.find((one) => one.code !== null)!;
    const answer = await exchange(String(code), verifier);
    expect(answer.status, answer.text).to.equal(200);
    expect(await active(answer.json().access_token)).to.equal(true);
  });

  it("an approval at the moment of the deletion opens nothing", async () => {
    const consentId = await newConsent();
    const together = meeting(5);
    const [outcomes, deletions] = await Promise.all([
      Promise.all(Array.from({ length: 3 }, () => approve(consentId, together))),
      Promise.all(Array.from({ length: 2 }, async () => {
        await together();
        return consentCall("DELETE", consentId);
      })),
    ]);
    expect(tally(deletions.map(({ status }) => String(status)))).to.deep.equal({ "204": 1, "422": 1 });
    expect(await statusOf(consentId)).to.equal("REJECTED");
    const codes = outcomes.filter(({ code }) => code !== null);
    expect(codes.length).to.be.at.most(1);
    for (const { code, verifier } of codes) {
      const answer = await exchange(String(code), verifier);
      expect(answer.status, answer.text).to.equal(400);
    }
  });

  it("deletions of one consent at once: one is told that it ended it, and with it every token, even one being refreshed", async () => {
    const consentId = await newConsent();
    const tokens = await approvedTokens(consentId);
    const refreshes = Array.from({ length: 8 }, () => refresh(tokens.refresh_token));
    const deletions = await Promise.all(Array.from({ length: 5 }, () => consentCall("DELETE", consentId)));
    expect(tally(deletions.map(({ status }) => String(status)))).to.deep.equal({ "204": 1, "422": 4 });
    expect(await active(tokens.access_token)).to.equal(false);
    const answers = await Promise.all(refreshes);
    expect(answers.filter(({ status }) => status !== 200 && status !== 400).map(({ text }) => text)).to.deep.equal([]);
    const given = answers.filter(({ status }) => status === 200).map((answer) => answer.json().access_token);
    expect((await Promise.all(given.map(active))).filter((one) => one)).to.deep.equal([]);
    expect((await refresh(tokens.refresh_token)).status).to.equal(400);
  });
}

/** Lets nobody pass before so many have come. */
function meeting(size: number): () => Promise<void> {
  let open: () => void;
  let come = 0;
  const all = new Promise<void>((resolve) => (open = resolve));
  return async () => {
    come += 1;
    if (come >= size) {
      open();
    }
    await all;
  };
}
