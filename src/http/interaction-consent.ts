import type { Context } from "koa";
import { epochSeconds } from "../kernel/clock.ts";
import { approvedGrant, grantIdOf } from "../oidc/approved-grant.ts";
import { requestedClaimNames, satisfiesRequestedClaims, statedLevel } from "../policy/authorization/requested-claims.ts";
import { judgeAccounts, judgeAuthorisation } from "../policy/consent/judge-authorisation.ts";
import type { AccountToShare } from "../policy/customer/bank-customers.ts";
import type { Customer } from "../policy/customer/customer-directory.ts";
import { levelsOfAssurance, type LevelOfAssurance } from "../policy/customer/customer-login.ts";
import type { ClientRecord } from "../store/client-records.ts";
import type { ConsentRecord } from "../store/consent-records.ts";
import type { ApprovedGrant } from "../store/grant-records.ts";
import { asksForSecondFactor, consentAndCustomer, finish, formTo, lacksSecondFactor, settingOf, type Form, type Interaction, type InteractionNeeds } from "./interaction.ts";
import { consentPage, type ConsentPage } from "./pages/consent-page.ts";
import { sendPage } from "./send-page.ts";

/**
 * Whether nobody has to log in any more before the consent is shown or refused. A session that was open before may be
 * somebody else's on the same device, or of a lower level than this request wants: then there is a log-in first.
 */
export async function mayDecide(interaction: Interaction, needs: InteractionNeeds): Promise<boolean> {
  if (interaction.prompt.name !== "consent" || interaction.session === undefined) {
    return false;
  }
  const [consent, customer] = await consentAndCustomer(interaction, needs);
  if (interaction.lastSubmission?.["login"] !== undefined || consent === undefined || customer === undefined) {
    return true;
  }
  const isThePerson = customer.cpf === consent.parties.loggedUser && satisfiesRequest(interaction, customer);
  const isSureEnough = interaction.session.acr === levelsOfAssurance.loa3 || !customer.hasSecondFactor || !asksForSecondFactor(interaction, needs);
  return isThePerson && isSureEnough && !lacksSecondFactor(customer, needs);
}

/** Shows what the customer is asked for; `again` keeps what was chosen. Ends the request where this customer may not decide. */
export async function showConsent(ctx: Context, interaction: Interaction, needs: InteractionNeeds, again: Pick<ConsentPage, "problem" | "chosen"> = {}): Promise<void> {
  const asked = await askedConsent(interaction, needs);
  if (!asked) {
    await endDecision(ctx, interaction, needs);
    return;
  }
  const { consent, customer, client } = asked;
  const { businessEntity } = consent.parties;
  const company = customer.companies.find(({ cnpj }) => cnpj === businessEntity);
  const accounts = await choicesFor(consent, customer, needs);
  const software = String(client.metadata["client_name"] ?? consent.clientId);
  const setting = { ...settingOf(ctx, interaction, needs), session: { name: customer.name, logOutHref: formTo("log-out", interaction, needs).action } };
  const page = consentPage({
    ...setting,
    form: formTo("consent", interaction, needs),
    asker: { organisation: client.organisationName ?? software, software },
    customer,
    permissions: consent.permissions,
    ...(company && { company }),
    ...(accounts && { accounts }),
    ...(consent.expiresAt !== undefined && { expiresAt: new Date(consent.expiresAt * 1000).toISOString() }),
    ...again,
  });
  sendPage(ctx, page, setting, "lead-to-the-tpp");
}

/** Takes the decision from the posted form: approves or refuses the consent, and hands the engine its grant. */
export async function decide(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
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
  const grant = await grantFor(interaction, customer, needs);
  const change = await needs.consents.authorise(consent.consentId, { customerId: customer.customerId, accounts, grant }, context);
  await (change.done ? finish(ctx, needs, { consent: { grantId: grant.grantId } }) : endDecision(ctx, interaction, needs));
}

/**
 * The consent awaits no decision of this customer, any more or at all. When it was approved in this very interaction, by a
 * form that came before (twice, or to a process that died over it), the engine is handed the grant of that approval.
 */
async function endDecision(ctx: Context, interaction: Interaction, needs: InteractionNeeds): Promise<void> {
  const [consent, customer] = await consentAndCustomer(interaction, needs);
  const { customerId, grantId } = consent?.authorisation ?? {};
  const approvedHere = grantId !== undefined && grantId === grantIdOf({ interaction: interaction.uid, clientId: String(interaction.params["client_id"]) });
  if (consent?.status === "AUTHORISED" && customerId === customer?.customerId && approvedHere) {
    await finish(ctx, needs, { consent: { grantId } });
    return;
  }
  await finish(ctx, needs, { error: "access_denied", error_description: "the consent cannot be authorised by the customer who logged in, or not any more" });
}

/** The consent that the request names, when the customer who logged in may authorise it (D16, FAPI-BR 5.2.2-4, -5) for a client at work. */
async function askedConsent(interaction: Interaction, needs: InteractionNeeds): Promise<{ consent: ConsentRecord; customer: Customer; client: ClientRecord } | undefined> {
  const [consent, customer] = await consentAndCustomer(interaction, needs);
  const client = consent && (await needs.clients.find(consent.clientId))?.record;
  const allowed =
    consent &&
    customer &&
    client?.status === "active" &&
    consent.clientId === interaction.params["client_id"] &&
    judgeAuthorisation(consent, customer, epochSeconds(needs.clock)).ok &&
    satisfiesRequest(interaction, customer);
  return allowed ? { consent, customer, client } : undefined;
}

/** Whether this customer, in the session as it is, gives what the request insists on: claims, and the level of assurance. */
function satisfiesRequest({ params, session }: Interaction, customer: Customer): boolean {
  // Written by our own log-in.
  const reached = session?.acr as LevelOfAssurance | undefined;
  return reached !== undefined && statedLevel(params, reached) !== undefined && satisfiesRequestedClaims(params, customer);
}

/**
 * Accounts are chosen only where the consent opens any; undefined where it opens none. Whatever the bank's source says, a
 * company's accounts are shared only under a consent that names the company, and then no others (D16).
 */
async function choicesFor(consent: ConsentRecord, customer: Customer, needs: InteractionNeeds): Promise<readonly AccountToShare[] | undefined> {
  if (!consent.permissions.some((permission) => permission.startsWith("ACCOUNTS_"))) {
    return undefined;
  }
  const accounts = await needs.accountsForConsent(customer.customerId, consent.parties.businessEntity);
  return accounts.filter((account) => judgeAccounts(consent, [account]).ok);
}

/** What the request asked for, now that the customer approves. */
async function grantFor({ uid, params }: Interaction, { customerId }: Customer, { provider }: InteractionNeeds): Promise<ApprovedGrant> {
  return approvedGrant(provider, {
    interaction: uid,
    customerId,
    clientId: String(params["client_id"]),
    scope: String(params["scope"]),
    claims: requestedClaimNames(params),
  });
}
