import { createHmac } from "node:crypto";
import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import type Provider from "oidc-provider";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { equalInConstantTime } from "../kernel/identifiers.ts";
import { endpointPaths, type Realm } from "../oidc/endpoints.ts";
import { consentIdIn } from "../policy/authorization/request-object.ts";
import { requestedClaimNames, requestedLevel, satisfiesRequestedClaims, statedLevel } from "../policy/authorization/requested-claims.ts";
import type { Consents } from "../policy/consent/consents.ts";
import { judgeAuthorisation } from "../policy/consent/judge-authorisation.ts";
import type { Customer, CustomerDirectory } from "../policy/customer/customer-directory.ts";
import { levelsOfAssurance, type CustomerLogin, type LevelOfAssurance, type LoginOutcome } from "../policy/customer/customer-login.ts";
import type { ClientRecords } from "../store/client-records.ts";
import type { ConsentRecord } from "../store/consent-records.ts";
import { consentPage, type AccountToShare, type ConsentPage } from "./pages/consent-page.ts";
import { logInPage, type LogInPage } from "./pages/log-in-page.ts";
import type { FormSetting, PageSetting } from "./pages/page-frame.ts";
import { secondFactorPage, type SecondFactorProblem } from "./pages/second-factor-page.ts";
import { readPageForm } from "./read-body.ts";
import { pageSetting, sendErrorPage, sendPage } from "./send-page.ts";

/** Where the bank's accounts come from: those that a customer may share, the company's when a CNPJ is given. */
export type AccountsForConsent = (customerId: string, cnpj?: string) => Promise<readonly AccountToShare[]>;

export interface InteractionNeeds {
  readonly realm: Realm;
  readonly provider: Provider;
  /** The engine, mounted under the realm's path. */
  readonly engine: Middleware;
  readonly clients: ClientRecords;
  readonly consents: Consents;
  readonly customers: CustomerDirectory;
  readonly login: CustomerLogin;
  readonly accountsForConsent: AccountsForConsent;
  /** Key of the forms' tokens. */
  readonly formKey: Buffer;
  readonly secondFactor: "when-asked" | "always";
  readonly clock: Clock;
}

type Interaction = Awaited<ReturnType<Provider["interactionDetails"]>>;

/** What lies in the interaction between the first and the second factor. */
interface PendingLogin {
  readonly pending?: { readonly customerId: string };
}

const formLimits = { maxBytes: 64 * 1024 };

/** The customer's way through an authorization: log-in, second factor, consent, and back to the engine. */
export function addInteractionRoutes(router: Router, needs: InteractionNeeds): void {
  const { realm } = needs;
  const base = `${realm.path}/interaction/:uid`;
  const step = (handle: (ctx: Context, interaction: Interaction) => Promise<void>): Middleware => async (ctx) => {
    const interaction = await interactionOf(ctx, needs);
    if (!interaction) {
      sendErrorPage(ctx, "session-lost");
      return;
    }
    ctx.set("cache-control", "no-store");
    await handle(ctx, interaction);
  };
  router.get(base, step((ctx, interaction) => show(ctx, interaction, needs)));
  router.post(`${base}/login`, step(posted(needs, logIn)));
  router.post(`${base}/second-factor`, step(posted(needs, secondFactor)));
  router.post(`${base}/consent`, step(posted(needs, decide)));
  router.post(`${base}/cancel`, step(posted(needs, cancel)));
  const engine: Middleware = (ctx) => needs.engine(ctx, () => Promise.resolve());
  router.get(`${realm.path}${endpointPaths.authorization}`, onlyPushed, engine);
  router.get(`${realm.path}${endpointPaths.authorization}/:uid`, engine);
}

/**
 * What counts lies in the pushed request object (FAPI1 Advanced 5.2.2-10). What is repeated beside it is not even read, so
 * that an address that nobody signed sends no browser anywhere, not even with an error.
 */
const onlyPushed: Middleware = async (ctx, next) => {
  const { client_id, request_uri, lang } = ctx.query;
  ctx.query = { client_id, request_uri, lang };
  await next();
};

/** The interaction of this address, when the browser's cookie belongs to it. */
async function interactionOf(ctx: Context, { provider }: InteractionNeeds): Promise<Interaction | undefined> {
  try {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res);
    return interaction.uid === (ctx["params"] as { uid: string }).uid ? interaction : undefined;
  } catch {
    return undefined;
  }
}

type Form = ReadonlyMap<string, readonly string[]>;

