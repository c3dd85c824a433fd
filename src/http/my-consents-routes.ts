import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import type Provider from "oidc-provider";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import type { Consents } from "../policy/consent/consents.ts";
import { isActive } from "../policy/consent/consent-state.ts";
import type { AccountsForConsent } from "../policy/customer/bank-customers.ts";
import type { Customer, CustomerDirectory } from "../policy/customer/customer-directory.ts";
import type { CustomerLogin } from "../policy/customer/customer-login.ts";
import type { ClientRecords } from "../store/client-records.ts";
import type { ConsentRecord } from "../store/consent-records.ts";
import { endSessions } from "./browser-sessions.ts";
import type { CallerAddress } from "./caller-address.ts";
import type { CustomerSessions } from "./customer-session.ts";
import { lacksSecondFactor } from "./interaction.ts";
import { confirmationPage } from "./pages/confirmation-page.ts";
import { logInPage, type LogInPage } from "./pages/log-in-page.ts";
import { logOutPage } from "./pages/log-out-page.ts";
import { consentDetailPage, myConsentsPage, type ConsentInList } from "./pages/my-consents-page.ts";
import type { FormSetting } from "./pages/page-frame.ts";
import { secondFactorMissingPage } from "./pages/second-factor-missing-page.ts";
import { secondFactorPage, type SecondFactorProblem } from "./pages/second-factor-page.ts";
import { readPageForm } from "./read-body.ts";
import { refusedAttempt } from "./refused-attempt.ts";
import { seeOther, toPageOfForm } from "./see-other.ts";
import { pageSetting, sendErrorPage, sendPage } from "./send-page.ts";

export interface MyConsentsNeeds {
  readonly provider: Provider;
  readonly sessions: CustomerSessions;
  readonly login: CustomerLogin;
  readonly callerAddress: CallerAddress;
  readonly customers: CustomerDirectory;
  readonly consents: Consents;
  readonly clients: ClientRecords;
  readonly accountsForConsent: AccountsForConsent;
  readonly secondFactor: "when-asked" | "always";
  readonly clock: Clock;
}

const paths = {
  list: "/my/consents",
  page: (number: number) => (number === 1 ? "/my/consents" : `/my/consents?page=${number}`),
  detail: (consentId: string) => `/my/consents/${encodeURIComponent(consentId)}`,
  logIn: "/my/log-in",
  secondFactor: "/my/second-factor",
  logOut: "/my/log-out",
} as const;

type PageForm = ReadonlyMap<string, readonly string[]>;

const formLimits = { maxBytes: 16 * 1024 };
/** Consents on one page of the list. */
const onePage = 20;

/** Where a customer sees whom they share data with, and ends it. */
export function addMyConsentsRoutes(router: Router, needs: MyConsentsNeeds): void {
  const mine = (handle: (ctx: Context, customer: Customer) => Promise<void>): Middleware => async (ctx) => {
    const session = await needs.sessions.of(ctx);
    const customer = session && !session.secondFactorDue ? await needs.customers.find(session.customerId) : undefined;
    if (customer) {
      await handle(ctx, customer);
    } else {
      seeOther(ctx, session?.secondFactorDue ? paths.secondFactor : paths.logIn);
    }
  };
  const ourForm = async (ctx: Context, handle: (form: PageForm) => Promise<void>): Promise<void> => {
    const form = await readPageForm(ctx.req, formLimits);
    if (form && needs.sessions.isOurForm(ctx, form.get("csrf")?.[0])) {
      await handle(form);
    } else {
      sendErrorPage(ctx, "form-outdated");
    }
  };
  const posted = (handle: (ctx: Context, form: PageForm) => Promise<void>): Middleware => async (ctx) => {
    await ourForm(ctx, (form) => handle(ctx, form));
  };

  router.get("/my", (ctx) => seeOther(ctx, paths.list));
  router.get(paths.list, mine((ctx, customer) => showList(ctx, customer, needs)));
  router.get("/my/consents/:consentId", mine((ctx, customer) => showDetail(ctx, customer, needs)));
  router.get("/my/consents/:consentId/revoke", toPageOfForm);
  router.post("/my/consents/:consentId/revoke", mine((ctx, customer) => ourForm(ctx, () => revoke(ctx, customer, needs))));
  router.get(paths.logIn, (ctx) => showLogIn(ctx, needs));
  router.post(paths.logIn, posted((ctx, form) => logIn(ctx, form, needs)));
  router.get(paths.secondFactor, (ctx) => showSecondFactor(ctx, needs));
  router.post(paths.secondFactor, posted((ctx, form) => verifyCode(ctx, form, needs)));
  router.get(paths.logOut, mine((ctx, customer) => showLogOut(ctx, customer, needs)));
  router.post(paths.logOut, posted((ctx) => logOut(ctx, needs)));
}

