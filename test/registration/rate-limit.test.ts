import { expect } from "chai";
import type { SandboxTpp } from "../support/sandbox.ts";
import { codesIn, expectRefusal, startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

describe("the rate limit of registrations", () => {
  let world: RegistrationWorld;
  let [tpp, other]: SandboxTpp[] = [];

  before(async () => {
    world = await startRegistrationWorld({ settings: { registration: { requestsPerMinute: 3 } } });
    [tpp, other] = await Promise.all([world.directory.createTpp(), world.directory.createTpp()]);
  });
  after(() => world.stop());

  it("answers 429 with Retry-After to one certificate, lets others go on, and forgets after a minute", async () => {
    if (!tpp || !other) throw new Error("made before");
    const body = { software_statement: "a.b.c" };
    for (const path of ["", "/check", "/recover"]) {
      expect((await world.post(tpp, body, { path })).status).to.be.oneOf([200, 400]);
    }
    const answer = await world.post(tpp, body);
    expectRefusal(answer, "rate-limit.exceeded");
    expect(Number(answer.headers["retry-after"])).to.be.within(1, 60);
    expect((await world.post(other, body)).status).to.equal(400);
    world.time.forward(61);
    expect((await world.post(tpp, body)).status).to.equal(400);
    const { issuer } = world.server.running.realm;
    expect((await world.server.call(`${issuer}/refusals/rate-limit.exceeded`)).status).to.equal(200);
  });

  it("counts refused certificates by their address, on whichever endpoint, and goes on serving who is known", async () => {
    if (!tpp) throw new Error("made before");
    world.time.forward(61);
    expect((await world.post(tpp, {})).status).to.equal(400);
    const answers: number[] = [];
    for (const url of ["registration", "token", "registration", "token", "pushed_authorization_request", "revocation", "registration"] as const) {
      const answer = await world.server.post(world.server.url(url), {}, { identity: await tpp.forge("expired") });
      answers.push(answer.status);
      if (answer.status === 429) {
        expect(codesIn(answer)).to.include("rate-limit.exceeded");
        expect(Number(answer.headers["retry-after"])).to.be.within(1, 60);
      }
    }
    expect(answers).to.deep.equal([401, 401, 401, 429, 429, 429, 429]);
    expect((await world.post(tpp, {})).status).to.equal(400);
    world.time.forward(61);
    expect((await world.post(tpp, {})).status).to.equal(400);
  });

  it("counts calls without a certificate by their address", async () => {
    const answers: number[] = [];
    for (let call = 0; call < 4; call += 1) {
      answers.push((await world.server.post(world.address(), {})).status);
    }
    expect(answers).to.deep.equal([401, 401, 401, 429]);
  });
});
