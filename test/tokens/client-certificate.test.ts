import { expect } from "chai";
import { Agent } from "node:https";
import { createMovableClock } from "../support/movable-clock.ts";
import { form, type HttpsAnswer } from "../support/https-call.ts";
import { expectRefusal } from "../support/refusal.ts";
import type { ForgeryKind } from "../../src/sandbox/directory-requests.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp, type TlsIdentity } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

describe("the token endpoint judges the BRCAC as the registration does", () => {
  const { clock, forward } = createMovableClock();
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let clientId: string;

  before(async () => {
    directory = await startSandboxDirectory({ clock });
    server = await startTestServer({ directory, clock });
    tpp = await directory.createTpp();
    clientId = (await server.register(tpp)).clientId;
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const ask = async (identity: TlsIdentity, more: { weak?: boolean; agent?: Agent } = {}): Promise<HttpsAnswer> => {
    const parameters = { grant_type: "client_credentials", client_assertion_type: assertionType, client_assertion: await server.assertion(tpp, clientId) };
    return server.call(server.url("token"), { ...form(parameters), identity, ...more });
  };

  const refusals: Record<Exclude<ForgeryKind, "revoked">, string> = {
    "forged-issuer": "certificate.signature",
    expired: "certificate.expired",
    "not-yet-valid": "certificate.not-yet-valid",
    "wrong-usage": "certificate.extended-key-usage",
    sha1: "certificate.digest",
    "rsa-1024": "certificate.key-size",
    ec: "certificate.key-type",
    "other-software": "certificate.other-client",
    "other-organisation": "certificate.other-client",
    "foreign-root": "certificate.issuer-unknown",
  };
  for (const [kind, code] of Object.entries(refusals) as [ForgeryKind, string][]) {
    it(`${kind}: 401 invalid_client, ${code}`, async () => {
      const identity = await tpp.forge(kind);
      expectRefusal(await ask(identity, { weak: true }), 401, "invalid_client", code);
    });
  }

  it("revoked before it was ever seen: 401", async () => {
    const identity = await tpp.forge("revoked");
    // The list at hand is older than the revocation: it is renewed within the hour.
    forward(3_700);
    await untilRefused(() => ask(identity), "certificate.revoked");
  });

  it("revoked while a connection is warm: the next list ends it on that very connection", async () => {
    const owner = await directory.createTpp();
    const registered = await server.register(owner);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    agent.on("free", (socket: unknown) => sockets.add(socket));
    const askWarm = async () => {
      const parameters = { grant_type: "client_credentials", client_assertion_type: assertionType, client_assertion: await server.assertion(owner, registered.clientId) };
      return server.call(server.url("token"), { ...form(parameters), identity: owner.tls, agent });
    };
    try {
      expect((await askWarm()).status).to.equal(200);
      await directory.directory.revoke({ softwareId: owner.description.software_id, kind: "brcac", reason: "keyCompromise" });
      forward(3_700);
      await untilRefused(askWarm, "certificate.revoked");
      expect(sockets.size).to.equal(1);
    } finally {
      agent.destroy();
    }
  });

  /** The list is renewed beside the requests: the first one after it fell due may still see the old one. */
  async function untilRefused(call: () => Promise<HttpsAnswer>, code: string): Promise<void> {
    let answer = await call();
    for (let tries = 0; tries < 200 && answer.status === 200; tries += 1) {
      forward(2);
      answer = await call();
    }
    expectRefusal(answer, 401, "invalid_client", code);
  }
});
