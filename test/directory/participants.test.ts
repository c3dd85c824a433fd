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

  const statusOf = async (organisationId: string, list = participants) => {
    const reading = await list.current();
    return reading.known ? reading.statusOf(organisationId) : reading.failure.reason;
  };

  it("says what it knows of an organisation, however its id is written, and since when", async () => {
    const reading = await participants.current();
    expect(reading).to.deep.include({ known: true, asOf: directory.clock(), failure: undefined });
    for (const id of [organisation.OrganisationId, organisation.OrganisationId.toUpperCase()]) {
      expect(await statusOf(id)).to.equal("Active");
    }
    directory.server.answer = sendJson([{ ...organisation, OrganisationId: organisation.OrganisationId.toUpperCase() }]);
    directory.moveClock(901);
    expect(await statusOf(organisation.OrganisationId)).to.equal("Active");
    expect(await statusOf("nobody")).to.equal(undefined);
    expect(directory.server.requests).to.deep.equal(["GET /participants", "GET /participants"]);
  });

  it("is read again after its interval", async () => {
    await participants.current();
    directory.server.answer = sendJson([{ ...organisation, Status: "Withdrawn" }]);
    directory.moveClock(901);
    expect(await statusOf(organisation.OrganisationId)).to.equal("Withdrawn");
  });

  it("its last good copy survives garbage and a restart, and says that it is the last good one", async () => {
    await participants.current();
    for (const answer of [sendJson({ participants: [] }), sendJson([{ OrganisationId: 7 }]), sendJson([], 500)]) {
      directory.server.answer = answer;
      directory.moveClock(1_000);
      const reading = await participants.current();
      expect(reading.known && reading.failure).to.be.an("object");
      expect(await statusOf(organisation.OrganisationId)).to.equal("Active");
    }
    expect(await statusOf(organisation.OrganisationId, create())).to.equal("Active");
  });

  it("never had: unreachable, with the reason", async () => {
    directory.server.answer = sendJson([], 502);
    expect(await statusOf("anybody")).to.equal("status");
  });

  it("health shows the age and the last failure of keystore and list", async () => {
    const keystore = createKeystore({ keys: directory.keys, keystoreUrl: directory.server.url });
    expect(directoryState({ keystore, participants }).keystore).to.deep.include({ status: "absent", ageSeconds: undefined });
    directory.server.answer = sendJson({ keys: [] });
    await keystore.signingKeys();
    await participants.current();
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
