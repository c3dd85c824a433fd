import { createHmac } from "node:crypto";
import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import type Provider from "oidc-provider";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { equalInConstantTime } from "../kernel/identifiers.ts";
import { endpointPaths, type Realm } from "../oidc/endpoints.ts";
import { consentIdIn } from "../policy/authorization/request-object.ts";
import { requestedClaimNames, requestedLevel, satisfiesRequestedClaims } from "../policy/authorization/requested-claims.ts";
import type { Consents } from "../policy/consent/consents.ts";
import { judgeAuthorisation } from "../policy/consent/judge-authorisation.ts";
import type { Customer, CustomerDirectory } from "../policy/customer/customer-directory.ts";
import { levelsOfAssurance, type CustomerLogin, type LevelOfAssurance } from "../policy/customer/customer-login.ts";
import type { ClientRecords } from "../store/client-records.ts";
import type { ConsentRecord } from "../store/consent-records.ts";
import { readPageForm } from "./read-body.ts";

export interface AccountChoice {
  readonly accountId: string;
  readonly type: string;
  readonly branchCode: string;
  readonly maskedNumber: string;
}

/** Where the bank's accounts come from: those that a customer may share, the company's when a CNPJ is given. */
export type AccountsForConsent = (customerId: string, cnpj?: string) => Promise<readonly AccountChoice[]>;

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
  readonly pages: InteractionPages;
  /** Key of the forms' tokens. */
  readonly formKey: Buffer;
  readonly secondFactor: "when-asked" | "always";
  readonly clock: Clock;
}

/** What the pages of the journey show; every text is escaped by them. */
export interface InteractionPages {
  login(view: { action: string; csrf: string; problem?: "refused" | "locked"; waitSeconds?: number; login?: string }, ctx: Context): void;
  secondFactor(view: { action: string; csrf: string; problem?: "refused" | "locked"; waitSeconds?: number }, ctx: Context): void;
  consent(
    view: {
      action: string;
      csrf: string;
      customerName: string;
      clientName: string;
      organisationName: string | undefined;
      consent: ConsentRecord;
      company: string | undefined;
      accounts: readonly AccountChoice[];
      problem?: "no-account";
    },
    ctx: Context,
  ): void;
  error(view: { status: number; code: string; description?: string }, ctx: Context): void;
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
      needs.pages.error({ status: 400, code: "session-ended" }, ctx);
      return;
    }
    ctx.set("cache-control", "no-store");
    await handle(ctx, interaction);
  };
  router.get(base, step((ctx, interaction) => show(ctx, interaction, needs)));
  router.post(`${base}/login`, step(posted(needs, logIn)));
  router.post(`${base}/second-factor`, step(posted(needs, secondFactor)));
  router.post(`${base}/consent`, step(posted(needs, decide)));
  const engine: Middleware = (ctx) => needs.engine(ctx, () => Promise.resolve());
  router.get(`${realm.path}${endpointPaths.authorization}`, engine);
  router.get(`${realm.path}${endpointPaths.authorization}/:uid`, engine);
}

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
      needs.pages.error({ status: 400, code: "form-not-ours" }, ctx);
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
  if (interaction.prompt.name === "consent") {
    await showConsent(ctx, interaction, needs);
    return;
  }
  const view = { action: `${needs.realm.path}/interaction/${interaction.uid}`, csrf: formToken(interaction.uid, needs) };
  if (pendingCustomer(interaction) === undefined) {
    needs.pages.login({ ...view, action: `${view.action}/login` }, ctx);
  } else {
    needs.pages.secondFactor({ ...view, action: `${view.action}/second-factor` }, ctx);
  }
}

async function logIn(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  const typed = form.get("username")?.[0] ?? "";
  const outcome = await needs.login.authenticate(typed, form.get("password")?.[0] ?? "", ctx.ip);
  if (outcome.outcome !== "ok") {
    const action = `${needs.realm.path}/interaction/${interaction.uid}/login`;
    ctx.status = outcome.outcome === "locked" ? 429 : 401;
    const waiting = outcome.outcome === "locked" ? { waitSeconds: outcome.waitSeconds } : {};
    needs.pages.login({ action, csrf: formToken(interaction.uid, needs), problem: outcome.outcome, login: typed, ...waiting }, ctx);
    return;
  }
  const { customer } = outcome;
  const wantsMore = needs.secondFactor === "always" || requestedLevel(interaction.params) === levelsOfAssurance.loa3;
  if (wantsMore && customer.hasSecondFactor) {
    await needs.provider.interactionResult(ctx.req, ctx.res, { pending: { customerId: customer.customerId } } as never);
    ctx.status = 303;
    ctx.redirect(`${needs.realm.path}/interaction/${interaction.uid}`);
    return;
  }
  await finishLogin(ctx, interaction, customer, levelsOfAssurance.loa2, needs);
}

async function secondFactor(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  const customerId = pendingCustomer(interaction);
  if (customerId === undefined) {
    await show(ctx, interaction, needs);
    return;
  }
  const outcome = await needs.login.verifySecondFactor(customerId, form.get("otp")?.[0] ?? "", ctx.ip);
  if (outcome.outcome !== "ok") {
    const action = `${needs.realm.path}/interaction/${interaction.uid}/second-factor`;
    ctx.status = outcome.outcome === "locked" ? 429 : 401;
    const waiting = outcome.outcome === "locked" ? { waitSeconds: outcome.waitSeconds } : {};
    needs.pages.secondFactor({ action, csrf: formToken(interaction.uid, needs), problem: outcome.outcome, ...waiting }, ctx);
    return;
  }
  await finishLogin(ctx, interaction, outcome.customer, levelsOfAssurance.loa3, needs);
}

