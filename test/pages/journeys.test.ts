import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { BrowserContext, Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { openPageServer, type PageServer } from "./page-server.ts";

describe("the customer's pages without JavaScript", function () {
  this.timeout(60_000);
  let server: PageServer;
  let context: BrowserContext;
  let page: Page;
  before(async () => {
    server = await openPageServer();
  });
  after(() => server.close());
  beforeEach(async () => {
    server.posted.length = 0;
    context = await (await openBrowser()).newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    page = await context.newPage();
  });
  afterEach(() => context.close());

  /** Ids (or classes) of what Tab reaches, from the top. */
  const tabStops = async (count: number) => {
    const stops: string[] = [];
    for (let press = 0; press < count; press += 1) {
      await page.keyboard.press("Tab");
      const focused = page.locator(":focus");
      stops.push((await focused.getAttribute("id")) ?? (await focused.getAttribute("class")) ?? "?");
    }
    return stops;
  };
  const posted = async () => {
    await page.waitForURL("**/posted");
    expect(await page.locator("body").innerText()).to.equal("posted");
    return server.posted.map((body) => [...new URLSearchParams(body)].map(([name, value]) => `${name}=${value}`));
  };

  it("reach everything with Tab in the order of reading: log-in", async () => {
    await page.goto(`${server.origin}/pt/log-in`);
    expect(await tabStops(6)).to.deep.equal(["skip", "username", "password", "login-submit", "cancel", "other-language"]);
  });

  it("reach everything with Tab in the order of reading: consent", async () => {
    await page.goto(`${server.origin}/pt/consent`);
    expect(await tabStops(7)).to.deep.equal(["skip", "log-out", "account-0", "account-1", "deny", "approve", "other-language"]);
  });

  it("let a keyboard skip to the content", async () => {
    await page.goto(`${server.origin}/pt/consent`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await tabStops(1)).to.deep.equal(["account-0"]);
  });

  it("lead from the summary of mistakes to the field", async () => {
    await page.goto(`${server.origin}/en/log-in-missing`);
    await page.locator("#problem a").nth(1).click();
    expect(await page.locator(":focus").getAttribute("id")).to.equal("password");
  });

  it("log in with the keyboard alone", async () => {
    await page.goto(`${server.origin}/pt/log-in`);
    await page.locator("#username").focus();
    await page.keyboard.type("000.111.222-85");
    await page.keyboard.press("Tab");
    await page.keyboard.type("çenha & <dela>");
    await page.keyboard.press("Enter");
    expect(await posted()).to.deep.equal([["csrf=a-token", "username=000.111.222-85", "password=çenha & <dela>"]]);
  });

  it("send the second factor", async () => {
    await page.goto(`${server.origin}/en/second-factor`);
    await page.fill("#otp", "123456");
    await page.click("#otp-submit");
    expect(await posted()).to.deep.equal([["csrf=a-token", "otp=123456"]]);
  });

  it("approve with the accounts that stay ticked", async () => {
    await page.goto(`${server.origin}/pt/consent`);
    await page.click("label[for=account-0]");
    await page.click("#approve");
    expect(await posted()).to.deep.equal([["csrf=a-token", "account=a-2", "decision=approve"]]);
  });

  it("refuse", async () => {
    await page.goto(`${server.origin}/en/consent`);
    await page.click("#deny");
    expect(await posted()).to.deep.equal([["csrf=a-token", "account=a-1", "account=a-2", "decision=deny"]]);
  });

  it("decide nothing when Enter is pressed in a checkbox", async () => {
    await page.goto(`${server.origin}/pt/consent`);
    await page.locator("#account-1").focus();
    await page.keyboard.press("Enter");
    expect(await posted()).to.deep.equal([["csrf=a-token", "decision=none", "account=a-1", "account=a-2"]]);
  });

  it("end a consent in two steps", async () => {
    await page.goto(`${server.origin}/pt/consent-detail`);
    expect(await page.locator("#consent-revoke").isVisible()).to.equal(false);
    await page.click("#consent-end");
    await page.click("#consent-revoke");
    expect(await posted()).to.deep.equal([["csrf=a-token"]]);
  });

  it("say in the title what went wrong, and show `error` on the error page alone", async () => {
    await page.goto(`${server.origin}/pt/log-in-refused`);
    expect(await page.title()).to.equal("Não foi possível continuar – Entre na sua conta – Porteiro");
    expect(await page.locator("#error").count()).to.equal(0);
    await page.goto(`${server.origin}/pt/error`);
    expect(await page.title()).to.equal("Este pedido não vale mais – Porteiro");
    expect(await page.locator("#error").isVisible()).to.equal(true);
  });

  it("take their style from our file under the strict policy, in either colour scheme", async () => {
    const backgrounds = new Set<string>();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${server.origin}/pt/log-in`);
      backgrounds.add(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
    }
    expect([...backgrounds]).to.deep.equal(["rgb(243, 245, 247)", "rgb(14, 21, 28)"]);
  });
});

describe("the policy of pages whose forms lead to the TPP", function () {
  this.timeout(60_000);
  const opened: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });

  /** A web server of somebody else, over plain HTTP. */
  const elsewhere = async (answer: Parameters<typeof createServer>[1]) => {
    const server: Server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    opened.push({ close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }) });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const openConsent = async (redirectTo: string) => {
    const pages = await openPageServer({ redirectTo });
    opened.push(pages);
    const context = await (await openBrowser()).newContext({ ignoreHTTPSErrors: true });
    opened.push(context);
    const page = await context.newPage();
    await page.goto(`${pages.origin}/pt/consent`);
    return { page, posted: pages.posted };
  };

  it("lets the TPP's callback redirect on to another origin", async () => {
    const last = await openPageServer();
    const callback = await openPageServer({ redirectTo: `${last.origin}/en/done-logged-out` });
    opened.push(last, callback);
    const { page } = await openConsent(`${callback.origin}/callback#code=1`);
    await page.click("#approve");
    await page.waitForURL(`${last.origin}/en/done-logged-out#code=1`);
    expect(await page.locator("#done").count()).to.equal(1);
  });

  it("lets no form of ours end at an address without TLS", async () => {
    let called = 0;
    const plain = await elsewhere((_request, answer) => {
      called += 1;
      answer.end("reached");
    });
    const { page, posted } = await openConsent(`${plain}/callback`);
    const refused = page.waitForEvent("console", (message) => message.text().includes("form-action"));
    await page.click("#approve", { noWaitAfter: true });
    await refused;
    expect(posted, "the form itself arrived").to.have.length(1);
    expect(called).to.equal(0);
  });
});
