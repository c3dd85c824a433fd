import { createHmac } from "node:crypto";
import type { Context, Middleware } from "koa";
import type Provider from "oidc-provider";
import type { Clock } from "../kernel/clock.ts";
import type { Realm } from "../oidc/endpoints.ts";
import type { Consents } from "../policy/consent/consents.ts";
import type { AccountsForConsent } from "../policy/customer/bank-customers.ts";
import type { Customer, CustomerDirectory } from "../policy/customer/customer-directory.ts";
import { consentIdIn } from "../policy/authorization/request-object.ts";
import { requestedLevel } from "../policy/authorization/requested-claims.ts";
import { levelsOfAssurance, type CustomerLogin } from "../policy/customer/customer-login.ts";
import type { ClientRecords } from "../store/client-records.ts";
import type { ConsentRecord } from "../store/consent-records.ts";
import type { CallerAddress } from "./caller-address.ts";
import type { CustomerSessions } from "./customer-session.ts";
import type { FormSetting, PageSetting } from "./pages/page-frame.ts";
import { seeOther } from "./see-other.ts";
import { pageSetting } from "./send-page.ts";

export interface InteractionNeeds {
  readonly realm: Realm;
  readonly provider: Provider;
  /** The engine, mounted under the realm's path. */
  readonly engine: Middleware;
  readonly clients: ClientRecords;
  readonly consents: Consents;
  readonly customers: CustomerDirectory;
  readonly login: CustomerLogin;
  readonly callerAddress: CallerAddress;
  readonly sessions: CustomerSessions;
  readonly accountsForConsent: AccountsForConsent;
  /** Key of the forms' tokens. */
  readonly formKey: Buffer;
  readonly secondFactor: "when-asked" | "always";
  readonly clock: Clock;
}

/** One authorization under way in a browser, as the engine keeps it. */
export type Interaction = Awaited<ReturnType<Provider["interactionDetails"]>>;

/** A posted form; several values of one name are a choice. */
export type Form = ReadonlyMap<string, readonly string[]>;

/** Bound to the interaction, whose id lies in a cookie that no other site can send with a form. */
export function formToken(uid: string, { formKey }: InteractionNeeds): string {
  return createHmac("sha256", formKey).update(uid).digest("base64url");
}

/** The consent that the request names, and the customer who is logged in; either may be missing. */
export async function consentAndCustomer({ params, session }: Interaction, needs: InteractionNeeds): Promise<[ConsentRecord | undefined, Customer | undefined]> {
  const consentId = consentIdIn(params["scope"]);
  const customerId = session?.accountId;
  return Promise.all([
    consentId === undefined ? undefined : needs.consents.find(consentId),
    customerId === undefined ? undefined : needs.customers.find(customerId),
  ]);
}

/** Whether the request or the bank's policy asks for a one-time code. */
export function asksForSecondFactor({ params }: Interaction, { secondFactor }: InteractionNeeds): boolean {
  return secondFactor === "always" || requestedLevel(params) === levelsOfAssurance.loa3;
}

/** Whether the bank lets this customer in at no level at all, for want of a second factor. */
export function lacksSecondFactor({ hasSecondFactor }: Customer, { secondFactor }: Pick<InteractionNeeds, "secondFactor">): boolean {
  return secondFactor === "always" && !hasSecondFactor;
}

/** Ends this step of the journey with a result; the engine goes on from there. */
export async function finish(ctx: Context, { provider }: InteractionNeeds, result: Parameters<Provider["interactionResult"]>[2]): Promise<void> {
  seeOther(ctx, await provider.interactionResult(ctx.req, ctx.res, result));
}

export function addressOf({ uid }: Interaction, { realm }: InteractionNeeds): string {
  return `${realm.path}/interaction/${uid}`;
}

export function formTo(step: "login" | "second-factor" | "consent" | "cancel" | "log-out", interaction: Interaction, needs: InteractionNeeds): FormSetting {
  return { action: `${addressOf(interaction, needs)}/${step}`, csrf: formToken(interaction.uid, needs) };
}

export function settingOf(ctx: Context, interaction: Interaction, needs: InteractionNeeds): PageSetting {
  return pageSetting(ctx, addressOf(interaction, needs), interaction.params["ui_locales"]);
}
