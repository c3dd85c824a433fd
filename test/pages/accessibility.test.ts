import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { AxeResults } from "axe-core";
import type { BrowserContext, Page } from "playwright-core";
import { keepScreenshot, openBrowser } from "../support/browser.ts";
import { openPageServer, type PageServer } from "./page-server.ts";
import { samplePages } from "./sample-pages.ts";

const sizes = [{ width: 360, height: 740 }, { width: 1280, height: 800 }] as const;
const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** What is pressed, apart from links within text: a checkbox is pressed through its row. */
const smallTargets = `[...document.querySelectorAll("button:not([hidden]), input[type=text], input[type=password], summary, .choices li, header a, footer a")]
  .filter((element) => element.getBoundingClientRect().height < 44).map((element) => element.outerHTML)`;
const screenshots = "var/test/screenshots";

describe("the customer's pages in a browser", function () {
  this.timeout(120_000);
  let server: PageServer;
  let axe: string;
  before(async () => {
    server = await openPageServer();
    axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
    await mkdir(screenshots, { recursive: true });
  });
  after(() => server.close());

  const inContext = async (options: Parameters<Awaited<ReturnType<typeof openBrowser>>["newContext"]>[0], work: (page: Page, context: BrowserContext) => Promise<void>) => {
    const browser = await openBrowser();
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    try {
      await work(await context.newPage(), context);
    } finally {
      await context.close();
    }
  };

  /** Violations as axe names them, with the elements, so that a failure says what to mend. */
  const violations = async (page: Page) => {
    // Evaluated by the debugger, which the page's own policy (no script at all) does not bind.
    const present = await page.evaluate("typeof window.axe");
    if (present === "undefined") await page.evaluate(axe);
    const results = (await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(wcag)} })`)) as AxeResults;
    expect(results.passes.length, "rules that axe found something to apply to").to.be.greaterThan(5);
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  };

  // Colours have no language: dark is looked at in one.
  const looks = [["pt", "light"], ["en", "light"], ["pt", "dark"]] as const;
  for (const [language, colorScheme] of looks) {
    it(`have no violation of WCAG 2.2 AA at phone and desktop width: ${language}, ${colorScheme}`, () =>
      inContext({ colorScheme }, async (page) => {
        for (const name of Object.keys(samplePages(language))) {
          await page.goto(`${server.origin}/${language}/${name}`);
          expect(await page.locator("html").getAttribute("lang")).to.equal(language === "pt" ? "pt-BR" : "en");
          for (const summary of await page.locator("details > summary").all()) await summary.click();
          for (const size of sizes) {
            await page.setViewportSize(size);
            const where = `${name}-${language}-${size.width}${colorScheme === "dark" ? "-dark" : ""}`;
            expect(await violations(page), where).to.deep.equal([]);
            const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            expect(await page.evaluate(smallTargets), `${where}: targets under 44 pixels`).to.deep.equal([]);
            expect(overflow, `${where}: pixels that reach beyond the screen`).to.equal(0);
            await keepScreenshot(page, join(screenshots, `${where}.png`));
          }
        }
      }));
  }
});