/** Reads a posted form and makes sure that it came from our own page. */
function posted(needs: InteractionNeeds, handle: (ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds) => Promise<void>) {
  return async (ctx: Context, interaction: Interaction): Promise<void> => {
    const form = await readPageForm(ctx.req, formLimits);
    if (!form || !equalInConstantTime(form.get("csrf")?.[0] ?? "", formToken(interaction.uid, needs))) {
      sendErrorPage(ctx, "form-outdated");
      return;
    }
    await handle(ctx, interaction, form, needs);
  };
}

/** Bound to the interaction, whose id lies in a cookie that no other site can send with a form. */
function formToken(uid: string, { formKey }: InteractionNeeds): string {
  return createHmac("sha256", formKey).update(uid).digest("base64url");
}

async function show(ctx: Context, interaction: Interaction, needs: InteractionNeeds): Promise<void> {
  if (pendingCustomer(interaction) !== undefined) {
    showSecondFactor(ctx, interaction, needs);
  } else if (interaction.prompt.name === "consent" && (await mayDecide(interaction, needs))) {
    await showConsent(ctx, interaction, needs);
  } else {
    await showLogIn(ctx, interaction, needs);
  }
}

/**
 * Whether nobody has to log in any more before the consent is shown or refused. A session that was open before may be
 * somebody else's on the same device, or of a lower level than this request wants: then there is a log-in first.
 */
async function mayDecide(interaction: Interaction, needs: InteractionNeeds): Promise<boolean> {
  const [consent, customer] = await consentAndCustomer(interaction, needs);
  if (interaction.lastSubmission?.["login"] !== undefined || consent === undefined || customer === undefined) {
    return true;
  }
  const isThePerson = customer.cpf === consent.parties.loggedUser && satisfiesRequestedClaims(interaction.params, customer);
  const isSureEnough = interaction.session?.acr === levelsOfAssurance.loa3 || !customer.hasSecondFactor || !asksForSecondFactor(interaction, needs);
  return isThePerson && isSureEnough;
}

function asksForSecondFactor({ params }: Interaction, { secondFactor }: InteractionNeeds): boolean {
  return secondFactor === "always" || requestedLevel(params) === levelsOfAssurance.loa3;
}

async function showLogIn(ctx: Context, interaction: Interaction, needs: InteractionNeeds, again: Pick<LogInPage, "problem" | "username"> = {}): Promise<void> {
  const setting = settingOf(ctx, interaction, needs);
  const client = await needs.clients.find(String(interaction.params["client_id"]));
  const organisation = client?.record.organisationName;
  const page = { ...setting, ...again, form: formTo("login", interaction, needs), cancel: formTo("cancel", interaction, needs), ...(organisation !== undefined && { organisation }) };
  sendPage(ctx, logInPage(page), setting, "lead-to-the-tpp");
}

function showSecondFactor(ctx: Context, interaction: Interaction, needs: InteractionNeeds, problem?: SecondFactorProblem): void {
  const setting = settingOf(ctx, interaction, needs);
  const page = { ...setting, form: formTo("second-factor", interaction, needs), cancel: formTo("cancel", interaction, needs), ...(problem && { problem }) };
  sendPage(ctx, secondFactorPage(page), setting, "lead-to-the-tpp");
}

async function logIn(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  const [username, password] = [form.get("username")?.[0] ?? "", form.get("password")?.[0] ?? ""];
  const missing = (["username", "password"] as const).filter((field) => (form.get(field)?.[0] ?? "").trim() === "");
  if (missing.length > 0) {
    ctx.status = 400;
    await showLogIn(ctx, interaction, needs, { username, problem: { kind: "missing", fields: missing } });
    return;
  }
  const outcome = await needs.login.authenticate(username, password, ctx.ip);
  if (outcome.outcome !== "ok") {
    ctx.status = outcome.outcome === "locked" ? 429 : 401;
    await showLogIn(ctx, interaction, needs, { username, problem: problemOf(outcome) });
    return;
  }
  const { customer } = outcome;
  if (asksForSecondFactor(interaction, needs) && customer.hasSecondFactor) {
    // The engine keeps whatever lies in a result, and takes only a `login` for one.
    await needs.provider.interactionResult(ctx.req, ctx.res, { pending: { customerId: customer.customerId } } as never);
    redirect(ctx, addressOf(interaction, needs));
    return;
  }
  await finishLogin(ctx, interaction, customer, levelsOfAssurance.loa2, needs);
}

