import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { answerCallback } from "../../src/cli/journey-browser.ts";
import { writeTppFiles } from "../../src/cli/tpp-folder.ts";
import { fragmentOf, sampleCustomer } from "../support/authorization.ts";
import { openBrowser } from "../support/browser.ts";
import { journeyWorld, type JourneyWorld } from "./journey-world.ts";

const root = resolve(import.meta.dirname, "../..");

describe("the README's journey with curl and a browser", function () {
  this.timeout(60_000);
  let world: JourneyWorld;
  let place: string;
  let commands: readonly string[];
  let registering: readonly string[];

  before(async () => {
    world = await journeyWorld();
    place = await mkdtemp(join(tmpdir(), "porteiro-readme-"));
    const readme = await readFile(join(root, "README.md"), "utf8");
    const sectionOf = (title: string) => new RegExp(`## ${title}\\n([^]*?)\\n## `).exec(readme)?.[1] ?? "";
    const section = sectionOf("How a customer consents");
    expect(section).to.include(sampleCustomer.login).and.to.include(sampleCustomer.password);
    const here = (text: string) =>
      text
        .replaceAll("https://localhost:7443", world.home)
        .replaceAll("https://localhost:7444", String(world.server.settings["mtlsUrl"]))
        .replaceAll("https://localhost:7445", world.bank.url)
        .replaceAll(/(?:\.\.\/)?scripts\/porteiro/g, join(root, "scripts/porteiro"));
    await writeTppFiles(join(place, "tpp"), { ...world.tpp.files, "tpp.json": here(world.tpp.files["tpp.json"]) });
    await writeFile(join(place, "tpp/registration.json"), JSON.stringify(world.client.body));
    const commandsOf = (text: string) => [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, script = ""]) => here(script));
    commands = commandsOf(section);
    registering = commandsOf(sectionOf("How a TPP registers"));
  });
  after(async () => {
    await rm(place, { recursive: true });
  });

  /** What the last script told beside its result: the answers it got. */
  let said = "";
  const bash = async (script: string) => {
    const child = spawn("bash", ["-c", script], { cwd: place, stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"] } });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (err += part));
    const [code] = await once(child, "close");
    expect(code, err).to.equal(0);
    said = err;
    return out;
  };

  it("begins with a token of the TPP's own and a call with it, in the folder in which it was registered", async () => {
    const token = registering.find((script) => script.startsWith("TOKEN="));
    const answer = JSON.parse(await bash(token ?? ""));
    expect(answer.accounts).not.to.be.empty;
  });

  it("goes on in that folder with a fresh statement", async () => {
    const [statement = ""] = registering.find((script) => script.includes(" directory statement "))?.split("\n") ?? [];
    expect(await bash(statement)).to.include("Renewed software-statement.jwt");
  });

  it("leads to the accounts that the customer chose", async () => {
    const [toTheBrowser, fromTheBrowser, ...more] = commands as [string, string];
    expect(more).to.deep.equal([]);
    const url = (await bash(toTheBrowser)).trim();
    expect(url, said).to.match(/\/oauth2\/authorize\?client_id=[0-9a-f]{32}&request_uri=urn:/);
    const code = await approvedCode(url);
    // The second half runs in the same shell for a reader: variables and functions of the first are set again.
    const settings = toTheBrowser.slice(0, toTheBrowser.indexOf("# 1."));
    const answer = JSON.parse(await bash(settings + fromTheBrowser.replace("CODE=...", `CODE=${code}`)));
    expect(answer.data).to.have.length(1);
    expect(answer.data[0]).to.include({ type: "CONTA_POUPANCA" });
  });

  const approvedCode = async (url: string): Promise<string> => {
    const context = await (await openBrowser()).newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
    try {
      const page = await context.newPage();
      await answerCallback(page, world.redirectUri);
      await page.goto(url);
      await page.fill("#username", sampleCustomer.login);
      await page.fill("#password", sampleCustomer.password);
      await page.click("#login-submit");
      await page.click("label[for=account-0]");
      await page.click("#approve");
      await page.waitForURL((address) => address.href.startsWith(world.redirectUri));
      return fragmentOf(new URL(page.url())).get("code")!;
    } finally {
      await context.close();
    }
  };
});
