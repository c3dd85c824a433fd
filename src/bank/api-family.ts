import type { Context } from "koa";
import type { GuardFailure, GuardReason } from "./token-guard.ts";

/** One refused call, as every API family tells it: the family only chooses the code and the envelope. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly status: number;
  readonly code: string;

  constructor(refusal: { status: number; code: string; message: string }) {
    super(refusal.message);
    this.status = refusal.status;
    this.code = refusal.code;
  }
}

export interface CodeAndStatus {
  readonly code: string;
  readonly status: number;
}

/** What is particular to a family of APIs: which paths are its own, its codes and the shape of its errors. */
export interface ApiFamily extends ErrorFamily {
  readonly name: string;
  readonly serves: (path: string) => boolean;
  readonly guardCodes: Readonly<Record<GuardReason, CodeAndStatus>>;
}

/** The errors that every path can give, whichever API it belongs to; with texts of its own where a family has them. */
export interface ErrorFamily {
  readonly envelope: (refusal: ApiRefusal, ctx: Context) => object;
  readonly notFound: CodeAndStatus & { readonly message?: string };
  readonly methodNotAllowed: CodeAndStatus & { readonly message?: string };
  readonly unexpected: CodeAndStatus & { readonly message?: string };
}

/** What the request log adds to its line. */
export interface CallOutcome {
  errorCode?: string;
  reason?: string;
  detail?: string;
}

/** Writes a refusal in its family's envelope. */
export function answerRefusal(ctx: Context, family: ErrorFamily, refusal: ApiRefusal, why: CallOutcome = {}): void {
  ctx.status = refusal.status;
  ctx.body = family.envelope(refusal, ctx);
  ctx.state["outcome"] = { ...why, errorCode: refusal.code };
}

/** The `refuse` of a token guard: the guard's reasons in the family's codes and envelope. */
export function refuseAs(family: ApiFamily): (ctx: Context, failure: GuardFailure) => void {
  return (ctx, failure) => {
    const refusal = new ApiRefusal({ ...family.guardCodes[failure.reason], message: failure.description });
    const { reason, detail } = failure;
    answerRefusal(ctx, family, refusal, { reason, ...(detail !== undefined && { detail }) });
  };
}

/** Whether the caller takes JSON in UTF-8, whatever parameters its Accept header puts on the media type. */
export function takesJson(ctx: Context): boolean {
  return (
    ctx.accepts("application/json", "application/json; charset=utf-8") !== false && ctx.acceptsCharsets("utf-8") !== false
  );
}

/** Anything but printable ASCII, which no header, parameter or path of these APIs may hold. */
export const notPrintable = /[^\x20-\x7e]/;

/** 8-4-4-4-12 hexadecimal digits, of any UUID version. */
export const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Form of a user name (login id). */
export const loginIdForm = /^[A-Za-z0-9@$*_\-=.!~]{6,256}$/;