async function secondFactor(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  const customerId = pendingCustomer(interaction);
  const code = form.get("otp")?.[0] ?? "";
  if (customerId === undefined) {
    await show(ctx, interaction, needs);
    return;
  }
  if (code.trim() === "") {
    ctx.status = 400;
    showSecondFactor(ctx, interaction, needs, { kind: "missing" });
    return;
  }
  const outcome = await needs.login.verifySecondFactor(customerId, code, ctx.ip);
  if (outcome.outcome !== "ok") {
    ctx.status = outcome.outcome === "locked" ? 429 : 401;
    showSecondFactor(ctx, interaction, needs, problemOf(outcome));
    return;
  }
  await finishLogin(ctx, interaction, outcome.customer, levelsOfAssurance.loa3, needs);
}

/** The customer turns back before deciding: the consent stays as it is, and the TPP hears that nothing was granted. */
async function cancel(ctx: Context, _interaction: Interaction, _form: Form, needs: InteractionNeeds): Promise<void> {
  await finish(ctx, needs, { error: "access_denied", error_description: "the customer turned back" });
}

function problemOf(outcome: Exclude<LoginOutcome, { outcome: "ok" }>) {
  return outcome.outcome === "locked" ? ({ kind: "locked", waitSeconds: outcome.waitSeconds } as const) : ({ kind: "refused" } as const);
}

/** Hands the customer to the engine, unless the request asked for somebody else (FAPI-BR 5.2.2-4, -5). */
async function finishLogin(ctx: Context, interaction: Interaction, customer: Customer, reached: LevelOfAssurance, needs: InteractionNeeds): Promise<void> {
  const acr = statedLevel(interaction.params, reached);
  if (acr === undefined || !satisfiesRequestedClaims(interaction.params, customer)) {
    await finish(ctx, needs, { error: "access_denied", error_description: "the customer who logged in does not satisfy the request" });
    return;
  }
  await leaveOtherSession(ctx, interaction, customer, needs);
  const amr = reached === levelsOfAssurance.loa3 ? ["pwd", "otp"] : ["pwd"];
  await finish(ctx, needs, { login: { accountId: customer.customerId, acr, amr, remember: false } });
}

/** Ends the session that somebody else has left open in this browser: the engine would ask them to log out first. */
async function leaveOtherSession(ctx: Context, interaction: Interaction, customer: Customer, { provider, clock }: InteractionNeeds): Promise<void> {
  const session = await provider.Session.get(ctx as never);
  if (session.accountId === undefined || session.accountId === customer.customerId) {
    return;
  }
  await session.destroy();
  delete interaction.session;
  await interaction.save(Math.max(1, interaction.exp - epochSeconds(clock)));
}

async function showConsent(ctx: Context, interaction: Interaction, needs: InteractionNeeds, again: Pick<ConsentPage, "problem" | "chosen"> = {}): Promise<void> {
  const asked = await askedConsent(interaction, needs);
  if (!asked) {
    await finish(ctx, needs, { error: "access_denied", error_description: "the consent cannot be authorised by the customer who logged in" });
    return;
  }
  const { consent, customer } = asked;
  const client = await needs.clients.find(consent.clientId);
  const { businessEntity } = consent.parties;
  const company = customer.companies.find(({ cnpj }) => cnpj === businessEntity);
  const accounts = await choicesFor(consent, customer, needs);
  const software = String(client?.record.metadata["client_name"] ?? consent.clientId);
  const setting = { ...settingOf(ctx, interaction, needs), session: { name: customer.name } };
  const page = consentPage({
    ...setting,
    form: formTo("consent", interaction, needs),
    asker: { organisation: client?.record.organisationName ?? software, software },
    customer,
    permissions: consent.permissions,
    ...(company && { company }),
    ...(accounts && { accounts }),
    ...(consent.expiresAt !== undefined && { expiresAt: new Date(consent.expiresAt * 1000).toISOString() }),
    ...again,
  });
  sendPage(ctx, page, setting, "lead-to-the-tpp");
}

async function decide(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  // Whoever skips the log-in that the request wants finds it again.
  if (interaction.prompt.name !== "consent" || !(await mayDecide(interaction, needs))) {
    await show(ctx, interaction, needs);
    return;
  }
  const asked = await askedConsent(interaction, needs);
  if (!asked) {
    await endDecision(ctx, interaction, needs);
    return;
  }
  const { consent, customer } = asked;
  const context = { actor: { kind: "customer", customerId: customer.customerId }, requestId: String(ctx.state["requestId"]) } as const;
  const decision = form.get("decision")?.[0];
  if (decision === "deny") {
    await needs.consents.reject(consent.consentId, { by: "USER", code: "CUSTOMER_MANUALLY_REJECTED" }, context);
    await finish(ctx, needs, { error: "access_denied", error_description: "the customer refused" });
    return;
  }
  const chosen = form.get("account") ?? [];
  // Enter in a checkbox posts the form without a decision: nothing is decided by accident.
  if (decision !== "approve") {
    await showConsent(ctx, interaction, needs, { chosen });
    return;
  }
  const choices = await choicesFor(consent, customer, needs);
  const accounts = (choices ?? []).map(({ accountId }) => accountId).filter((id) => chosen.includes(id));
  if (choices && choices.length > 0 && accounts.length === 0) {
    ctx.status = 400;
    await showConsent(ctx, interaction, needs, { problem: "no-account", chosen });
    return;
  }
  const grantId = await saveGrant(interaction, customer, needs);
  const change = await needs.consents.authorise(consent.consentId, { customerId: customer.customerId, accounts }, context);
  await (change.done ? finish(ctx, needs, { consent: { grantId } }) : endDecision(ctx, interaction, needs));
}

