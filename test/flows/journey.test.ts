import { expect } from "chai";
import { compactDecrypt, decodeJwt, decodeProtectedHeader } from "jose";
import { sampleCustomers } from "../../src/bank/sample-customers.ts";
import { authorizeUrl, createConsent, fragmentOf, pushRequest, throughThePages } from "../support/authorization.ts";
import { form } from "../support/https-call.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const { cpf } = sampleCustomers.find((customer) => customer.loginId === "jacaranda.exemplo") as { cpf: string };

describe("a customer's journey: consent, authorization, tokens for data", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const tokenCall = async (parameters: Record<string, string>) =>
    server.call(server.url("token"), {
      ...form({
        client_assertion: await server.assertion(tpp, client.clientId),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ...parameters,
      }),
      identity: tpp.tls,
    });

  it("pushes, logs in, approves, exchanges the code, refreshes, and ends with the consent", async () => {
    const consentId = await createConsent(server, tpp, client.clientId, { cpf });
    const scope = `openid accounts resources consent:${consentId}`;
    const pushed = await pushRequest(server, tpp, client.clientId, scope);
    expect(pushed.answer.status, pushed.answer.text).to.equal(201);
    expect(pushed.answer.json().expires_in).to.be.at.least(60);

    const callback = await throughThePages(server, authorizeUrl(server, client.clientId, pushed.answer.json().request_uri), "approve");
    const answer = fragmentOf(callback);
    expect(answer.get("error"), callback.href).to.equal(null);
    expect(answer.get("state")).to.equal(pushed.state);

    const idToken = answer.get("id_token")!;
    expect(decodeProtectedHeader(idToken)).to.include({ alg: "RSA-OAEP", enc: "A256GCM", kid: tpp.encryption.kid });
    const inner = new TextDecoder().decode((await compactDecrypt(idToken, tpp.encryption.key)).plaintext);
    expect(decodeJwt(inner)).to.include({ nonce: pushed.nonce, acr: "urn:brasil:openbanking:loa2", aud: client.clientId });
    expect(decodeJwt(inner)).to.have.property("s_hash");
    expect(decodeJwt(inner)).to.have.property("c_hash");

    const exchange = { grant_type: "authorization_code", code: answer.get("code")!, redirect_uri: tpp.description.redirect_uris[0]!, code_verifier: pushed.verifier };
    const issued = await tokenCall(exchange);
    expect(issued.status, issued.text).to.equal(200);
    const tokens = issued.json();
    expect(tokens.expires_in).to.be.within(300, 900);

    const facts = (await server.introspect(tokens.access_token)).json();
    expect(facts).to.include({ active: true, consent_id: consentId });
    expect(facts.consent.permissions).to.include("ACCOUNTS_READ");

    const refreshed = await tokenCall({ grant_type: "refresh_token", refresh_token: tokens.refresh_token });
    expect(refreshed.status, refreshed.text).to.equal(200);
    expect(refreshed.json().refresh_token ?? tokens.refresh_token).to.equal(tokens.refresh_token);

    const again = await tokenCall(exchange);
    expect(again.status, again.text).to.equal(400);
    expect(again.json().error).to.equal("invalid_grant");
    expect((await server.introspect(tokens.access_token)).json()).to.deep.equal({ active: false });
  });

  it("answers access_denied when the customer refuses", async () => {
    const consentId = await createConsent(server, tpp, client.clientId, { cpf });
    const pushed = await pushRequest(server, tpp, client.clientId, `openid accounts consent:${consentId}`);
    const callback = await throughThePages(server, authorizeUrl(server, client.clientId, pushed.answer.json().request_uri), "deny");
    expect(fragmentOf(callback).get("error")).to.equal("access_denied");
    expect(fragmentOf(callback).get("state")).to.equal(pushed.state);
  });
});
