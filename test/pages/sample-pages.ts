import { confirmationPage } from "../../src/http/pages/confirmation-page.ts";
import { consentPage } from "../../src/http/pages/consent-page.ts";
import { errorPage } from "../../src/http/pages/error-page.ts";
import type { Language } from "../../src/http/pages/language.ts";
import { logInPage } from "../../src/http/pages/log-in-page.ts";
import { logOutPage } from "../../src/http/pages/log-out-page.ts";
import { consentDetailPage, myConsentsPage } from "../../src/http/pages/my-consents-page.ts";
import type { PageSetting } from "../../src/http/pages/page-frame.ts";
import { secondFactorMissingPage } from "../../src/http/pages/second-factor-missing-page.ts";
import { secondFactorPage } from "../../src/http/pages/second-factor-page.ts";
import { permissions } from "../../src/policy/consent/permission-groups.ts";

const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwAEgQJ/lYl0tQAAAABJRU5ErkJggg==";

export const asker = {
  organisation: "Fintech Jabuticaba Sociedade de Crédito Direto S.A.",
  software: "Jabuticaba Finanças",
  description: "Organize suas contas em um só lugar e veja para onde vai o seu dinheiro.",
  logo: `data:image/png;base64,${dot}`,
};

export const accounts = [
  { accountId: "a-1", type: "CONTA_DEPOSITO_A_VISTA", branchCode: "0001", maskedNumber: "*****678-9" },
  { accountId: "a-2", type: "CONTA_POUPANCA", branchCode: "0001", maskedNumber: "*****123-0" },
];

const form = { action: "/posted", csrf: "a-token" };
const company = { legalName: "Padaria Modelo de Mentira Ltda.", cnpj: "00011122000183" };
const permissionsAsked = permissions.filter((permission) => !/BUSINESS|EXCHANGES/.test(permission));

/** Every page in every state, by the name of its path and its screenshot. */
export function samplePages(language: Language): Readonly<Record<string, string>> {
  const bare: PageSetting = { language, otherLanguageHref: `?lang=${language === "pt" ? "en" : "pt"}` };
  const setting: PageSetting = { ...bare, session: { name: "Jacarandá de Exemplo", logOutHref: "/log-out" } };
  const consent = { ...setting, form, asker, customer: { name: "Jacarandá de Exemplo", cpf: "00011122285" } };
  const listed = { href: "/consent", asker, status: "authorised", authorisedAt: "2026-06-15T12:00:00Z", expiresAt: "2027-06-15T12:00:00Z" } as const;
  const detail = {
    ...setting,
    ...listed,
    company,
    consentId: "urn:porteiro:0f3c1d52-7a0e-4f0e-9d7e-2f6f8f1f4b11",
    permissions: permissionsAsked.slice(0, 12),
    accounts,
    listHref: "/consents",
    revoke: form,
  };
  return {
    "log-in": logInPage({ ...bare, form, organisation: asker.organisation, cancel: form }),
    "log-in-missing": logInPage({ ...bare, form, problem: { kind: "missing", fields: ["username", "password"] } }),
    "log-in-refused": logInPage({ ...bare, form, username: "000.111.222-85", problem: { kind: "refused" } }),
    "log-in-locked": logInPage({ ...bare, form, problem: { kind: "locked", waitSeconds: 840 } }),
    "second-factor": secondFactorPage({ ...setting, form, cancel: form }),
    "second-factor-refused": secondFactorPage({ ...setting, form, problem: { kind: "refused" } }),
    "second-factor-missing": secondFactorMissingPage({ ...bare, cancel: form }),
    consent: consentPage({ ...consent, permissions: permissionsAsked, accounts, expiresAt: "2027-06-15T12:00:00Z" }),
    "consent-company": consentPage({ ...consent, company, permissions: ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "RESOURCES_READ"], accounts, chosen: [], problem: "no-account" }),
    error: errorPage({
      ...bare,
      kind: "request-expired",
      reference: "01JZ8M3W9K",
      technical: { error: "invalid_request_uri", description: "request_uri is invalid, expired, or was already used" },
    }),
    "error-unavailable": errorPage({ ...bare, kind: "unavailable", reference: "01JZ8M3W9K" }),
    consents: myConsentsPage({ ...setting, consents: [listed, { href: "/other", asker: { organisation: "Banco Araucária", software: "Araucária Empresas" }, status: "ended" }] }),
    "consents-page": myConsentsPage({ ...setting, consents: Array.from({ length: 3 }, () => listed), paging: { page: 2, pages: 4, previousHref: "/consents", nextHref: "/consents?page=3" } }),
    "consents-none": myConsentsPage({ ...setting, consents: [] }),
    "consent-detail": consentDetailPage(detail),
    "log-out": logOutPage({ ...setting, form, stayHref: "/consents" }),
    "log-out-undecided": logOutPage({ ...bare, form, stayHref: "/consent", undecided: true }),
    "done-revoked": confirmationPage({ ...setting, done: "revoked", myConsentsHref: "/consents" }),
    "done-logged-out": confirmationPage({ ...bare, done: "logged-out" }),
  };
}
