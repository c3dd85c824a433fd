import type { Context } from "koa";
import { refusalCatalogue } from "../kernel/refusal-catalogue.ts";
import type { Refusal } from "../kernel/refusal.ts";
import type { CheckReport } from "../policy/check.ts";
import { refusalPageUrl, type Realm } from "../oidc/endpoints.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { logAlso } from "./request-log.ts";

/** Seconds after which a caller may try again: when something that is needed is out of reach, or a limit's minute is over. */
const retryAfterSeconds: Readonly<Record<number, string>> = { 503: "30", 429: "60" };

type Refusals = readonly [Refusal, ...Refusal[]];

/**
 * An OAuth error (RFC 6749 section 5.2): error and status of the first refusal, a description of printable ASCII, the
 * address of the page that explains it, and every refusal.
 */
export function refusalAnswer(realm: Realm, refusals: Refusals, reports?: readonly CheckReport[]): JsonAnswer {
  const [first] = refusals;
  const { status, error } = refusalCatalogue[first.code];
  return {
    status,
    headers: {
      "cache-control": "no-store",
      ...(status === 401 ? { "www-authenticate": `${error === "invalid_token" ? "Bearer" : "Mutual-TLS"} error="${error}"` } : {}),
      ...(retryAfterSeconds[status] === undefined ? {} : { "retry-after": retryAfterSeconds[status] }),
    },
    body: {
      error,
      error_description: describe(first),
      error_uri: refusalPageUrl(realm, first.code),
      checks: (reports ?? refusals.map(failedReport)).filter(({ result }) => result !== "passed").map((report) => reportBody(report, realm)),
    },
    logged: { refused: refusals.map(({ code }) => code) },
  };
}

/** Answers with it. */
export function answerRefusals(ctx: Context, realm: Realm, refusals: Refusals, reports?: readonly CheckReport[]): void {
  const { status, headers, body, logged } = refusalAnswer(realm, refusals, reports);
  logAlso(ctx, logged ?? {});
  ctx.status = status;
  ctx.set(headers);
  ctx.body = body;
}

function failedReport(refusal: Refusal): CheckReport {
  return { check: refusal.code, clause: refusalCatalogue[refusal.code].clause, result: "failed", refusal };
}

/** One check as it stands in an answer: of a refusal or of a dry run. */
export function reportBody(report: CheckReport, realm: Realm): Record<string, unknown> {
  const { check, clause, result } = report;
  if (!("refusal" in report)) {
    return { check, clause, result };
  }
  const { code, expected, received } = report.refusal;
  return { check, clause, result, code, expected, received, mend: refusalCatalogue[code].en.mend, help: refusalPageUrl(realm, code) };
}

function describe({ code, expected, received }: Refusal): string {
  const { what, mend } = refusalCatalogue[code].en;
  return `${what} Expected: ${expected}. Received: ${received}. ${mend}`;
}