/**
 * The consent awaits no decision any more. When this customer has just approved it, the form came twice, and the engine
 * goes by the first; where it knows of none, it asks again and finds the consent decided.
 */
async function endDecision(ctx: Context, interaction: Interaction, needs: InteractionNeeds): Promise<void> {
  const [consent, customer] = await consentAndCustomer(interaction, needs);
  if (consent?.status === "AUTHORISED" && consent.authorisation?.customerId === customer?.customerId) {
    redirect(ctx, interaction.returnTo);
    return;
  }
  await finish(ctx, needs, { error: "access_denied", error_description: "the consent cannot be authorised any more" });
}

/** The consent that the request names, when the customer who logged in may authorise it (D16, FAPI-BR 5.2.2-4, -5). */
async function askedConsent(interaction: Interaction, needs: InteractionNeeds): Promise<{ consent: ConsentRecord; customer: Customer } | undefined> {
  const [consent, customer] = await consentAndCustomer(interaction, needs);
  const allowed =
    consent &&
    customer &&
    consent.clientId === interaction.params["client_id"] &&
    judgeAuthorisation(consent, customer, epochSeconds(needs.clock)).ok &&
    satisfiesRequestedClaims(interaction.params, customer);
  return allowed ? { consent, customer } : undefined;
}

async function consentAndCustomer({ params, session }: Interaction, needs: InteractionNeeds): Promise<[ConsentRecord | undefined, Customer | undefined]> {
  const consentId = consentIdIn(params["scope"]);
  const customerId = session?.accountId;
  return Promise.all([
    consentId === undefined ? undefined : needs.consents.find(consentId),
    customerId === undefined ? undefined : needs.customers.find(customerId),
  ]);
}

/** Accounts are chosen only where the consent opens any; undefined where it opens none. */
async function choicesFor(consent: ConsentRecord, customer: Customer, needs: InteractionNeeds): Promise<readonly AccountToShare[] | undefined> {
  return consent.permissions.some((permission) => permission.startsWith("ACCOUNTS_"))
    ? needs.accountsForConsent(customer.customerId, consent.parties.businessEntity)
    : undefined;
}

/** The engine's grant: what the request asked for, now that the customer approves. */
async function saveGrant(interaction: Interaction, customer: Customer, { provider }: InteractionNeeds): Promise<string> {
  const grant = new provider.Grant({ accountId: customer.customerId, clientId: String(interaction.params["client_id"]) });
  grant.addOIDCScope(String(interaction.params["scope"]));
  grant.addOIDCClaims(requestedClaimNames(interaction.params));
  return grant.save();
}

async function finish(ctx: Context, { provider }: InteractionNeeds, result: Parameters<Provider["interactionResult"]>[2]): Promise<void> {
  redirect(ctx, await provider.interactionResult(ctx.req, ctx.res, result));
}

/** 303: whatever was posted is not posted again at the new address. */
function redirect(ctx: Context, address: string): void {
  ctx.redirect(address);
  ctx.status = 303;
}

function addressOf({ uid }: Interaction, { realm }: InteractionNeeds): string {
  return `${realm.path}/interaction/${uid}`;
}

function formTo(step: "login" | "second-factor" | "consent" | "cancel", interaction: Interaction, needs: InteractionNeeds): FormSetting {
  return { action: `${addressOf(interaction, needs)}/${step}`, csrf: formToken(interaction.uid, needs) };
}

function settingOf(ctx: Context, interaction: Interaction, needs: InteractionNeeds): PageSetting {
  return pageSetting(ctx, addressOf(interaction, needs), interaction.params["ui_locales"]);
}

function pendingCustomer(interaction: Interaction): string | undefined {
  return (interaction.result as PendingLogin | undefined)?.pending?.customerId;
}
