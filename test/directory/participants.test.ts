import { expect } from "chai";
import { directoryState } from "../../src/directory/directory-state.ts";
import { createKeystore } from "../../src/directory/keystore.ts";
import { createParticipants, type Participants } from "../../src/directory/participants.ts";
import { sendJson } from "./badly-behaved-server.ts";
import { startDirectoryClient, times, type DirectoryClient } from "./directory-client.ts";

const organisation = {
  OrganisationId: "74e929d9-33b6-4d85-8ba7-c146c867a817",
  OrganisationName: "Banco Teste",
  Status: "Active",
  RegistrationNumber: "43142666000197",
  AuthorisationServers: [{ AuthorisationServerId: "x" }],
  OrgDomainRoleClaims: [{ Role: "DADOS", AuthorisationDomain: "Open Banking", Status: "Active", Authorisations: [] }],
};

describe("the participants list", () => {
  let directory: DirectoryClient;
  let participants: Participants;

  const create = () =>
    createParticipants({ ...directory, url: `${directory.server.url}participants`, times: { ...times, freshness: 900 } });

  beforeEach(async () => {
    directory = await startDirectoryClient();
    directory.server.answer = sendJson([organisation]);
    participants = create();
  });
  afterEach(() => directory.close());

  it("says what it knows of an organisation, and since when", async () => {
    expect(await participants.organisationStatus(organisation.OrganisationId)).to.deep.equal({
      known: true,
      asOf: directory.clock(),
      participant: {
        organisationId: organisation.OrganisationId,
        name: "Banco Teste",
        status: "Active",
        roles: [{ role: "DADOS", authorisationDomain: "Open Banking", status: "Active" }],
      },
    });
    const stranger = await participants.organisationStatus("nobody");
    expect(!stranger.known && stranger.why).to.equal("not-listed");
    expect(directory.server.requests).to.deep.equal(["GET /participants"]);
  });

  it("is read again after its interval", async () => {
    await participants.organisationStatus(organisation.OrganisationId);
    directory.server.answer = sendJson([{ ...organisation, Status: "Withdrawn" }]);
    directory.moveClock(901);
    const reading = await participants.organisationStatus(organisation.OrganisationId);
    expect(reading.known && reading.participant.status).to.equal("Withdrawn");
  });

  it("its last good copy survives garbage and a restart", async () => {
    await participants.organisationStatus(organisation.OrganisationId);
    for (const answer of [sendJson({ participants: [] }), sendJson([{ OrganisationId: 7 }]), sendJson([], 500)]) {
      directory.server.answer = answer;
      directory.moveClock(1_000);
      expect((await participants.organisationStatus(organisation.OrganisationId)).known).to.equal(true);
    }
    expect((await create().organisationStatus(organisation.OrganisationId)).known).to.equal(true);
  });

  it("never had: unreachable, with the reason", async () => {
    directory.server.answer = sendJson([], 502);
    const reading = await participants.organisationStatus("anybody");
    expect(!reading.known && reading.why === "unreachable" && reading.failure.reason).to.equal("status");
  });

  it("health shows the age and the last failure of keystore and list", async () => {
    const keystore = createKeystore({ keys: directory.keys, keystoreUrl: directory.server.url });
    expect(directoryState({ keystore, participants }).keystore).to.deep.include({ status: "absent", ageSeconds: undefined });
    directory.server.answer = sendJson({ keys: [] });
    await keystore.signingKeys();
    await participants.organisationStatus("anybody");
    directory.moveClock(42);
    const state = directoryState({ keystore, participants });
    expect(state.keystore).to.deep.equal({
      url: `${directory.server.url}openbanking.jwks`,
      status: "fresh",
      ageSeconds: 42,
      failure: undefined,
    });
    expect(state.participants?.failure?.reason).to.equal("unreadable");
    expect(directoryState({ keystore }).participants).to.equal(undefined);
  });
});
