import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { expectPage, pageAt, visitor, answerAt } from "../authorization/pages.ts";
import { authorizeUrl, createConsent, pushRequest } from "../support/authorization.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startTestServer } from "../support/server.ts";

const cpf = "52998224725";

/** A bank's module as a bank writes it: plain JavaScript that knows nothing of the server. */
const bank = `
const ana = { customerId: "core-banking-4711", name: "Ana Amostra", cpf: "${cpf}", companies: [], hasSecondFactor: false };
const isAna = ({ kind, text }) => (kind === "cpf" ? text === ana.cpf : text === "ana");
class Bank {
  accounts = ["account-of-"];
  constructor(directory) {
    this.directory = directory;
  }
  async accountsForConsent(customerId) {
    return this.accounts.map((start) => ({ accountId: start + customerId, type: "CONTA_POUPANCA", branchCode: "4321", maskedNumber: "***88-7" }));
  }
  async close() {
    globalThis.closedBank = true;
  }
}
export const createCustomers = async ({ clock, log }) => {
  log.debug({ at: clock() }, "the bank's customers are at hand");
  return new Bank({
      find: async (customerId) => (customerId === ana.customerId ? ana : undefined),
      findByLogin: async (login) => (isAna(login) ? ana : undefined),
      verifyPassword: async (login, password) => (isAna(login) && password === "from the core" ? ana : undefined),
      verifyCode: async () => false,
  });
};
`;

describe("a bank's own customers (setting customersModule)", () => {
  let directory: SandboxDirectory;
  let folder: string;
  before(async () => {
    directory = await startSandboxDirectory();
    folder = await mkdtemp(join(tmpdir(), "porteiro-bank-"));
  });
  after(async () => {
    await directory.stop();
    await rm(folder, { recursive: true });
  });

  async function start(name: string, text: string) {
    const customersModule = join(folder, name);
    await writeFile(customersModule, text);
    return startTestServer({ directory, settings: { customersModule, sampleCustomers: false } });
  }

  it("log in with the bank's directory, choose from the bank's accounts, and are let go at the end", async () => {
    const server = await start("bank.mjs", bank);
    try {
      const tpp = await directory.createTpp();
      const { clientId } = await server.register(tpp);
      const consentId = await createConsent(server, tpp, clientId, { cpf });
      const pushed = await pushRequest(server, tpp, clientId, `openid accounts consent:${consentId}`);
      const someone = visitor(server);
      const place = await someone.open(authorizeUrl(server, clientId, pushed.answer.json().request_uri));
      expectPage(await someone.send(place, { username: "ana", password: "wrong" }), "username");
      const choice = await someone.send(place, { username: "ana", password: "from the core" });
      expect(pageAt(choice).text).to.include("Ana Amostra").and.include("***88-7").and.include("account-of-core-banking-4711");
      expect(answerAt(await someone.decide(choice, "approve")).get("code")).to.be.a("string");
    } finally {
      await server.stop();
    }
    expect((globalThis as { closedBank?: boolean }).closedBank).to.equal(true);
  });

  const wrong = {
    "exports something else": ["export default 1;", "exports a function createCustomers"],
    "gives nothing": ["export const createCustomers = () => undefined;", "accountsForConsent"],
    "gives half a directory": ["export const createCustomers = () => ({ directory: { find() {} }, accountsForConsent() {} });", "directory.findByLogin, directory.verifyPassword, directory.verifyCode"],
    "fails": ["export const createCustomers = () => { throw new Error('no route to the core'); };", "no route to the core"],
    "is no module": ["export const", "Unexpected"],
  };
  for (const [story, [text = "", named = ""]] of Object.entries(wrong)) {
    it(`that ${story} stops the start with one sentence`, async () => {
      const name = `${story.replaceAll(" ", "-")}.mjs`;
      const message = await start(name, text).then(async (server) => server.stop().then(() => "it started"), (error: Error) => error.message);
      expect(message).to.match(/^customersModule [^\n]+$/).and.include(join(folder, name)).and.include(named);
    });
  }

  it("that is not there stops the start, too", async () => {
    const customersModule = join(folder, "nowhere.mjs");
    const message = await startTestServer({ directory, settings: { customersModule, sampleCustomers: false } }).then(async (server) => server.stop().then(() => "it started"), (error: Error) => error.message);
    expect(message).to.include("customersModule").and.include("nowhere.mjs");
  });
});
