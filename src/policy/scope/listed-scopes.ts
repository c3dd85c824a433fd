/** Scopes of products that the ecosystem groups (credit operations, investments, exchange): listed by everybody (D14). */
const groupedProducts = [
  "invoice-financings",
  "financings",
  "loans",
  "unarranged-accounts-overdraft",
  "bank-fixed-incomes",
  "credit-fixed-incomes",
  "variable-incomes",
  "treasure-titles",
  "funds",
  "exchanges",
];

/**
 * The Open Finance scopes of this institution: what discovery lists, what a registration grants within its roles, and
 * what the engine accepts. A grouped product's is among them whether or not the institution trades in it.
 */
export function listedScopes(offered: readonly string[]): readonly string[] {
  return [...new Set([...offered, ...groupedProducts])];
}
