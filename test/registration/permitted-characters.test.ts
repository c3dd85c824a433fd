import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "chai";
import { registrationHandlers, type RegistrationRoutesNeeds } from "../../src/http/registration-routes.ts";
import { createLog } from "../../src/kernel/log.ts";
import { openFinanceRealm } from "../../src/oidc/endpoints.ts";
import { createRegistrationFacts, type RegistrationFactsNeeds } from "../../src/policy/registration/registration-facts.ts";
import type { AcceptedBrcac } from "../../src/policy/trust/judge-certificate.ts";
import { sha256 } from "../../src/kernel/identifiers.ts";
import type { VersionedClient } from "../../src/store/client-records.ts";

const realm = openFinanceRealm({ publicUrl: "https://public.example", mtlsUrl: "https://mtls.example" });
const clientId = "0123456789abcdef0123456789abcdef";
// What these two paths look at of a client, a certificate and the needs.
const client = { version: `${clientId}.1`, record: { clientId, softwareId: "s", organisationId: "o", metadata: {}, registrationTokenHash: sha256("token") } } as unknown as VersionedClient;
const brcac = { softwareId: "ação \"1\"\\\u0007", organisationId: "o" } as unknown as AcceptedBrcac;

describe("what comes from elsewhere is told in the characters of RFC 6749 section 5.2", () => {
  it("the UID of another software's certificate", async () => {
    const facts = createRegistrationFacts({ clients: { find: async () => client } } as unknown as RegistrationFactsNeeds);
    const fact = await facts.registrationToken(clientId, "token", brcac);
    expect(fact).to.deep.include({ opens: false });
    expect("refusal" in fact && fact.refusal).to.include({ code: "registration-token.other-software", received: "UID a??o ?1???" });
  });

  it("an error of the engine, which comes with explanation and checks like every other", async () => {
    const needs = {
      realm,
      log: createLog("fatal"),
      judgeCertificate: async () => ({ verdict: { ok: true, brcac } }),
      rateLimit: { take: () => 0 },
      callerAddress: () => "127.0.0.1",
      facts: { registrationToken: async () => ({ opens: true, client }) },
      clients: { statementOf: async () => undefined },
      runEngine: async () => ({ status: 400, headers: {}, body: { error: "invalid_redirect_uri", error_description: "redirect_uris \"é\"\n is wrong" } }),
    } as unknown as RegistrationRoutesNeeds;
    const show = registrationHandlers(needs)[`${realm.path}/oauth2/register/:clientId`]?.GET;
    const request = { url: `${realm.path}/oauth2/register/${clientId}`, headers: { authorization: "Bearer token" }, socket: {} } as unknown as IncomingMessage;
    const answer = await show!({ request, response: {} as ServerResponse, requestId: "1" });
    expect(answer.status).to.equal(400);
    const body = answer.body as { error: string; error_description: string; error_uri: string; checks: { code: string; received: string }[] };
    expect(body.error).to.equal("invalid_client_metadata");
    expect(body.error_description).to.match(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(body.error_uri).to.match(/\/refusals\/request\.refused-by-engine$/);
    expect(body.checks.map(({ code, received }) => [code, received])).to.deep.equal([["request.refused-by-engine", "invalid_redirect_uri: redirect_uris ???? is wrong"]]);
  });
});
