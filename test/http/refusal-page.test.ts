import { mkdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Router } from "@koa/router";
import type { AxeResults } from "axe-core";
import { expect } from "chai";
import Koa from "koa";
import { addRefusalPages } from "../../src/http/refusal-page.ts";
import { securityHeaders } from "../../src/http/security-headers.ts";
import { refusalCatalogue, type CatalogueEntry } from "../../src/kernel/refusal-catalogue.ts";
import { openFinanceRealm } from "../../src/oidc/endpoints.ts";
import { keepScreenshot, openBrowser } from "../support/browser.ts";

const screenshots = "var/test/screenshots";

describe("the pages that explain refusals", function () {
  this.timeout(120_000);
  let server: Server;
  let pages: string;

  before(async () => {
    const router = new Router();
    const realm = openFinanceRealm({ publicUrl: "https://localhost", mtlsUrl: "https://localhost" });
    addRefusalPages(router, realm);
    server = createServer(new Koa().use(securityHeaders()).use(router.routes()).callback());
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    pages = `http://127.0.0.1:${(server.address() as AddressInfo).port}${realm.path}/refusals`;
    await mkdir(screenshots, { recursive: true });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const get = (path: string, acceptLanguage?: string) => fetch(`${pages}${path}`, acceptLanguage === undefined ? {} : { headers: { "accept-language": acceptLanguage } });
  const shown = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");

  it("answer for every code in both languages, with what it means and how to mend it", async () => {
    for (const [code, entry] of Object.entries<CatalogueEntry>(refusalCatalogue)) {
      for (const [language, tag] of [["en", "en"], ["pt", "pt-BR"]] as const) {
        const answer = await get(`/${code}?lang=${language}`);
        const text = await answer.text();
        expect(answer.status, code).to.equal(200);
        expect(answer.headers.get("content-language"), code).to.equal(tag);
        expect(text, code).to.include(`<html lang="${tag}">`).and.include(shown(entry[language].what)).and.include(shown(entry[language].mend));
        expect(text, code).to.include(entry.error).and.include(shown(entry.clause));
      }
    }
  });

  it("speak the reader's language; English to a program that names none", async () => {
    expect(await (await get("", "pt-BR,pt;q=0.9,en;q=0.8")).text()).to.include("Motivos de recusa");
    expect(await (await get("", "en-GB")).text()).to.include("Reasons for a refusal");
    const unasked = await get("/statement.too-old", "*");
    expect(await unasked.text()).to.include('<html lang="en">');
    expect(unasked.headers.get("vary")).to.match(/accept-language/i);
  });

  it("say of a code that there is none, without repeating it", async () => {
    for (const code of ["no.such-code", "__proto__", "constructor", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"]) {
      const answer = await get(`/${code}`);
      expect(answer.status, code).to.equal(404);
      expect(await answer.text(), code).to.include("There is no such code").and.not.include("script").and.not.include("proto");
    }
  });

  it("list every code once, each with a link to its page", async () => {
    const text = await (await get("?lang=pt")).text();
    for (const code of Object.keys(refusalCatalogue)) {
      expect(text.split(`/refusals/${code}?lang=pt"`), code).to.have.length(2);
    }
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`read well at phone and desktop width, by eye and by screen reader: ${colorScheme}`, async () => {
      const axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
      const context = await (await openBrowser()).newContext({ colorScheme });
      try {
        const page = await context.newPage();
        for (const [name, path] of [["all", "?lang=pt"], ["one", "/brcac.organisation-id-missing?lang=en"], ["none", "/none.such?lang=pt"]] as const) {
          await page.goto(`${pages}${path}`);
          for (const size of [{ width: 360, height: 740 }, { width: 1280, height: 800 }]) {
            await page.setViewportSize(size);
            const where = `refusals-${name}-${size.width}-${colorScheme}`;
            await keepScreenshot(page, join(screenshots, `${where}.png`), false);
            expect(await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"), where).to.be.at.most(0);
            expect(await page.evaluate("getComputedStyle(document.querySelector('.wordmark')).display"), "its own style is let in").to.equal("flex");
            await page.evaluate(axe);
            const results = (await page.evaluate(`axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })`)) as AxeResults;
            expect(results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).slice(0, 3).join(", ")}`), where).to.deep.equal([]);
          }
        }
      } finally {
        await context.close();
      }
    });
  }
});
