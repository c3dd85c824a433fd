import { expect } from "chai";
import type { KeyObject } from "node:crypto";
import { makeKey, privateKeyPemOf } from "../../src/certs/issue-certificate.ts";
import { publicPem } from "../../src/cli/create-tpp.ts";
import type { Tpp } from "../../src/sandbox/directory.ts";
import { createTppSchema } from "../../src/sandbox/directory-requests.ts";
import { form } from "../support/https-call.ts";
import { startKeystoreBetween, type KeystoreBetween } from "../support/keystore-between.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp, type TlsIdentity } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const howMany = 300;

interface Registered {
  readonly clientId: string;
  readonly tls: TlsIdentity;
}

/** Engine A5: a cache of 100 clients that holds their keys too would fetch a JWKS for every request. */
describe(`${howMany} clients in turn`, () => {
  let directory: SandboxDirectory;
  let keystore: KeystoreBetween;
  let server: TestServer;
  let key: KeyObject;
  let transportKey: KeyObject;
  let kid: string;
  const clients: Registered[] = [];

  before(async function () {
    this.timeout(120_000);
    directory = await startSandboxDirectory();
    keystore = await startKeystoreBetween(directory);
    server = await startTestServer({ directory, settings: { directory: { keystoreUrl: keystore.url, caFile: directory.localAuthority.caFile } } });
    [key, transportKey] = [await makeKey(), await makeKey()];
    // Three keys for each of them would take minutes; what differs here is the software, its certificate and its JWKS.
    const keys = { transportKey: publicPem(transportKey), signingKey: publicPem(key), encryptionKey: publicPem(await makeKey()) };
    const wish = createTppSchema.parse(keys);
    for (let made = 0; made < howMany; made += 25) {
      clients.push(...(await Promise.all(Array.from({ length: 25 }, async () => register(await directory.directory.createTpp(wish))))));
    }
  });
  after(async () => {
    await server.stop();
    await keystore.stop();
    await directory.stop();
  });

  async function register({ software, organisation, transport, signingKid }: Tpp): Promise<Registered> {
    kid = signingKid;
    const tls = { cert: transport.certificatePem + transport.chainPem, key: privateKeyPemOf(transportKey) };
    const jwks_uri = new URL(`${organisation.id}/${software.id}/application.jwks`, keystore.url).href;
    const software_statement = await directory.directory.statement({ softwareId: software.id, ageSeconds: 0, claims: { software_jwks_uri: jwks_uri } });
    const body = { redirect_uris: software.redirectUris, software_statement };
    const answer = await server.post(server.url("registration"), body, { identity: tls });
    expect(answer.status, answer.text).to.equal(201);
    return { clientId: answer.json().client_id, tls };
  }

  it("cause no call to the directory while their keys are fresh", async function () {
    this.timeout(120_000);
    expect(keystore.asked.filter((path) => path.endsWith("application.jwks"))).to.have.length(howMany);
    for (const round of [1, 2]) {
      for (const { clientId, tls } of clients) {
        const owner = { signing: { key, kid } } as SandboxTpp;
        const parameters = {
          grant_type: "client_credentials",
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: await server.assertion(owner, clientId),
        };
        const answer = await server.call(server.url("token"), { ...form(parameters), identity: tls });
        expect(answer.status, `round ${round}: ${answer.text}`).to.equal(200);
      }
    }
    expect(keystore.asked.filter((path) => path.endsWith("application.jwks"))).to.have.length(howMany);
  });
});
