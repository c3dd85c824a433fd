import { expect } from "chai";
import type { HttpsAnswer } from "../support/https-call.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { tally, type RaceGround } from "./race-ground.ts";

const parallel = 50;

/** Races about tokens of the client itself. */
export function tokenRaces(ground: () => RaceGround): void {
  it(`${parallel} uses of one assertion give one token`, async () => {
    const { directory, server } = ground();
    const tpp = await directory.createTpp();
    const { clientId } = await server.register(tpp);
    const client_assertion = await server.assertion(tpp, clientId);
    const answers = await Promise.all(Array.from({ length: parallel }, () => server.requestToken(tpp, clientId, { client_assertion })));
    const outcomes = answers.map((answer) => (answer.status === 200 ? "200" : `${answer.status} ${answer.json().checks[0].code}`));
    expect(tally(outcomes)).to.deep.equal({ "200": 1, "401 assertion.used": parallel - 1 });
    expect((await server.introspect(answers.find(({ status }) => status === 200)!.json().access_token)).json()).to.include({ active: true });
  });

  it("a suspension that was acknowledged stops all tokens, whoever was asking for them at that moment", async () => {
    const { directory, server } = ground();
    const tpp = await directory.createTpp();
    const { clientId, ...registered } = await server.register(tpp);
    let suspended = false;
    const before: HttpsAnswer[] = [];
    const after: HttpsAnswer[] = [];
    const ask = async (): Promise<void> => {
      while (after.length < 12) {
        const list = suspended ? after : before;
        list.push(await server.requestToken(tpp, clientId));
      }
    };
    const asking = Promise.all(Array.from({ length: 6 }, ask));
    while (before.length < 12) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const answer = await suspendByStatement(tpp, registered);
    suspended = true;
    expect(answer.status, answer.text).to.equal(400);
    expect(answer.json().checks.map(({ code }: { code?: string }) => code)).to.include("software.not-active");
    await asking;
    const issued = before.filter(({ status }) => status === 200).map((one) => one.json().access_token);
    expect(issued.length).to.be.at.least(1);
    expect(after.filter(({ status }) => status === 200)).to.deep.equal([]);
    const facts = await Promise.all(issued.map((token) => server.introspect(token)));
    expect(facts.filter((one) => one.json().active)).to.deep.equal([]);
  });

  /** An update whose genuine statement says that the software is no longer active. */
  async function suspendByStatement(tpp: SandboxTpp, { uri, token, body }: { uri: string; token: string; body: Readonly<Record<string, unknown>> }): Promise<HttpsAnswer> {
    const software_statement = await tpp.statement({ claims: { software_status: "Inactive" } });
    const { registration_access_token: _token, registration_client_uri: _uri, client_id_issued_at: _at, ...kept } = body;
    return ground().server.post(uri, { ...kept, software_statement }, { method: "PUT", identity: tpp.tls, headers: { authorization: `Bearer ${token}` } });
  }
}
