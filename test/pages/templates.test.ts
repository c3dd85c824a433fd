import { expect } from "chai";
import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { confirmationPage } from "../../src/http/pages/confirmation-page.ts";
import { consentPage } from "../../src/http/pages/consent-page.ts";
import { errorPage } from "../../src/http/pages/error-page.ts";
import { html, toText } from "../../src/http/pages/html.ts";
import { chooseLanguage } from "../../src/http/pages/language.ts";
import { logInPage } from "../../src/http/pages/log-in-page.ts";
import { logOutPage } from "../../src/http/pages/log-out-page.ts";
import { consentDetailPage, myConsentsPage } from "../../src/http/pages/my-consents-page.ts";
import { groupedPermissions } from "../../src/http/pages/permissions-in-words.ts";
import { secondFactorMissingPage } from "../../src/http/pages/second-factor-missing-page.ts";
import { secondFactorPage } from "../../src/http/pages/second-factor-page.ts";
import { stylesheet } from "../../src/http/pages/stylesheet.ts";
import { texts } from "../../src/http/pages/texts.ts";
import { completeGroups, permissionGroups, permissions } from "../../src/policy/consent/permission-groups.ts";
import { runs } from "../support/property-runs.ts";
import { samplePages } from "./sample-pages.ts";

const attack = constantFrom("<script>", "</title>", "</textarea>", "-->", '"', "'", "`", "&", "&quot;", "<", ">", " onfocus=alert(1) autofocus ", "=", "/", "\0", "\u202e", "\n", "${1}", "javascript:", "]]>");
const hostile = oneof(array(oneof(attack, string({ unit: "binary" })), { maxLength: 8 }).map((parts) => parts.join("")), string({ unit: "grapheme" }));

/** Every page with one text in every place that takes any. */
function pagesWith(text: string): string[] {
  const form = { action: text, csrf: text };
  const setting = { language: "pt", otherLanguageHref: text, stylesheetHref: text, session: { name: text, logOutHref: text } } as const;
  const asker = { organisation: text, software: text, description: text, logo: text };
  const account = { accountId: text, type: text, branchCode: text, maskedNumber: text };
  const company = { legalName: text, cnpj: text };
  return [
    logInPage({ ...setting, form, username: text, organisation: text, cancel: form, problem: { kind: "refused" } }),
    secondFactorPage({ ...setting, form, cancel: form, problem: { kind: "missing" } }),
    secondFactorMissingPage({ ...setting, cancel: form }),
    consentPage({ ...setting, form, asker, company, customer: { name: text, cpf: text }, permissions: [`${text} `, "ACCOUNTS_READ"], accounts: [account], chosen: [] }),
    errorPage({ ...setting, kind: "request-invalid", reference: text, technical: { error: text, description: text } }),
    myConsentsPage({ ...setting, consents: [{ href: text, asker, status: "authorised" }], paging: { page: 2, pages: 3, previousHref: text, nextHref: text } }),
    consentDetailPage({ ...setting, asker, company, status: "authorised", consentId: text, permissions: [`${text} `], accounts: [account], listHref: text, revoke: form }),
    logOutPage({ ...setting, form, stayHref: text }),
    confirmationPage({ ...setting, done: "revoked", myConsentsHref: text }),
  ];
}

