import { expect } from "chai";
import { sampleLogins } from "../../src/bank/sample-logins.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { codeAt } from "../../src/policy/customer/one-time-code.ts";
import { formOn, rawBrowser, type RawBrowser } from "../support/authorization.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import type { TestServer } from "../support/server.ts";

/** Where a browser stands: on a page of ours, or at the client's callback. */
export interface Place {
  readonly at: string;
  /** Undefined at the callback. */
  readonly page: HttpsAnswer | undefined;
}

export interface Visitor {
  readonly browser: RawBrowser;
  /** Goes there, and wherever it is redirected to. */
  open(url: string): Promise<Place>;
  /** Fills the form of the page and sends it. */
  send(place: Place, typed: Readonly<Record<string, string>>, change?: { action?: (url: string) => string; csrf?: string }): Promise<Place>;
  logIn(place: Place, loginId: string): Promise<Place>;
  /** Types the code of the app, `steps` half minutes from now: each is accepted once. */
  typeCode(place: Place, loginId: string, steps: number): Promise<Place>;
  decide(place: Place, decision: "approve" | "deny"): Promise<Place>;
}

/** A person in front of a browser of their own, who takes the pages one by one. */
export function visitor(server: TestServer): Visitor {
  const browser = rawBrowser(server.ca);
  const follow = async (url: string, first: HttpsAnswer): Promise<Place> => {
    let [at, page] = [url, first];
    for (let redirects = 0; redirects < 10; redirects += 1) {
      const { location } = page.headers;
      if (typeof location !== "string") {
        return { at, page };
      }
      at = new URL(location, at).href;
      if (!at.startsWith(String(server.settings["publicUrl"]))) {
        return { at, page: undefined };
      }
      page = await browser.get(at);
    }
    throw new Error("the redirects led nowhere");
  };
  const visit: Visitor = {
    browser,
    open: async (url) => follow(url, await browser.get(url)),
    async send(place, typed, change = {}) {
      const { action, fields } = formOn(pageAt(place), place.at);
      const kept = fields.filter(([name]) => !(name in typed)).map(([name, value]): [string, string] => [name, name === "csrf" ? (change.csrf ?? value) : value]);
      const url = (change.action ?? String)(action);
      return follow(url, await browser.submit(url, [...kept, ...Object.entries(typed)]));
    },
    logIn: (place, loginId) => {
      expectPage(place, "username");
      return visit.send(place, { username: loginId, password: loginOf(loginId).password });
    },
    typeCode: (place, loginId, steps) => {
      expectPage(place, "otp");
      return visit.send(place, { otp: codeAt(loginOf(loginId).oneTimeCodeSeed ?? "", systemClock() + steps * 30_000) });
    },
    decide: (place, decision) => {
      expectPage(place, "approve");
      return visit.send(place, { decision });
    },
  };
  return visit;
}

/** The page has the element with this id: `username`, `otp`, `approve` or `error`. */
export function expectPage(place: Place, id: string): void {
  expect(pageAt(place).text, place.at).to.match(new RegExp(`id="${id}"`));
}

/** At the callback: the parameters of the fragment. */
export function answerAt({ at, page }: Place): URLSearchParams {
  expect(page?.text.slice(0, 2_000), at).to.equal(undefined);
  return new URLSearchParams(new URL(at).hash.slice(1));
}

export function pageAt({ at, page }: Place): HttpsAnswer {
  if (!page) {
    throw new Error(`expected a page, stands at ${at}`);
  }
  return page;
}

export function loginOf(loginId: string) {
  const found = sampleLogins.find(({ userName }) => userName === loginId);
  if (!found) {
    throw new Error(`nobody is called ${loginId}`);
  }
  return found;
}
