import { expect } from "chai";
import type { HttpsAnswer } from "../support/https-call.ts";
import { form, httpsCall } from "../support/https-call.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { freePorts, startTestServer, type TestServer } from "../support/server.ts";
import { startServerProcess, type ServerProcess } from "../support/server-process.ts";

const uses = 50;

describe("50 parallel uses of one assertion give one token", () => {
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let clientId: string;

  before(async () => {
    directory = await startSandboxDirectory();
    server = await startTestServer({ directory });
    tpp = await directory.createTpp();
    clientId = (await server.register(tpp)).clientId;
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  function expectOneToken(answers: readonly HttpsAnswer[]): void {
    const refused = answers.filter(({ status }) => status !== 200);
    expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
    expect(new Set(refused.map((answer) => `${answer.status} ${answer.json().error} ${answer.json().checks[0].code}`))).to.deep.equal(
      new Set(["401 invalid_client assertion.used"]),
    );
  }

  it("in one process", async () => {
    const client_assertion = await server.assertion(tpp, clientId);
    expectOneToken(await Promise.all(Array.from({ length: uses }, () => server.requestToken(tpp, clientId, { client_assertion }))));
  });

  it("whatever they are used for: a token or a revocation", async () => {
    const client_assertion = await server.assertion(tpp, clientId);
    const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const revocation = { ...form({ token: "unknown", client_assertion, client_assertion_type }), identity: tpp.tls };
    const answers = await Promise.all([
      ...Array.from({ length: uses / 2 }, () => server.requestToken(tpp, clientId, { client_assertion })),
      ...Array.from({ length: uses / 2 }, () => server.call(server.url("revocation"), revocation)),
    ]);
    expectOneToken(answers);
  });

  describe("in two processes on one store", () => {
    const instances: { process: ServerProcess; mtlsPort: number }[] = [];

    before(async () => {
      const started = await Promise.all([1, 2].map(startInstance));
      instances.push(...started);
    });
    after(() => Promise.all(instances.map(({ process }) => process.stop())));

    async function startInstance() {
      const [publicPort, mtlsPort, opsPort] = (await freePorts(3)) as [number, number, number];
      const listeners = { public: { port: publicPort }, mtls: { port: mtlsPort }, ops: { port: opsPort } };
      return { process: await startServerProcess({ ...server.settings, listeners }), mtlsPort };
    }

    it("one of all gets it", async () => {
      const client_assertion = await server.assertion(tpp, clientId);
      const parameters = {
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion,
      };
      const ask = (port: number) => {
        const url = new URL(server.url("token"));
        url.port = String(port);
        return httpsCall(url.href, { ...form(parameters), identity: tpp.tls, ca: server.ca });
      };
      const answers = await Promise.all(Array.from({ length: uses }, (_, index) => ask(instances[index % 2]!.mtlsPort)));
      expectOneToken(answers);
      const token = answers.find(({ status }) => status === 200)!.json().access_token;
      expect((await server.introspect(token)).json()).to.include({ active: true, client_id: clientId });
    });
  });
});
