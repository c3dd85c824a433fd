import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { atEndOfRun } from "./end-of-run.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

const switches = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser: Promise<Browser> | undefined;

/** The one browser of all page tests of this run: each makes its own contexts in it, and closes those. */
export function openBrowser(): Promise<Browser> {
  browser ??= launch();
  return browser;
}

/**
 * Keeps a picture of a page as an artefact of the run. Chromium now and then refuses one and takes the very same a
 * moment later; only that refusal is asked again, once.
 */
export async function keepScreenshot(page: Page, path: string, fullPage = true): Promise<void> {
  try {
    await page.screenshot({ path, fullPage });
  } catch (error) {
    if (!String(error).includes("Unable to capture screenshot")) throw error;
    await page.waitForTimeout(250);
    await page.screenshot({ path, fullPage });
  }
}

async function launch(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`expected Chromium at ${executablePath}, found none: install Debian's package \`chromium\`, or name another one in CHROMIUM_PATH`);
  }
  return chromium.launch({ executablePath, args: switches });
}

// A worker's browser ends with the worker: playwright sees to that.
atEndOfRun({ stop: async () => (await browser)?.close() });
