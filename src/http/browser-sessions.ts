import type { Context } from "koa";
import type Provider from "oidc-provider";
import type { KoaContextWithOIDC } from "oidc-provider";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import type { CustomerSessions } from "./customer-session.ts";
import type { Interaction } from "./interaction.ts";

/** Logs the customer out of this browser: of our own pages, and of the engine's session that opens consents. */
export async function endSessions(ctx: Context, { provider, sessions }: { provider: Provider; sessions: CustomerSessions }): Promise<void> {
  const session = await provider.Session.get(ctx as never);
  await Promise.all([sessions.end(ctx), session.accountId === undefined ? undefined : session.destroy()]);
}

/** Lets the interaction go on without the session that it began with, which has ended: the engine would refuse it. */
export async function forgetSession(interaction: Interaction, { clock }: { clock: Clock }): Promise<void> {
  delete interaction.session;
  await interaction.save(Math.max(1, interaction.exp - epochSeconds(clock)));
}

/**
 * Ends the session when the engine, which has just run, is done with the interaction: the log-in has served its purpose,
 * and who comes next in this browser gives a password for the next consent.
 * @param pages where the addresses of interactions begin
 */
export async function endFinishedSession(ctx: Context, pages: string): Promise<void> {
  const { session, entities } = (ctx as unknown as KoaContextWithOIDC).oidc;
  if (entities.Interaction !== undefined && !ctx.response.get("location").startsWith(pages)) {
    await session?.destroy();
  }
}
