import { existsSync } from "node:fs";
import type { Page } from "playwright-core";

export interface JourneyBrowserNeeds {
  /** File of the Chromium to start. */
  readonly executablePath: string;
  readonly headed: boolean;
  readonly language: "pt" | "en";
  /** The server's public URL: the only host that the browser may resolve. */
  readonly publicUrl: string;
  readonly redirectUri: string;
}

/** A customer at the pages of the server. */
export interface JourneyBrowser {
  /** Opens an address of ours and gives the title of the page that comes. */
  open(url: string): Promise<string>;
  /** Logs in, and gives the title of the page that follows. */
  logIn(userName: string, password: string): Promise<string>;
  /** Unticks the last of several accounts, approves, and gives the address at the TPP that the browser was led to. */
  approve(): Promise<{ readonly shared: number; readonly offered: number; readonly callback: URL }>;
  close(): Promise<void>;
}

const switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const patienceMs = 30_000;

/**
 * Starts Chromium for a journey, in which nothing leaves the machine: the TPP's callback is answered in the browser.
 * @throws Error that names the package when Chromium or its driver is not installed
 */
export async function startJourneyBrowser(needs: JourneyBrowserNeeds): Promise<JourneyBrowser> {
  const { executablePath, headed, language, publicUrl, redirectUri } = needs;
  if (!existsSync(executablePath)) {
    throw new Error(`expected Chromium at ${executablePath}, found none: install Debian's package \`chromium\` (apt-get install chromium), or name another file with --chromium`);
  }
  const { chromium } = await driver();
  const { hostname } = new URL(publicUrl);
  const args = [...(headed ? [] : ["--headless"]), ...switches, `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${hostname}`];
  const browser = await chromium.launch({ executablePath, headless: !headed, args });
  try {
    // The local authority is not one of Chromium's, and the host above is the only one there is.
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: language === "pt" ? "pt-BR" : "en-US", viewport: { width: 412, height: 840 } });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    await answerCallback(page, redirectUri);
    return { ...customerAt(page, redirectUri), close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

function customerAt(page: Page, redirectUri: string): Omit<JourneyBrowser, "close"> {
  return {
    async open(url) {
      await page.goto(url);
      return page.title();
    },
    async logIn(userName, password) {
      await page.fill("#username", userName);
      await page.fill("#password", password);
      await page.click("#login-submit");
      await page.locator("#consent-form, #otp-form, #problem, #error").first().waitFor();
      return page.title();
    },
    async approve() {
      const offered = await page.locator("input[name=account]").count();
      if (offered > 1) {
        await page.locator(`label[for=account-${offered - 1}]`).click();
      }
      const shared = await page.locator("input[name=account]:checked").count();
      await page.click("#approve");
      await page.waitForURL((url) => url.href.startsWith(redirectUri));
      return { shared, offered, callback: new URL(page.url()) };
    },
  };
}

/**
 * Answers the TPP's callback within the browser. Playwright's own routes do not see an address that a redirect leads
 * to; the browser's protocol does.
 */
export async function answerCallback(page: Page, redirectUri: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  // An icon of its own, so that the browser asks the TPP for none.
  const body = Buffer.from('<!doctype html><meta charset="utf-8"><title>TPP</title><link rel="icon" href="data:,"><p id="submission_complete">The TPP has the answer.</p>').toString("base64");
  session.on("Fetch.requestPaused", ({ requestId }) => {
    const headers = [{ name: "Content-Type", value: "text/html; charset=utf-8" }];
    // The page may be gone before it is answered; then nobody waits for the answer.
    session.send("Fetch.fulfillRequest", { requestId, responseCode: 200, responseHeaders: headers, body }).catch(() => undefined);
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: `${redirectUri.replaceAll(/[*?\\]/g, String.raw`\$&`)}*`, requestStage: "Request" }] });
}

async function driver(): Promise<typeof import("playwright-core")> {
  try {
    return await import("playwright-core");
  } catch (error) {
    throw new Error("the npm package `playwright-core` is missing: it is one of development, so install without --omit=dev (npm ci)", { cause: error });
  }
}
