import type { Context } from "koa";
import { epochSeconds } from "../kernel/clock.ts";
import { satisfiesRequestedClaims, statedLevel } from "../policy/authorization/requested-claims.ts";
import type { Customer } from "../policy/customer/customer-directory.ts";
import { levelsOfAssurance, type LevelOfAssurance } from "../policy/customer/customer-login.ts";
import { forgetSession } from "./browser-sessions.ts";
import { addressOf, asksForSecondFactor, finish, formTo, lacksSecondFactor, settingOf, type Form, type Interaction, type InteractionNeeds } from "./interaction.ts";
import { logInPage, type LogInPage } from "./pages/log-in-page.ts";
import { secondFactorMissingPage } from "./pages/second-factor-missing-page.ts";
import { secondFactorPage, type SecondFactorProblem } from "./pages/second-factor-page.ts";
import { refusedAttempt } from "./refused-attempt.ts";
import { seeOther } from "./see-other.ts";
import { sendPage } from "./send-page.ts";

/** What lies in the interaction between the first and the second factor. */
interface PendingLogin {
  readonly pending?: { readonly customerId: string };
}

/** Who has given the password, and owes the one-time code. */
export function pendingCustomer(interaction: Interaction): string | undefined {
  return (interaction.result as PendingLogin | undefined)?.pending?.customerId;
}

/** The page for the first factor; `again` says what was wrong with the last attempt. */
export async function showLogIn(ctx: Context, interaction: Interaction, needs: InteractionNeeds, again: Pick<LogInPage, "problem" | "username"> = {}): Promise<void> {
  const setting = settingOf(ctx, interaction, needs);
  const client = await needs.clients.find(String(interaction.params["client_id"]));
  const organisation = client?.record.organisationName;
  const page = { ...setting, ...again, form: formTo("login", interaction, needs), cancel: formTo("cancel", interaction, needs), ...(organisation !== undefined && { organisation }) };
  sendPage(ctx, logInPage(page), setting, "lead-to-the-tpp");
}

/** The page for the one-time code. */
export function showSecondFactor(ctx: Context, interaction: Interaction, needs: InteractionNeeds, problem?: SecondFactorProblem): void {
  const setting = settingOf(ctx, interaction, needs);
  const page = { ...setting, form: formTo("second-factor", interaction, needs), cancel: formTo("cancel", interaction, needs), ...(problem && { problem }) };
  sendPage(ctx, secondFactorPage(page), setting, "lead-to-the-tpp");
}

/** Ends here: the TPP hears that nothing was granted when the customer turns back. */
function showSecondFactorMissing(ctx: Context, interaction: Interaction, needs: InteractionNeeds): void {
  const setting = settingOf(ctx, interaction, needs);
  ctx.status = 403;
  sendPage(ctx, secondFactorMissingPage({ ...setting, cancel: formTo("cancel", interaction, needs) }), setting, "lead-to-the-tpp");
}

/** The first factor: user name or CPF, and password. */
export async function logIn(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  const [username, password] = [form.get("username")?.[0] ?? "", form.get("password")?.[0] ?? ""];
  const missing = (["username", "password"] as const).filter((field) => (form.get(field)?.[0] ?? "").trim() === "");
  if (missing.length > 0) {
    ctx.status = 400;
    await showLogIn(ctx, interaction, needs, { username, problem: { kind: "missing", fields: missing } });
    return;
  }
  const outcome = await needs.login.authenticate(username, password, needs.callerAddress(ctx.req));
  if (outcome.outcome !== "ok") {
    await showLogIn(ctx, interaction, needs, { username, problem: refusedAttempt(ctx, outcome) });
    return;
  }
  const { customer } = outcome;
  if (lacksSecondFactor(customer, needs)) {
    showSecondFactorMissing(ctx, interaction, needs);
    return;
  }
  if (asksForSecondFactor(interaction, needs) && customer.hasSecondFactor) {
    // The engine keeps whatever lies in a result, and takes only a `login` for one.
    await needs.provider.interactionResult(ctx.req, ctx.res, { pending: { customerId: customer.customerId } } as never);
    seeOther(ctx, addressOf(interaction, needs));
    return;
  }
  await finishLogin(ctx, interaction, customer, levelsOfAssurance.loa2, needs);
}

/** The second factor, of who has given the first in this interaction. */
export async function secondFactor(ctx: Context, interaction: Interaction, form: Form, needs: InteractionNeeds): Promise<void> {
  const customerId = pendingCustomer(interaction);
  const code = form.get("otp")?.[0] ?? "";
  if (customerId === undefined) {
    await showLogIn(ctx, interaction, needs);
    return;
  }
  if (code.trim() === "") {
    ctx.status = 400;
    showSecondFactor(ctx, interaction, needs, { kind: "missing" });
    return;
  }
  const outcome = await needs.login.verifySecondFactor(customerId, code, needs.callerAddress(ctx.req));
  if (outcome.outcome !== "ok") {
    showSecondFactor(ctx, interaction, needs, refusedAttempt(ctx, outcome));
    return;
  }
  await finishLogin(ctx, interaction, outcome.customer, levelsOfAssurance.loa3, needs);
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
  // Without `ts` the engine would take the moment of each later step for it.
  await finish(ctx, needs, { login: { accountId: customer.customerId, acr, amr, ts: epochSeconds(needs.clock), remember: false } });
}

/** Ends the session that somebody else has left open in this browser: the engine would ask them to log out first. */
async function leaveOtherSession(ctx: Context, interaction: Interaction, customer: Customer, needs: InteractionNeeds): Promise<void> {
  const session = await needs.provider.Session.get(ctx as never);
  if (session.accountId === undefined || session.accountId === customer.customerId) {
    return;
  }
  await session.destroy();
  await forgetSession(interaction, needs);
}
