import type { Context } from "koa";
import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { consentProblems, type ConsentProblem, type ConsentProblemCode } from "../../policy/consent/consent-problem.ts";
import { wireTime } from "../../policy/consent/consent-term.ts";
import { logAlso } from "../request-log.ts";

/** Version of the contract that is kept, sent with every answer. */
export const apiVersion = "3.3.1";

/** The contract lists no more errors in one answer. */
export const mostErrors = 13;
const longestDetail = 2048;

export type ConsentProblems = readonly [ConsentProblem, ...ConsentProblem[]];

/** Carries problems to the one place that answers them. */
export class ConsentRefusal extends Error {
  override readonly name = "ConsentRefusal";
  readonly problems: ConsentProblems;

  constructor(problems: ConsentProblems) {
    super(problems[0].code);
    this.problems = problems;
  }
}

/** One refusal, to be thrown. */
export function refusal(code: ConsentProblemCode, detail: string): ConsentRefusal {
  return new ConsentRefusal([{ code, detail }]);
}

/** Headers of every answer of this API; `x-fapi-interaction-id` is set by the request log in front. */
export function setCommonHeaders(ctx: Context): void {
  ctx.set("x-v", apiVersion);
  ctx.set("cache-control", "no-store");
}

/** Answers in the contract's error envelope, with the status of the first problem. */
export function answerProblems(ctx: Context, problems: ConsentProblems, clock: Clock): void {
  logAlso(ctx, { refused: [...new Set(problems.map(({ code }) => code))] });
  ctx.status = consentProblems[problems[0].code].status;
  ctx.body = {
    errors: problems.slice(0, mostErrors).map(({ code, detail }) => ({ code, title: consentProblems[code].title, detail: detail.slice(0, longestDetail) })),
    meta: metaNow(clock),
  };
}

/** Answers with one consent and the address under which it is read. */
export function answerConsent(ctx: Context, status: 200 | 201, data: Record<string, unknown>, self: string, clock: Clock): void {
  ctx.status = status;
  ctx.body = { data, links: { self }, meta: metaNow(clock) };
}

/** `meta` of an answer. */
export function metaNow(clock: Clock): { requestDateTime: string } {
  return { requestDateTime: wireTime(epochSeconds(clock)) };
}
