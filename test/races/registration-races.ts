import { expect } from "chai";
import type { HttpsAnswer } from "../support/https-call.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { tally, type RaceGround } from "./race-ground.ts";

const parallel = 50;
/** What an update may not hold (RFC 7592 section 2.2). */
const notTakenBack = ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/** Races about one registration. */
export function registrationRaces(ground: () => RaceGround): void {
  const read = (tpp: SandboxTpp, uri: string, token: string) =>
    ground().server.call(uri, { identity: tpp.tls, headers: { authorization: `Bearer ${token}` } });

  const register = async (tpp: SandboxTpp, statement: string) => {
    const { server } = ground();
    return server.post(server.url("registration"), tpp.registrationBody(statement), { identity: tpp.tls });
  };

  /** Calls that change one registration, with the registration access token that it began with. */
  function callsOn(tpp: SandboxTpp, registration: Readonly<Record<string, unknown>>) {
    const { server } = ground();
    const uri = String(registration["registration_client_uri"]);
    const wish = { identity: tpp.tls, headers: { authorization: `Bearer ${String(registration["registration_access_token"])}` } };
    const kept = Object.fromEntries(Object.entries(registration).filter(([name]) => !notTakenBack.includes(name)));
    return {
      update: async () => server.post(uri, { ...kept, software_statement: await tpp.statement() }, { method: "PUT", ...wish }),
      recover: async () => server.post(`${server.url("registration")}/recover`, tpp.registrationBody(await tpp.statement()), { identity: tpp.tls }),
      remove: () => server.call(uri, { method: "DELETE", ...wish }),
    };
  }

  const statuses = (answers: readonly HttpsAnswer[]) => tally(answers.map(({ status }) => String(status)));
  const times = <T>(count: number, work: () => Promise<T>) => Array.from({ length: count }, work);

  /** The registration access tokens of these answers that open the client. */
  async function openingTokens(tpp: SandboxTpp, uri: string, tokens: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(tokens.map((token) => read(tpp, uri, token)));
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 401)).to.deep.equal([]);
    return tokens.filter((_, index) => answers[index]?.status === 200);
  }

  it(`${parallel} registrations of one software statement give one client`, async () => {
    const tpp = await ground().directory.createTpp();
    const statement = await tpp.statement();
    const answers = await Promise.all(times(parallel, () => register(tpp, statement)));
    const outcomes = answers.map((answer) => (answer.status === 201 ? "201" : `${answer.status} ${answer.json().checks[0].code}`));
    expect(tally(outcomes)).to.deep.equal({ "201": 1, "400 registration.duplicate": parallel - 1 });
    const winner = answers.find(({ status }) => status === 201)!.json();
    expect((await read(tpp, winner.registration_client_uri, winner.registration_access_token)).json()).to.include({ client_id: winner.client_id });
    const named = answers.filter(({ status }) => status === 400).map((answer) => answer.text.includes(winner.client_id));
    expect(new Set(named), "the refusals name the client").to.deep.equal(new Set([true]));
  });

  it("updates and recoveries at once leave one registration access token that opens the client", async () => {
    const tpp = await ground().directory.createTpp();
    const { body } = await ground().server.register(tpp);
    const { update, recover } = callsOn(tpp, body);
    const [updates, recoveries] = await Promise.all([Promise.all(times(12, update)), Promise.all(times(6, recover))]);
    expect(Object.keys(statuses(updates)).filter((status) => status !== "200" && status !== "401"), updates.map(({ text }) => text.slice(0, 200)).join("\n")).to.deep.equal([]);
    expect(statuses(recoveries), recoveries.map(({ text }) => text.slice(0, 200)).join("\n")).to.deep.equal({ "200": 6 });
    const given = recoveries.map((answer) => String(answer.json().registration_access_token));
    const opening = await openingTokens(tpp, String(body["registration_client_uri"]), [String(body["registration_access_token"]), ...given]);
    expect(opening).to.have.length(1);
    expect(given).to.include(opening[0]);
  });

  it("updates, recoveries and deletions at once end in one client or in none, whole", async () => {
    const tpp = await ground().directory.createTpp();
    const { body, clientId } = await ground().server.register(tpp);
    const { update, recover, remove } = callsOn(tpp, body);
    const [updates, recoveries, deletions] = await Promise.all([Promise.all(times(6, update)), Promise.all(times(3, recover)), Promise.all(times(3, remove))]);
    const all = [...updates, ...recoveries, ...deletions];
    expect(all.filter(({ status }) => ![200, 204, 400, 401].includes(status)).map(({ text }) => text)).to.deep.equal([]);
    const deleted = deletions.filter(({ status }) => status === 204).length;
    expect(deleted).to.be.at.most(1);
    const given = recoveries.filter(({ status }) => status === 200).map((answer) => String(answer.json().registration_access_token));
    const opening = await openingTokens(tpp, String(body["registration_client_uri"]), [String(body["registration_access_token"]), ...given]);
    expect(opening).to.have.length(1 - deleted);
    const again = await register(tpp, await tpp.statement());
    expect(again.status, again.text).to.equal(deleted === 1 ? 201 : 400);
    if (deleted === 1) {
      expect(again.json().client_id).not.to.equal(clientId);
    }
  });

  it("registrations at the moment of the deletion give one new client at most, and leave nothing of the old one", async () => {
    const tpp = await ground().directory.createTpp();
    const { server } = ground();
    const { body, clientId } = await server.register(tpp);
    const token = (await server.requestToken(tpp, clientId)).json().access_token;
    const statement = await tpp.statement();
    const registrations: Promise<HttpsAnswer>[] = [...times(6, () => register(tpp, statement))];
    const deletion = callsOn(tpp, body).remove();
    registrations.push(...times(12, () => register(tpp, statement)));
    const deleted = await deletion;
    expect(deleted.status, deleted.text).to.equal(204);
    registrations.push(...times(6, () => register(tpp, statement)));
    const answers = await Promise.all(registrations);
    expect(statuses(answers)).to.deep.equal({ "201": 1, "400": answers.length - 1 });
    const fresh = answers.find(({ status }) => status === 201)!.json();
    expect(fresh.client_id).not.to.equal(clientId);
    expect((await read(tpp, fresh.registration_client_uri, fresh.registration_access_token)).status).to.equal(200);
    expect((await read(tpp, String(body["registration_client_uri"]), String(body["registration_access_token"]))).status).to.equal(401);
    expect((await server.introspect(token)).json()).to.deep.equal({ active: false });
    expect((await server.requestToken(tpp, fresh.client_id)).status).to.equal(200);
  });
}
