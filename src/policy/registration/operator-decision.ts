import type { ClientRecord, OperatorDecision, ProductDecision } from "../../store/client-records.ts";
import type { Refusal } from "../../kernel/refusal.ts";

/** What of a client's record was an operator's decision, which the end of the client does not undo; undefined when nothing. */
export function decisionIn({ realm, clientId, softwareId, organisationId, suspension, products }: ClientRecord): OperatorDecision | undefined {
  const own = suspension?.by === "operator" ? { suspension: { reason: suspension.reason, at: suspension.at } } : {};
  const decision = { realm, clientId, softwareId, organisationId, ...own, ...(products === undefined ? {} : { products }) };
  return decision.suspension || decision.products ? decision : undefined;
}

/** The decision without its suspension; undefined when nothing is left. */
export function withoutSuspension({ suspension: _, ...rest }: OperatorDecision): OperatorDecision | undefined {
  return rest.products ? rest : undefined;
}

/** What a new registration holds of the bank's products: those of every registration, as an operator's decision alters them. */
export function heldProducts(atRegistration: readonly string[], products: ProductDecision | undefined): readonly string[] {
  const { given = [], withdrawn = [] } = products ?? {};
  return [...new Set([...atRegistration, ...given])].filter((scope) => !withdrawn.includes(scope));
}

/** The latest word on each scope counts. */
export function decidedProducts(before: ProductDecision | undefined, now: ProductDecision): ProductDecision {
  const { given = [], withdrawn = [] } = before ?? {};
  return {
    given: [...given.filter((scope) => !now.withdrawn.includes(scope)), ...now.given],
    withdrawn: [...withdrawn.filter((scope) => !now.given.includes(scope)), ...now.withdrawn],
  };
}

/** Why a software whose client an operator suspended is not registered anew. The reason is for the bank alone. */
export function suspendedSoftware(): Refusal {
  return { code: "registration.suspended-by-bank", expected: "software that the bank has not suspended", received: "software that it has suspended" };
}
