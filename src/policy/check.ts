import { refusalCatalogue } from "../kernel/refusal-catalogue.ts";
import type { Refusal } from "../kernel/refusal.ts";

/** What a check finds: nothing wrong, or one or several refusals. */
export type Finding = Refusal | readonly Refusal[] | undefined;

/** A sentence that can be true of the facts. It does not throw, wait, log or read the clock. */
export interface Check<Facts> {
  /** The sentence's name, e.g. `statement-is-fresh`; stable, shown in answers. */
  readonly name: string;
  readonly clause: string;
  readonly judge: (facts: Facts) => Finding;
  /** A finding is told but refuses nothing. */
  readonly onlyWarns?: true;
}

export type CheckReport =
  | { readonly check: string; readonly clause: string; readonly result: "passed" | "not-run" }
  | { readonly check: string; readonly clause: string; readonly result: "failed" | "warning"; readonly refusal: Refusal };

/** Runs every check, whatever the others found, and reports in their order. */
export function runChecks<Facts>(checks: readonly Check<Facts>[], facts: Facts): CheckReport[] {
  return checks.flatMap((check) => reportsOf(check, check.judge(facts)));
}

/** What stands behind a failed gate: listed, so that the caller knows what has not been looked at. */
export function notRun(checks: readonly Pick<Check<never>, "name" | "clause">[]): CheckReport[] {
  return checks.map((check) => ({ check: check.name, clause: check.clause, result: "not-run" }));
}

/** A gate that stands. */
export function passed(checks: readonly Pick<Check<never>, "name" | "clause">[]): CheckReport[] {
  return checks.map(({ name, clause }) => ({ check: name, clause, result: "passed" }));
}

/** A gate that does not stand, with every reason. */
export function failed(check: Pick<Check<never>, "name" | "clause">, refusals: readonly Refusal[]): CheckReport[] {
  return refusals.map((refusal) => ({ check: check.name, clause: check.clause, result: "failed", refusal }));
}

export function failuresIn(reports: readonly CheckReport[]): Refusal[] {
  return reports.flatMap((report) => (report.result === "failed" ? [report.refusal] : []));
}

function reportsOf<Facts>(check: Check<Facts>, finding: Finding): CheckReport[] {
  const refusals = finding === undefined ? [] : "code" in finding ? [finding] : finding;
  if (refusals.length === 0) {
    return [{ check: check.name, clause: check.clause, result: "passed" }];
  }
  return refusals.map((refusal) => ({
    check: check.name,
    clause: refusalCatalogue[refusal.code].clause,
    result: check.onlyWarns ? "warning" : "failed",
    refusal,
  }));
}