/** Tags with the names of their attributes, nothing of what stands between or within them. */
function skeleton(page: string): string {
  return (page.match(/<[^>]*>/g) ?? []).map((tag) => tag.replaceAll(/"[^"]*"/g, '""')).join("");
}

describe("the templates of the customer's pages", () => {
  it("keep their structure whatever text they are given, in every place", () => {
    const harmless = pagesWith("plain").map(skeleton);
    assert(
      property(hostile, (text) => {
        expect(pagesWith(text).map(skeleton)).to.deep.equal(harmless);
      }),
      runs(100),
    );
  });

  it("show text as it was, but for characters that deceive", () => {
    assert(
      property(string({ unit: "grapheme-ascii" }), (text) => {
        const shown = toText(html`${text}`).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&#96;", "`").replaceAll("&amp;", "&");
        expect(shown).to.equal(text);
      }),
      runs(100),
    );
    expect(toText(html`${"knaB\u202eBank\u0000\u2066"}`)).to.equal("knaB\ufffdBank\ufffd\ufffd");
  });

  it("show a logo only as an image in a data URL, and none that could carry a script", () => {
    const page = (logo: string) => consentPage({ language: "en", otherLanguageHref: "?lang=pt", form: { action: "/", csrf: "t" }, asker: { organisation: "O", software: "S", logo }, customer: { name: "N", cpf: "00011122285" }, permissions: [] });
    expect(page("data:image/png;base64,iVBORw0KGgo=")).to.contain('<img class="logo"');
    for (const logo of ["https://tpp.example/logo.png", "data:image/svg+xml;base64,PHN2Zz4=", "data:text/html;base64,PGI+", "javascript:alert(1)", ""]) {
      expect(page(logo)).to.not.contain("<img");
    }
  });

  it("hold no script, no inline style and no address elsewhere", () => {
    for (const language of ["pt", "en"] as const) {
      for (const [name, page] of Object.entries(samplePages(language))) {
        expect(page, name).to.not.match(/<script|<style|\sstyle=|\son[a-z]+=|https?:/i);
        expect(page, name).to.contain(`href="${stylesheet.path}"`);
        expect(page.match(/<h1[ >]/g), name).to.have.length(1);
        const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
        expect(new Set(ids).size, `${name}: ids given once`).to.equal(ids.length);
        for (const [, described] of page.matchAll(/aria-(?:describedby|labelledby)="([^"]*)"/g)) {
          expect(ids, name).to.include.members(described?.split(" ") ?? []);
        }
        const forms = page.match(/<form /g)?.length ?? 0;
        expect(page.match(/name="csrf" value="a-token"/g)?.length ?? 0, `${name}: a token in every form`).to.equal(forms);
      }
    }
  });

  it("keep the ids that automation relies on", () => {
    const pages = samplePages("pt");
    const expected = {
      "log-in": ["login-form", "username", "password", "login-submit", "cancel"],
      "second-factor": ["otp", "otp-submit"],
      consent: ["consent-form", "approve", "deny"],
      error: ["error"],
      "consent-detail": ["consent-revoke"],
    };
    for (const [name, ids] of Object.entries(expected)) {
      for (const id of ids) expect(pages[name], name).to.contain(` id="${id}"`);
    }
  });

  it("have a word for each permission of each group, in both languages, and hide none that they do not know", () => {
    for (const text of Object.values(texts)) {
      for (const group of permissionGroups) {
        expect(completeGroups(group.permissions)).to.include(group);
        const parts = groupedPermissions(group.permissions, text).flatMap(({ lines }) => lines.flatMap((line) => line.parts));
        expect(parts).to.have.length(group.permissions.length);
      }
      const all = groupedPermissions([...permissions, "PAYMENTS_INITIATE"], text);
      expect(all.flatMap(({ lines }) => lines.flatMap((line) => line.parts))).to.have.length(permissions.length + 1);
      expect(all.at(-1)).to.deep.equal({ title: text.groups.other, lines: [{ label: text.groups.other, parts: ["PAYMENTS_INITIATE"] }] });
    }
  });

  it("choose the language: the customer's switch, their earlier one, the TPP's wish, the browser's, Portuguese", () => {
    const wishes = { parameter: "en", cookie: "pt", uiLocales: "pt-BR", accepted: ["pt"] };
    expect(chooseLanguage(wishes)).to.equal("en");
    expect(chooseLanguage({ ...wishes, parameter: "xx" })).to.equal("pt");
    expect(chooseLanguage({ uiLocales: "fr-CA en-GB pt-BR", accepted: ["pt-BR"] })).to.equal("en");
    expect(chooseLanguage({ uiLocales: "fr", accepted: ["*", "de", "en-US"] })).to.equal("en");
    expect(chooseLanguage({ parameter: "<script>", accepted: [] })).to.equal("pt");
    expect(chooseLanguage({})).to.equal("pt");
  });

  it("name the stylesheet after its text", () => {
    expect(stylesheet.path).to.match(/^\/assets\/customer-pages\.[0-9a-f]{16}\.css$/);
    expect(stylesheet.text).to.not.match(/url\(|@import/);
  });
});
