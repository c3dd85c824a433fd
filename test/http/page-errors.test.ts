import { expect } from "chai";
import { createLog } from "../../src/kernel/log.ts";
import { authorizeUrl, createConsent, formOn, pushRequest, rawBrowser, sampleCustomer, type RawBrowser } from "../support/authorization.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import { startRedis } from "../support/redis-servers.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const cpf = "00011122285";
const html = { accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8" };

interface World {
  readonly server: TestServer;
  readonly tpp: SandboxTpp;
  readonly client: Registered;
  readonly home: string;
}

async function openWorld(directory: SandboxDirectory, server: TestServer): Promise<World> {
  const tpp = await directory.createTpp();
  return { server, tpp, client: await server.register(tpp), home: String(server.settings["publicUrl"]) };
}

/** Sends the browser to the log-in page of a new authorization. */
async function beginAuthorization({ server, tpp, client }: World, browser: RawBrowser) {
  const consentId = await createConsent(server, tpp, client.clientId, { cpf });
  const pushed = await pushRequest(server, tpp, client.clientId, `openid accounts consent:${consentId}`);
  const authorize = authorizeUrl(server, client.clientId, pushed.answer.json().request_uri);
  const at = new URL(String((await browser.get(authorize)).headers["location"]), authorize).href;
  return { authorize, at, page: await browser.get(at) };
}

function withPassword({ fields }: ReturnType<typeof formOn>, password: string = sampleCustomer.password): [string, string][] {
  return [...fields, ["username", sampleCustomer.login], ["password", password]];
}

function expectErrorPage({ status, headers, text }: HttpsAnswer, expected: number): void {
  expect(status, text).to.equal(expected);
  expect(headers["content-type"]).to.match(/^text\/html/);
  expect(text).to.include('id="error"');
}

describe("pages when the store is out of reach", function () {
  this.timeout(60_000);

  it("say that they cannot serve now, with 503 and Retry-After, and the log says why", async () => {
    const lines: string[] = [];
    const redis = await startRedis();
    const directory = await startSandboxDirectory();
    const log = createLog("error", { write: (line: string) => void lines.push(line) });
    const server = await startTestServer({ directory, log, settings: { store: { kind: "redis", redis: { url: redis.connection.url } } } });
    try {
      const world = await openWorld(directory, server);
      const browser = rawBrowser(server.ca, html);
      const { authorize, at, page } = await beginAuthorization(world, browser);
      const interactionForm = formOn(page, at);
      const ownForm = formOn(await browser.get(`${world.home}/my/log-in`), world.home);
      await browser.submit(ownForm.action, withPassword(ownForm));
      const ownPage = formOn(await browser.get(`${world.home}/my/log-out`), world.home);
      await redis.stop();

      const answers = [
        await browser.get(at),
        await browser.submit(interactionForm.action, withPassword(interactionForm)),
        await browser.get(`${authorize}&again=1`),
        await browser.get(`${world.home}/my/consents`),
        await browser.submit(ownPage.action, ownPage.fields),
      ];
      for (const answer of answers) {
        expectErrorPage(answer, 503);
        expect(answer.text).to.include("Não conseguimos atender agora");
        expect(Number(answer.headers["retry-after"])).to.be.greaterThan(0);
        expect(lines.some((line) => line.includes(String(answer.headers["x-fapi-interaction-id"])))).to.equal(true);
      }
    } finally {
      await server.stop();
      await directory.stop();
      await redis.stop();
    }
  });
});

describe("the way to the other language", () => {
  let directory: SandboxDirectory;
  let world: World;
  before(async () => {
    directory = await startSandboxDirectory();
    world = await openWorld(directory, await startTestServer({ directory }));
  });
  after(async () => {
    await world.server.stop();
    await directory.stop();
  });

  /** Follows the link of the page as a browser does. */
  async function switchLanguage(browser: RawBrowser, page: HttpsAnswer, at: string): Promise<HttpsAnswer> {
    const href = /id="other-language" href="([^"]*)"/.exec(page.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const answer = await browser.get(new URL(href, at).href);
    const { location } = answer.headers;
    return typeof location === "string" ? browser.get(new URL(location, at).href) : answer;
  }

  it("leads from a form that was refused to the page of the form", async () => {
    const browser = rawBrowser(world.server.ca);
    const { at, page } = await beginAuthorization(world, browser);
    const { action, fields } = formOn(page, at);
    const outdated = await browser.submit(action, [...fields.filter(([name]) => name !== "csrf"), ["csrf", "old"]]);
    expectErrorPage(outdated, 400);
    const english = await switchLanguage(browser, outdated, action);
    expect(english.status).to.equal(200);
    expect(english.text).to.include('lang="en"').and.include('id="login-form"');
    const refused = await browser.submit(action, withPassword(formOn(page, at), "wrong"));
    expect((await switchLanguage(browser, refused, action)).text).to.include('id="login-form"');
  });

  it("leads from a consent that could not be ended to the log-in, and from a log-in that was refused to the log-in", async () => {
    const browser = rawBrowser(world.server.ca);
    const form = formOn(await browser.get(`${world.home}/my/log-in`), world.home);
    const refused = await browser.submit(form.action, withPassword(form, "wrong"));
    expect((await switchLanguage(browser, refused, world.home)).text).to.include('lang="en"').and.include('id="login-form"');
    const open = formOn(await browser.get(`${world.home}/my/log-in`), world.home);
    await browser.submit(open.action, withPassword(open));
    const missing = await browser.submit(`${world.home}/my/consents/urn:porteiro:none/revoke`, [["csrf", "old"]]);
    expectErrorPage(missing, 400);
    const page = await switchLanguage(browser, missing, world.home);
    expectErrorPage(page, 404);
    expect(page.text).to.include("Página não encontrada");
  });

  it("shows the same error of the authorization endpoint again", async () => {
    const browser = rawBrowser(world.server.ca);
    const errorOf = ({ text }: HttpsAnswer) => /id="error-code">([^<]*)/.exec(text)?.[1];
    const { authorize } = await beginAuthorization(world, browser);
    const used = authorize.replace(/request_uri=[^&]*/, `request_uri=${encodeURIComponent("urn:ietf:params:oauth:request_uri:gone")}`);
    for (const address of [used, `${world.server.url("authorization")}?client_id=nobody`]) {
      const page = await browser.get(address);
      expectErrorPage(page, 400);
      const other = await switchLanguage(browser, page, address);
      expectErrorPage(other, 400);
      expect(errorOf(other)).to.equal(errorOf(page)).and.be.a("string");
      expect(other.text).to.match(page.text.includes('<html lang="en"') ? /<html lang="pt-BR"/ : /<html lang="en"/);
    }
  });

  it("is the same page of the log-in when a limit is hit, and the answer says how long to wait", async () => {
    const browser = rawBrowser(world.server.ca);
    const send = async () => {
      const form = formOn(await browser.get(`${world.home}/my/log-in`), world.home);
      return browser.submit(form.action, [...form.fields, ["username", "ipe.amarelo"], ["password", "wrong"]]);
    };
    for (let attempt = 0; attempt < 5; attempt += 1) await send();
    const locked = await send();
    expect(locked.status).to.equal(429);
    expect(Number(locked.headers["retry-after"])).to.be.within(1, 900);
    expect(locked.text).to.include('id="login-form"').and.include('id="problem"');
  });
});
