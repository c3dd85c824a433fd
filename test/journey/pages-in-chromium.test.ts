import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import { expect } from "chai";
import { compactDecrypt, decodeJwt } from "jose";
import type { BrowserContextOptions, Page } from "playwright-core";
import { sampleLogins } from "../../src/bank/sample-logins.ts";
import { answerCallback } from "../../src/cli/journey-browser.ts";
import { codeAt } from "../../src/policy/customer/one-time-code.ts";
import { fragmentOf, sampleCustomer } from "../support/authorization.ts";
import { keepScreenshot, openBrowser } from "../support/browser.ts";
import { journeyWorld, type JourneyWorld } from "./journey-world.ts";

const screenshots = "var/test/screenshots/journey";
const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 800 };
const locales = { pt: "pt-BR", en: "en-US" } as const;
const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const { oneTimeCodeSeed } = sampleLogins.find(({ userName }) => userName === sampleCustomer.login) as { oneTimeCodeSeed: string };

describe("the journey in Chromium, on the pages as the server sends them", function () {
  this.timeout(120_000);
  let world: JourneyWorld;
  let axe: string;
  before(async () => {
    [world, axe] = await Promise.all([journeyWorld(), readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8")]);
    await mkdir(screenshots, { recursive: true });
  });

  /** A browser of a customer's own, in which the TPP's callback is answered; what it complains about is returned. */
  const customer = async (options: BrowserContextOptions, work: (page: Page) => Promise<void>) => {
    const context = await (await openBrowser()).newContext({ ignoreHTTPSErrors: true, ...options });
    context.setDefaultTimeout(20_000);
    const complaints: string[] = [];
    try {
      const page = await context.newPage();
      page.on("console", (message) => complaints.push(message.text()));
      await answerCallback(page, world.redirectUri);
      await work(page);
    } finally {
      await context.close();
    }
    return complaints;
  };
  const logIn = async (page: Page, password: string = sampleCustomer.password) => {
    await page.fill("#username", sampleCustomer.login);
    await page.fill("#password", password);
    await page.click("#login-submit");
  };
  const atTheTpp = async (page: Page) => {
    await page.waitForURL((url) => url.href.startsWith(world.redirectUri));
    expect(await page.locator("#submission_complete").count(), "the callback was opened").to.equal(1);
    return fragmentOf(new URL(page.url()));
  };

  for (const [size, viewport] of [["phone", phone], ["desktop", desktop]] as const) {
    for (const language of ["pt", "en"] as const) {
      it(`leads from log-in over the choice of accounts to the TPP without a script: ${size}, ${language}`, async () => {
        const { url, pushed } = await world.ask();
        const complaints = await customer({ viewport, locale: locales[language], javaScriptEnabled: false }, async (page) => {
          const shot = async (name: string) => {
            expect(await page.locator("html").getAttribute("lang"), name).to.equal(language === "pt" ? "pt-BR" : "en");
            await keepScreenshot(page, join(screenshots, `${name}-${size}-${language}.png`));
          };
          await page.goto(url);
          await shot("1-log-in");
          await logIn(page);
          await page.locator("#consent-form").waitFor();
          expect(await page.locator("main").innerText()).to.include(world.tpp.description.organisation_name);
          await page.click("label[for=account-0]");
          await shot("3-consent");
          await page.click("#approve");
          const answer = await atTheTpp(page);
          expect(Object.fromEntries(answer)).to.have.all.keys("code", "id_token", "state");
          expect(answer.get("state")).to.equal(pushed.state);
        });
        // A policy that blocks the way would be told here.
        expect(complaints).to.deep.equal([]);
      });
    }
  }

  it("leads back to the TPP when the customer refuses, or turns back at the log-in", async () => {
    const refused = await world.ask();
    const turnedBack = await world.ask();
    const complaints = await customer({ javaScriptEnabled: false }, async (page) => {
      await page.goto(turnedBack.url);
      await page.click("#cancel");
      expect((await atTheTpp(page)).get("error")).to.equal("access_denied");
      await page.goto(refused.url);
      await logIn(page);
      await page.click("#deny");
      const answer = await atTheTpp(page);
      expect(answer.get("error")).to.equal("access_denied");
      expect(answer.get("state")).to.equal(refused.pushed.state);
    });
    expect(complaints).to.deep.equal([]);
  });

  it("asks again when no account is chosen, and shares nothing meanwhile", async () => {
    const { url, consentId } = await world.ask();
    await customer({ viewport: phone, locale: locales.pt, javaScriptEnabled: false }, async (page) => {
      await page.goto(url);
      await logIn(page);
      const boxes = await page.locator("input[name=account]").count();
      expect(boxes).to.be.greaterThan(0);
      for (let at = 0; at < boxes; at += 1) await page.click(`label[for=account-${at}]`);
      await page.click("#approve");
      await page.locator("#problem").waitFor();
      expect(await page.locator("input[name=account]:checked").count()).to.equal(0);
      await keepScreenshot(page, join(screenshots, "4-consent-no-account-phone-pt.png"));
    });
    expect(await statusOf(consentId)).to.equal("AWAITING_AUTHORISATION");
  });

  it("asks for the code of the authenticator app where the request wants two factors (LoA3)", async () => {
    const { url } = await world.ask({ claims: { id_token: { acr: { essential: true, value: "urn:brasil:openbanking:loa3" } } } });
    await customer({ viewport: phone, locale: locales.pt }, async (page) => {
      await page.goto(url);
      await logIn(page);
      await page.locator("#otp-form").waitFor();
      await keepScreenshot(page, join(screenshots, "13-second-factor-phone-pt.png"));
      expect(await violations(page)).to.deep.equal([]);
      await page.fill("#otp", codeAt(oneTimeCodeSeed, Date.now()));
      await page.click("#otp-submit");
      await page.click("#approve");
      const { plaintext } = await compactDecrypt((await atTheTpp(page)).get("id_token")!, world.tpp.encryption.key);
      expect(decodeJwt(new TextDecoder().decode(plaintext))["acr"]).to.equal("urn:brasil:openbanking:loa3");
    });
  });

  for (const [size, viewport, language] of [["phone", phone, "pt"], ["desktop", desktop, "en"]] as const) {
    it(`has no violation of WCAG 2.2 AA on any page of the journey and of my consents: ${size}, ${language}`, async () => {
      const { url, consentId } = await world.ask();
      await customer({ viewport, locale: locales[language] }, async (page) => {
        const look = async (name: string, marker: string) => {
          await page.locator(marker).first().waitFor();
          // The others are taken on the way to the TPP.
          if (!name.startsWith("1-") && !name.startsWith("3-")) await keepScreenshot(page, join(screenshots, `${name}-${size}-${language}.png`));
          expect(await violations(page), name).to.deep.equal([]);
        };
        await page.goto(url);
        await look("1-log-in", "#login-form");
        await logIn(page, "not the password");
        await look("2-log-in-refused", "#problem");
        await logIn(page);
        await look("3-consent", "#consent-form");
        await page.click("#approve");
        await atTheTpp(page);
        await page.goto(url);
        await look("5-request-used", "#error");
        await page.goto(`${world.home}/my/consents`);
        await look("6-my-log-in", "#login-form");
        await logIn(page);
        await page.locator("main").getByText(world.tpp.description.organisation_name).first().waitFor();
        await look("7-my-consents", "main");
        await page.goto(`${world.home}/my/consents/${encodeURIComponent(consentId)}`);
        await page.click("#consent-end");
        await look("8-consent-details", "#consent-revoke");
        await page.click("#consent-revoke");
        await look("9-consent-ended", "#done");
        // The rest is small, and the same at any width.
        if (size === "desktop") return;
        await page.goto(`${world.home}/my/log-out`);
        await look("10-log-out", "#log-out-form");
        await page.click("#log-out-submit");
        await look("11-logged-out", "#done");
        await page.goto(`${world.server.running.realm.issuer}/interaction/forgotten`);
        await look("12-session-lost", "#error");
      });
      expect(await statusOf(consentId)).to.equal("REJECTED");
    });
  }

  /** Violations as axe names them, with the elements, so that a failure says what to mend. */
  const violations = async (page: Page) => {
    // Evaluated by the debugger, which the page's own policy (no script at all) does not bind.
    if ((await page.evaluate("typeof window.axe")) === "undefined") await page.evaluate(axe);
    const results = (await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(wcag)} })`)) as AxeResults;
    expect(results.passes.length, "rules that axe found something to apply to").to.be.greaterThan(5);
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  };

  const statusOf = async (consentId: string) => {
    const token = (await world.server.requestToken(world.tpp, world.client.clientId, { scope: "consents" })).json().access_token;
    const address = `${String(world.server.settings["mtlsUrl"])}/open-banking/consents/v3/consents/${encodeURIComponent(consentId)}`;
    const headers = { authorization: `Bearer ${token}`, "x-fapi-interaction-id": crypto.randomUUID() };
    return (await world.server.call(address, { identity: world.tpp.tls, headers })).json().data.status as string;
  };
});
