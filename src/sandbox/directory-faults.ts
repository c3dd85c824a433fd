import { setTimeout as wait } from "node:timers/promises";
import type { Middleware } from "koa";
import type { Fault } from "./directory-requests.ts";

/** The ways in which the directory misbehaves on request, so that servers can be tested against them. Not remembered. */
export interface Faults {
  /** Misbehaves like this from now on; one fault a target and path. */
  set(fault: Fault): void;
  clear(): void;
  list(): readonly Fault[];
  /** Lets the faults of a target come before what stands behind. */
  before(target: Fault["target"]): Middleware;
}

const hugeMegabytes = 64;

export function createFaults(): Faults {
  let faults: readonly Fault[] = [];
  return {
    set(fault) {
      faults = [...faults.filter(({ target, path }) => target !== fault.target || path !== fault.path), fault];
    },
    clear() {
      faults = [];
    },
    list: () => faults,
    before: (target) => async (ctx, next) => {
      const fault = faults.find((one) => one.target === target && ctx.path.includes(one.path ?? ""));
      if (!fault || (await misbehave(fault, ctx))) await next();
    },
  };
}

/** Plays the fault; true when the true answer is to follow. */
async function misbehave(fault: Fault, ctx: Parameters<Middleware>[0]): Promise<boolean> {
  switch (fault.kind) {
    case "slow":
      await wait(fault.milliseconds);
      return true;
    case "hang":
      // Never answers: the connection ends when the caller loses patience or the directory stops.
      ctx.respond = false;
      return false;
    case "unavailable":
      ctx.status = 503;
      ctx.body = { error: "temporarily_unavailable", keys: [] };
      return false;
    case "garbage":
      ctx.type = "application/json";
      ctx.body = '{"keys": [ {"kty":"RSA" <html>';
      return false;
    case "huge":
      ctx.type = "application/json";
      ctx.body = `{"keys":[],"padding":"${"x".repeat(hugeMegabytes * 1_048_576)}"}`;
      return false;
    case "redirect":
      ctx.redirect(fault.location);
      return false;
  }
}
