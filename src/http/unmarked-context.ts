import type { Context } from "koa";

/**
 * The context for a run of the engine, which marks it for good and refuses it a second time: when a call is decided
 * anew, it gets a copy without the mark. Never an object with the context as its prototype, which would have a shape
 * of its own in every request and make all of the engine's work with it slow.
 */
export function unmarkedContext(ctx: Context): Context {
  // The mark is not enumerable.
  return Object.hasOwn(ctx, "oidc") ? (Object.assign(Object.create(Object.getPrototypeOf(ctx)), ctx) as Context) : ctx;
}
