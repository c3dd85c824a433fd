import type { Context } from "koa";
import type { LoginOutcome } from "../policy/customer/customer-login.ts";

/** Answers a failed attempt with its status, and says what the form is to tell: where a limit is hit, how long to wait. */
export function refusedAttempt(ctx: Context, outcome: Exclude<LoginOutcome, { outcome: "ok" }>) {
  if (outcome.outcome === "refused") {
    ctx.status = 401;
    return { kind: "refused" } as const;
  }
  ctx.status = 429;
  ctx.set("retry-after", String(outcome.waitSeconds));
  return { kind: "locked", waitSeconds: outcome.waitSeconds } as const;
}
