import type { SandboxDirectory, SandboxTpp } from "../support/sandbox.ts";
import { expect } from "chai";
import { codesIn, expectRefusal, startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

/** Names as the production profile has them; the sandbox's authorities are AC Porteiro Sandbox SSL and Multipla. */
const worldAccepting = (...acceptedAuthorities: string[]): Promise<RegistrationWorld> =>
  startRegistrationWorld({
    settings: ({ anchorsFolder, urls }: SandboxDirectory) => ({
      certificates: {
        brcacAnchors: [`${anchorsFolder}/root-v10.crt`],
        brsealAnchors: [`${anchorsFolder}/root-v5.crt`],
        crlAllowedHosts: [new URL(urls.crl).host],
        acceptedAuthorities,
      },
    }),
  });

describe("accepted authorities", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;
  const started = async (...names: string[]) => {
    world = await worldAccepting(...names);
    tpp = await world.directory.createTpp();
  };
  afterEach(() => world.stop());

  it("another's certificate opens nothing: certificate.authority-not-accepted", async () => {
    await started("Certisign", "Sandboxes");
    expectRefusal(await world.post(tpp, await world.bodyOf(tpp)), "certificate.authority-not-accepted");
    const page = await world.server.call(`${world.server.running.realm.issuer}/refusals/certificate.authority-not-accepted`);
    expect(page.status).to.equal(200);
  });

  it("the seal's authority is judged too", async () => {
    await started("SSL");
    const answer = await world.post(tpp, await world.bodyOf(tpp));
    expect(codesIn(answer)).to.deep.equal(["brseal.not-accepted"]);
    expect(answer.text).to.include("certificate.authority-not-accepted");
  });

  it("one of them registers", async () => {
    await started("Certisign", "PORTEIRO");
    const answer = await world.post(tpp, await world.bodyOf(tpp));
    expect(answer.status, answer.text).to.equal(201);
  });
});