/** One page of all that the customer has ever authorised: what is active first, newest first. */
async function showList(ctx: Context, customer: Customer, needs: MyConsentsNeeds): Promise<void> {
  const now = epochSeconds(needs.clock);
  const consents = await allConsents(customer, needs);
  const active = consents.filter((consent) => isActive(consent, now));
  const ordered = [...active, ...consents.filter((consent) => !active.includes(consent))];
  const pages = Math.max(1, Math.ceil(ordered.length / onePage));
  const page = Math.min(pageAsked(ctx), pages);
  const setting = settingOf(ctx, paths.page(page), customer);
  const shown = await Promise.all(ordered.slice((page - 1) * onePage, page * onePage).map((consent) => inList(consent, needs)));
  const paging = { page, pages, ...(page > 1 && { previousHref: paths.page(page - 1) }), ...(page < pages && { nextHref: paths.page(page + 1) }) };
  sendPage(ctx, myConsentsPage({ ...setting, consents: shown, ...(pages > 1 && { paging }) }), setting, "none");
}

/** However many there are: an active one must not stay unseen behind those that have ended. */
async function allConsents(customer: Customer, { consents }: MyConsentsNeeds): Promise<ConsentRecord[]> {
  const all: ConsentRecord[] = [];
  let after: string | undefined;
  do {
    const part = await consents.listOfCustomer(customer.customerId, { limit: 100, ...(after === undefined ? {} : { after }) });
    all.push(...part.consents);
    after = part.next;
  } while (after !== undefined);
  return all;
}

function pageAsked(ctx: Context): number {
  const { page } = ctx.query;
  return typeof page === "string" && /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1;
}

async function showDetail(ctx: Context, customer: Customer, needs: MyConsentsNeeds): Promise<void> {
  const consent = await ownConsent(ctx, customer, needs);
  if (!consent) {
    sendErrorPage(ctx, "not-found");
    return;
  }
  const path = paths.detail(consent.consentId);
  const setting = settingOf(ctx, path, customer);
  const { businessEntity } = consent.parties;
  const company = customer.companies.find(({ cnpj }) => cnpj === businessEntity);
  const accounts = await needs.accountsForConsent(customer.customerId, businessEntity);
  const form: FormSetting = { action: `${path}/revoke`, csrf: needs.sessions.formToken(ctx) };
  const page = consentDetailPage({
    ...setting,
    ...(await inList(consent, needs)),
    consentId: consent.consentId,
    permissions: consent.permissions,
    accounts: accounts.filter(({ accountId }) => consent.authorisation?.accounts.includes(accountId)),
    listHref: paths.list,
    ...(company && { company }),
    ...(isActive(consent, epochSeconds(needs.clock)) && { revoke: form }),
  });
  sendPage(ctx, page, setting, "stay-here");
}

async function revoke(ctx: Context, customer: Customer, needs: MyConsentsNeeds): Promise<void> {
  const consent = await ownConsent(ctx, customer, needs);
  if (!consent) {
    sendErrorPage(ctx, "not-found");
    return;
  }
  const actor = { kind: "customer", customerId: customer.customerId } as const;
  await needs.consents.revokeByCustomer(consent.consentId, customer.customerId, { actor, requestId: String(ctx.state["requestId"]) });
  const setting = settingOf(ctx, paths.list, customer);
  sendPage(ctx, confirmationPage({ ...setting, done: "revoked", myConsentsHref: paths.list }), setting, "none");
}

/** A consent of somebody else is not there. */
async function ownConsent(ctx: Context, customer: Customer, needs: MyConsentsNeeds): Promise<ConsentRecord | undefined> {
  const consent = await needs.consents.find(String((ctx["params"] as { consentId?: string }).consentId));
  return consent?.authorisation?.customerId === customer.customerId ? consent : undefined;
}

