import { userInfo } from "node:os";
import { expect } from "chai";
import { URI, type TOTP } from "otpauth";
import { formOn, rawBrowser } from "../support/authorization.ts";
import { startSandboxDirectory, type SandboxDirectory } from "../support/sandbox.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { environmentOf } from "../support/server-process.ts";
import { runPorteiro, runPorteiroReading } from "./run-porteiro.ts";

const cpf = "52998224725";
const ana = ["--cpf", cpf, "--user-name", "Ana.Amostra", "--name", "Ana Amostra", "--id", "core-banking-4711"] as const;
const id = "core-banking-4711";

describe("porteiro customers, beside a running server", function () {
  this.timeout(60_000);
  let sandbox: SandboxDirectory;
  let server: TestServer;
  let environment: Record<string, string>;

  before(async () => {
    sandbox = await startSandboxDirectory();
    server = await startTestServer({ directory: sandbox, settings: { sampleCustomers: false, login: { secondFactor: "when-asked" } } });
    environment = environmentOf(server.settings);
  });
  after(async () => {
    await server.stop();
    await sandbox.stop();
  });

  const succeeded = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await runPorteiro(environment, "customers", ...words);
    expect(code, err).to.equal(0);
    return out;
  };
  const refused = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await runPorteiro(environment, "customers", ...words);
    expect([code, out]).to.deep.equal([1, ""]);
    expect(err).to.match(/^porteiro: [^\n]+\n$/);
    return err;
  };
  const passwordIn = (out: string) => /^password {2}(\S{12,})$/m.exec(out)?.[1] ?? "";
  const logIn = async (username: string, password: string): Promise<number> => {
    const home = String(server.settings["publicUrl"]);
    const browser = rawBrowser(server.ca);
    const { action, fields } = formOn(await browser.get(`${home}/my/log-in`), home);
    return (await browser.submit(action, [...fields, ["username", username], ["password", password]])).status;
  };
  const trail = async () => {
    const { out } = await runPorteiro(environment, "audit", "show", "--action", "customer", "--json");
    return { text: out, entries: out.trim().split("\n").map((line) => JSON.parse(line).entry as { action: string; actor: unknown; subject: { id: string } }) };
  };

  it("nobody is there at first", async () => {
    expect(await succeeded("list")).to.equal("No customers.\n");
    expect(await refused("show", "nobody-at-all")).to.include("there is no customer");
  });

  it("add makes a password, prints it once, and it opens", async () => {
    const out = await succeeded("add", ...ana, "--company", "00011122000183=Padaria Modelo");
    const password = passwordIn(out);
    expect(await logIn(cpf, password)).to.equal(303);
    for (const shown of [await succeeded("show", id), await succeeded("show", id, "--json"), await succeeded("list"), (await trail()).text]) {
      expect(shown).not.to.include(password).and.not.include("argon2");
    }
    expect(await refused("add", ...ana)).to.include("already");
    expect(await refused("add", ...ana.slice(0, 6), "--id", "another-person")).to.include("nobody has").and.not.include(cpf);
  });

  it("list masks CPFs and goes page by page; show tells the whole", async () => {
    await succeeded("add", "--cpf", "11144477735", "--user-name", "bia", "--name", "Bia Braga", "--id", "core-banking-4712");
    const list = await succeeded("list");
    expect(list).to.include("***.982.247-**").and.not.include(cpf).and.not.include("529.982");
    const first = await runPorteiro(environment, "customers", "list", "--limit", "1", "--json");
    expect(JSON.parse(first.out)).to.include({ customer_id: id, cpf: "***.982.247-**", second_factor: false, companies: 1 });
    expect(first.err).to.include(`--after ${id}`);
    expect(JSON.parse((await succeeded("list", "--limit", "1", "--after", id, "--json")).trim()).customer_id).to.equal("core-banking-4712");
    expect(await succeeded("show", id)).to.include(cpf).and.include("00011122000183 Padaria Modelo");
  });

  it("add and reset-password read the password from standard input, and never take one for an argument", async () => {
    const words = ["add", "--cpf", "39053344705", "--user-name", "caio", "--name", "Caio Cruz", "--id", "core-banking-4713", "--password-stdin"];
    const added = await runPorteiroReading("uma senha com açúcar\n", environment, "customers", ...words);
    expect([added.code, added.out], added.err).to.deep.equal([0, "Customer core-banking-4713 is enrolled.\n"]);
    expect(await logIn("caio", "uma senha com açúcar")).to.equal(303);
    const short = await runPorteiroReading("curta\n", environment, "customers", "reset-password", "core-banking-4713", "--password-stdin");
    expect(short.err).to.match(/at least 12/).and.not.match(/curta/);
    expect(await refused("reset-password", "core-banking-4713", "--password-stdin")).to.include("standard input");
    expect((await runPorteiro(environment, "customers", "reset-password", "core-banking-4713", "--password", "x")).code).to.equal(1);
    const password = passwordIn(await succeeded("reset-password", "core-banking-4713"));
    expect(await logIn("caio", "uma senha com açúcar")).to.equal(401);
    expect(await logIn("caio", password)).to.equal(303);
  });

  it("disable shuts the door, enable opens it again, remove shuts it for good", async () => {
    const password = passwordIn(await succeeded("reset-password", id));
    await succeeded("disable", id);
    expect(await logIn("ana.amostra", password)).to.equal(401);
    expect(await refused("disable", id)).to.include("disabled");
    await succeeded("enable", id);
    expect(await logIn("ana.amostra", password)).to.equal(303);
    expect(await refused("remove", id)).to.include("not confirmed");
    await succeeded("remove", id, "--yes");
    expect(await logIn("ana.amostra", password)).to.equal(401);
    expect(await refused("enable", id)).to.include("closed");
    expect(JSON.parse(await succeeded("show", id, "--json"))).to.include({ status: "closed" });
    const { entries, text } = await trail();
    const actions = entries.filter(({ subject }) => subject.id === id).map(({ action }) => action);
    expect(actions).to.deep.equal(["customer.enrolled", "customer.password-changed", "customer.disabled", "customer.enabled", "customer.closed"]);
    expect(entries.every(({ actor }) => (actor as { operator?: string }).operator === userInfo().username)).to.equal(true);
    expect(text).not.to.match(/52998224725|Ana Amostra/i);
  });

  it("enrol-second-factor prints the seed once, as an authenticator app reads it", async () => {
    const out = await succeeded("enrol-second-factor", "core-banking-4712");
    const totp = URI.parse(/otpauth:\S+/.exec(out)?.[0] ?? "") as TOTP;
    expect(totp).to.include({ label: "bia", issuer: "localhost", digits: 6, period: 30 });
    expect(totp.secret.base32).to.match(/^[A-Z2-7]{32}$/);
    expect(JSON.parse(await succeeded("show", "core-banking-4712", "--json"))).to.include({ second_factor: true });
    expect((await trail()).text).not.to.include(totp.secret.base32);
  });
});
