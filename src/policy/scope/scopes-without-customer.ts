import { printable, type Refusal } from "../../kernel/refusal.ts";
import type { ClientRecord } from "../../store/client-records.ts";
import { scopeValues } from "./role-scopes.ts";

/** Of the Open Finance scopes, those that open without a customer: the ones that create consents. */
const openingConsents = ["consents", "payments"];

/**
 * What `client_credentials` may give a client: the scopes that create consents, and the bank's products it holds.
 * Undefined when it has not registered that grant.
 */
export function scopesWithoutCustomer({ metadata, productScopes }: ClientRecord): readonly string[] | undefined {
  const grantTypes = metadata["grant_types"];
  if (!Array.isArray(grantTypes) || !grantTypes.includes("client_credentials")) {
    return undefined;
  }
  const registered = scopeValues(String(metadata["scope"] ?? "")) ?? [];
  return [...new Set([...registered.filter((scope) => openingConsents.includes(scope)), ...productScopes])];
}

/** What a request gets of these: everything eligible without a `scope`, never nothing (RFC 6749 3.3). */
export function grantWithoutCustomer(eligible: readonly string[] | undefined, requested: string | undefined): string | Refusal {
  if (eligible === undefined) {
    return { code: "grant-type.not-registered", expected: "client_credentials in the client's grant_types", received: "not among them" };
  }
  const asked = scopeValues(requested);
  const uncovered = asked?.filter((scope) => !eligible.includes(scope)) ?? [];
  if (uncovered.length > 0) {
    return { code: "scope.not-covered", expected: printable(eligible.join(" ") || "none"), received: printable(uncovered.join(" ")) };
  }
  if (eligible.length === 0) {
    return { code: "scope.nothing-left", expected: "a scope that opens without a customer", received: "none" };
  }
  return [...new Set(asked ?? eligible)].join(" ");
}