async function inList(consent: ConsentRecord, needs: MyConsentsNeeds): Promise<ConsentInList> {
  const client = await needs.clients.find(consent.clientId);
  const software = String(client?.record.metadata["client_name"] ?? consent.clientId);
  return {
    href: paths.detail(consent.consentId),
    asker: { organisation: client?.record.organisationName ?? software, software },
    status: client && isActive(consent, epochSeconds(needs.clock)) ? "authorised" : consent.rejection?.code === "CONSENT_MAX_DATE_REACHED" ? "expired" : "ended",
    ...(consent.authorisation && { authorisedAt: iso(consent.authorisation.at) }),
    ...(consent.expiresAt !== undefined && { expiresAt: iso(consent.expiresAt) }),
  };
}

function showLogIn(ctx: Context, needs: MyConsentsNeeds, again: Pick<LogInPage, "problem" | "username"> = {}): void {
  const setting = pageSetting(ctx, paths.logIn);
  const form = { action: paths.logIn, csrf: needs.sessions.formToken(ctx) };
  sendPage(ctx, logInPage({ ...setting, ...again, form }), setting, "stay-here");
}

async function logIn(ctx: Context, form: PageForm, needs: MyConsentsNeeds): Promise<void> {
  const [username, password] = [form.get("username")?.[0] ?? "", form.get("password")?.[0] ?? ""];
  const fields = (["username", "password"] as const).filter((field) => (form.get(field)?.[0] ?? "").trim() === "");
  if (fields.length > 0) {
    ctx.status = 400;
    showLogIn(ctx, needs, { username, problem: { kind: "missing", fields } });
    return;
  }
  const outcome = await needs.login.authenticate(username, password, needs.callerAddress(ctx.req));
  if (outcome.outcome !== "ok") {
    showLogIn(ctx, needs, { username, problem: refusedAttempt(ctx, outcome) });
    return;
  }
  if (lacksSecondFactor(outcome.customer, needs)) {
    const setting = pageSetting(ctx, paths.logIn);
    ctx.status = 403;
    sendPage(ctx, secondFactorMissingPage(setting), setting, "none");
    return;
  }
  const { customerId } = outcome.customer;
  const due = needs.secondFactor === "always";
  await needs.sessions.begin(ctx, { customerId, ...(due && { secondFactorDue: true }) });
  seeOther(ctx, due ? paths.secondFactor : paths.list);
}

function showSecondFactor(ctx: Context, needs: MyConsentsNeeds, problem?: SecondFactorProblem): void {
  const setting = pageSetting(ctx, paths.secondFactor);
  const form = { action: paths.secondFactor, csrf: needs.sessions.formToken(ctx) };
  sendPage(ctx, secondFactorPage({ ...setting, form, ...(problem && { problem }) }), setting, "stay-here");
}

async function verifyCode(ctx: Context, form: PageForm, needs: MyConsentsNeeds): Promise<void> {
  const session = await needs.sessions.of(ctx);
  if (!session?.secondFactorDue) {
    seeOther(ctx, paths.list);
    return;
  }
  const code = form.get("otp")?.[0] ?? "";
  if (code.trim() === "") {
    ctx.status = 400;
    showSecondFactor(ctx, needs, { kind: "missing" });
    return;
  }
  const outcome = await needs.login.verifySecondFactor(session.customerId, code, needs.callerAddress(ctx.req));
  if (outcome.outcome !== "ok") {
    showSecondFactor(ctx, needs, refusedAttempt(ctx, outcome));
    return;
  }
  await needs.sessions.begin(ctx, { customerId: session.customerId });
  seeOther(ctx, paths.list);
}

async function showLogOut(ctx: Context, customer: Customer, needs: MyConsentsNeeds): Promise<void> {
  const setting = settingOf(ctx, paths.logOut, customer);
  const form = { action: paths.logOut, csrf: needs.sessions.formToken(ctx) };
  sendPage(ctx, logOutPage({ ...setting, form, stayHref: paths.list }), setting, "stay-here");
}

async function logOut(ctx: Context, needs: MyConsentsNeeds): Promise<void> {
  await endSessions(ctx, needs);
  const setting = pageSetting(ctx, paths.logIn);
  sendPage(ctx, confirmationPage({ ...setting, done: "logged-out" }), setting, "none");
}

function settingOf(ctx: Context, path: string, { name }: Customer) {
  return { ...pageSetting(ctx, path), session: { name, logOutHref: paths.logOut } };
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
