import { expect } from "chai";
import { createRegistrationFacts, type RegistrationFactsNeeds } from "../../src/policy/registration/registration-facts.ts";
import type { AcceptedBrcac } from "../../src/policy/trust/judge-certificate.ts";
import { sha256 } from "../../src/kernel/identifiers.ts";
import type { VersionedClient } from "../../src/store/client-records.ts";

const clientId = "0123456789abcdef0123456789abcdef";
// What this path looks at of a client and a certificate.
const client = { version: `${clientId}.1`, record: { clientId, softwareId: "s", organisationId: "o", metadata: {}, registrationTokenHash: sha256("token") } } as unknown as VersionedClient;
const brcac = { softwareId: "ação \"1\"\\\u0007", organisationId: "o" } as unknown as AcceptedBrcac;

describe("what comes from elsewhere is told in the characters of RFC 6749 section 5.2", () => {
  it("the UID of another software's certificate", async () => {
    const facts = createRegistrationFacts({ clients: { find: async () => client } } as unknown as RegistrationFactsNeeds);
    const fact = await facts.registrationToken(clientId, "token", brcac);
    expect(fact).to.deep.include({ opens: false });
    expect("refusal" in fact && fact.refusal).to.include({ code: "registration-token.other-software", received: "UID a??o ?1???" });
  });
});
