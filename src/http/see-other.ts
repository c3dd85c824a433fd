import type { Context } from "koa";

/** 303: whatever was posted is not posted again at the new address. */
export function seeOther(ctx: Context, address: string): void {
  ctx.redirect(address);
  ctx.status = 303;
}

/** The address of a form, when it is opened: leads to the page that the form stands on, which is one segment shorter. */
export function toPageOfForm(ctx: Context): void {
  seeOther(ctx, `${ctx.path.slice(0, ctx.path.lastIndexOf("/"))}${ctx.search}`);
}