/** Hands the customer to the engine, unless the request asked for somebody else (FAPI-BR 5.2.2-4, -5). */
async function finishLogin(ctx: Context, interaction: Interaction, customer: Customer, acr: LevelOfAssurance, needs: InteractionNeeds): Promise<void> {
  const tooLow = requestedLevel(interaction.params) === levelsOfAssurance.loa3 && acr !== levelsOfAssurance.loa3;
  if (tooLow || !satisfiesRequestedClaims(interaction.params, customer)) {
    await finish(ctx, needs, { error: "access_denied", error_description: "the customer who logged in does not satisfy the request" });
    return;
  }
  // Else the engine would ask whoever was logged in before to log out first.
  if (interaction.session?.accountId !== undefined && interaction.session.accountId !== customer.customerId) {
    delete interaction.session;
    await interaction.save(Math.max(1, interaction.exp - epochSeconds(needs.clock)));
  }
  const amr = acr === levelsOfAssurance.loa3 ? ["pwd", "otp"] : ["pwd"];
  await finish(ctx, needs, { login: { accountId: customer.customerId, acr, amr, remember: false } });
}

async function showConsent(ctx: Context, interaction: Interaction, needs: InteractionNeeds, problem?: "no-account"): Promise<void> {
  const asked = await askedConsent(interaction, needs);
  if (!asked) {
    await finish(ctx, needs, { error: "access_denied", error_description: "the consent cannot be authorised by the customer who logged in" });
    return;
  }
  const { consent, customer } = asked;
  const client = await needs.clients.find(consent.clientId);
  const { businessEntity } = consent.parties;
  needs.pages.consent(
    {
      action: `${needs.realm.path}/interaction/${interaction.uid}/consent`,
      csrf: formToken(interaction.uid, needs),
      customerName: customer.name,
      clientName: String(client?.record.metadata["client_name"] ?? ""),
      organisationName: client?.record.organisationName,
      consent,
      company: customer.companies.find(({ cnpj }) => cnpj === businessEntity)?.legalName,
      accounts: await choicesFor(consent, customer, needs),
      ...(problem && { problem }),
    },
    ctx,
  );
}

async function decide(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  const asked = await askedConsent(interaction, needs);
  if (!asked) {
    await finish(ctx, needs, { error: "access_denied", error_description: "the consent cannot be authorised any more" });
    return;
  }
  const { consent, customer } = asked;
  const context = { actor: { kind: "customer", customerId: customer.customerId }, requestId: String(ctx.state["requestId"]) } as const;
  if (form.get("decision")?.[0] !== "approve") {
    await needs.consents.reject(consent.consentId, { by: "USER", code: "CUSTOMER_MANUALLY_REJECTED" }, context);
    await finish(ctx, needs, { error: "access_denied", error_description: "the customer refused" });
    return;
  }
  const choices = await choicesFor(consent, customer, needs);
  const accounts = choices.map(({ accountId }) => accountId).filter((id) => form.get("accounts")?.includes(id));
  if (choices.length > 0 && accounts.length === 0) {
    await showConsent(ctx, interaction, needs, "no-account");
    return;
  }
  const grantId = await saveGrant(interaction, customer, needs);
  const change = await needs.consents.authorise(consent.consentId, { customerId: customer.customerId, accounts }, context);
  await finish(ctx, needs, change.done ? { consent: { grantId } } : { error: "access_denied", error_description: "the consent cannot be authorised any more" });
}

/** The consent that the request names, when the customer who logged in may authorise it (D16). */
async function askedConsent(interaction: Interaction, needs: InteractionNeeds): Promise<{ consent: ConsentRecord; customer: Customer } | undefined> {
  const consentId = consentIdIn(interaction.params["scope"]);
  const customerId = interaction.session?.accountId;
  const [consent, customer] = await Promise.all([
    consentId === undefined ? undefined : needs.consents.find(consentId),
    customerId === undefined ? undefined : needs.customers.find(customerId),
  ]);
  const allowed = consent && customer && consent.clientId === interaction.params["client_id"] && judgeAuthorisation(consent, customer, epochSeconds(needs.clock)).ok;
  return allowed ? { consent, customer } : undefined;
}

/** Accounts are chosen only where the consent opens any. */
async function choicesFor(consent: ConsentRecord, customer: Customer, needs: InteractionNeeds): Promise<readonly AccountChoice[]> {
  return consent.permissions.some((permission) => permission.startsWith("ACCOUNTS_"))
    ? needs.accountsForConsent(customer.customerId, consent.parties.businessEntity)
    : [];
}

/** The engine's grant: what the request asked for, now that the customer approves. */
async function saveGrant(interaction: Interaction, customer: Customer, { provider }: InteractionNeeds): Promise<string> {
  const grant = new provider.Grant({ accountId: customer.customerId, clientId: String(interaction.params["client_id"]) });
  grant.addOIDCScope(String(interaction.params["scope"]));
  grant.addOIDCClaims(requestedClaimNames(interaction.params));
  return grant.save();
}

async function finish(ctx: Context, { provider }: InteractionNeeds, result: Parameters<Provider["interactionResult"]>[2]): Promise<void> {
  const returnTo = await provider.interactionResult(ctx.req, ctx.res, result);
  ctx.status = 303;
  ctx.redirect(returnTo);
}

function pendingCustomer(interaction: Interaction): string | undefined {
  return (interaction.result as PendingLogin | undefined)?.pending?.customerId;
}
