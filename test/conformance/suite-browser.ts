import { expect } from "chai";
import type { Page } from "playwright-core";
import type { BrowserTask, BrowserVisit } from "../../src/cli/conformance-browser.ts";

/**
 * Does at an address what the suite's browser does: the first visit that matches and is not used up, its tasks in
 * order, each at the address that it is for. Gives the names of the tasks that were done.
 */
export async function visit(page: Page, visits: BrowserVisit[], url: string): Promise<string[]> {
  const at = visits.findIndex((one) => matches(one.match, url) && one["match-limit"] !== 0);
  const chosen = visits[at];
  if (!chosen) throw new Error(`no automation for ${url}`);
  const limit = chosen["match-limit"];
  if (limit !== undefined) visits[at] = { ...chosen, "match-limit": limit - 1 };
  await page.goto(url);
  const done: string[] = [];
  for (const task of chosen.tasks) {
    if (matches(task.match, page.url())) {
      await perform(page, task);
      done.push(task.task);
    } else if (!task.optional) {
      throw new Error(`the task "${task.task}" is for ${task.match}, and the browser is at ${page.url()}`);
    }
  }
  return done;
}

async function perform(page: Page, { commands }: BrowserTask): Promise<void> {
  for (const [name, how, target, ...more] of commands) {
    expect(how).to.equal("id");
    const element = page.locator(`[id="${String(target)}"]`);
    const optional = more.at(-1) === "optional";
    if (name === "wait") {
      const [seconds, text] = more;
      await element.waitFor({ timeout: Number(seconds) * 1000 });
      expect(await element.innerText()).to.match(new RegExp(String(text ?? ".*")));
    } else if (optional && (await element.count()) === 0) {
      continue;
    } else if (name === "text") {
      await element.fill(String(more[0]));
    } else if (name === "click") {
      await element.click();
      await page.waitForLoadState();
    } else {
      throw new Error(`the suite's browser knows no command ${String(name)}`);
    }
  }
}

/** The suite's patterns: `*` stands for any characters. */
function matches(pattern: string, url: string): boolean {
  return new RegExp(`^${pattern.split("*").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join(".*")}$`, "s").test(url);
}
