/**
 * The groups in which permissions are asked for (Consents API 3.3.1): a TPP asks for all permissions of a group or for
 * none.
 */
export interface PermissionGroup {
  readonly name: string;
  /** Kept in a consent whether or not the institution offers the product: the contract's grouped products. */
  readonly alwaysKept?: true;
  readonly scopes: readonly string[];
  readonly permissions: readonly Permission[];
}

export const permissions = [
  "ACCOUNTS_READ",
  "ACCOUNTS_BALANCES_READ",
  "ACCOUNTS_TRANSACTIONS_READ",
  "ACCOUNTS_OVERDRAFT_LIMITS_READ",
  "CREDIT_CARDS_ACCOUNTS_READ",
  "CREDIT_CARDS_ACCOUNTS_BILLS_READ",
  "CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ",
  "CREDIT_CARDS_ACCOUNTS_LIMITS_READ",
  "CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ",
  "CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ",
  "CUSTOMERS_PERSONAL_ADITTIONALINFO_READ",
  "CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ",
  "CUSTOMERS_BUSINESS_ADITTIONALINFO_READ",
  "FINANCINGS_READ",
  "FINANCINGS_SCHEDULED_INSTALMENTS_READ",
  "FINANCINGS_PAYMENTS_READ",
  "FINANCINGS_WARRANTIES_READ",
  "INVOICE_FINANCINGS_READ",
  "INVOICE_FINANCINGS_SCHEDULED_INSTALMENTS_READ",
  "INVOICE_FINANCINGS_PAYMENTS_READ",
  "INVOICE_FINANCINGS_WARRANTIES_READ",
  "LOANS_READ",
  "LOANS_SCHEDULED_INSTALMENTS_READ",
  "LOANS_PAYMENTS_READ",
  "LOANS_WARRANTIES_READ",
  "UNARRANGED_ACCOUNTS_OVERDRAFT_READ",
  "UNARRANGED_ACCOUNTS_OVERDRAFT_SCHEDULED_INSTALMENTS_READ",
  "UNARRANGED_ACCOUNTS_OVERDRAFT_PAYMENTS_READ",
  "UNARRANGED_ACCOUNTS_OVERDRAFT_WARRANTIES_READ",
  "RESOURCES_READ",
  "BANK_FIXED_INCOMES_READ",
  "CREDIT_FIXED_INCOMES_READ",
  "FUNDS_READ",
  "VARIABLE_INCOMES_READ",
  "TREASURE_TITLES_READ",
  "EXCHANGES_READ",
] as const;

export type Permission = (typeof permissions)[number];

function startingWith(...prefixes: readonly string[]): Permission[] {
  return permissions.filter((permission) => prefixes.some((prefix) => permission.startsWith(prefix)));
}

export const permissionGroups: readonly PermissionGroup[] = [
  { name: "personal-identification", scopes: ["customers"], permissions: ["CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ", "RESOURCES_READ"] },
  { name: "personal-details", scopes: ["customers"], permissions: ["CUSTOMERS_PERSONAL_ADITTIONALINFO_READ", "RESOURCES_READ"] },
  { name: "business-identification", scopes: ["customers"], permissions: ["CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ", "RESOURCES_READ"] },
  { name: "business-details", scopes: ["customers"], permissions: ["CUSTOMERS_BUSINESS_ADITTIONALINFO_READ", "RESOURCES_READ"] },
  { name: "account-balances", scopes: ["accounts"], permissions: ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "RESOURCES_READ"] },
  { name: "account-limits", scopes: ["accounts"], permissions: ["ACCOUNTS_READ", "ACCOUNTS_OVERDRAFT_LIMITS_READ", "RESOURCES_READ"] },
  { name: "account-transactions", scopes: ["accounts"], permissions: ["ACCOUNTS_READ", "ACCOUNTS_TRANSACTIONS_READ", "RESOURCES_READ"] },
  {
    name: "card-limits",
    scopes: ["credit-cards-accounts"],
    permissions: ["CREDIT_CARDS_ACCOUNTS_READ", "CREDIT_CARDS_ACCOUNTS_LIMITS_READ", "RESOURCES_READ"],
  },
  {
    name: "card-transactions",
    scopes: ["credit-cards-accounts"],
    permissions: ["CREDIT_CARDS_ACCOUNTS_READ", "CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ", "RESOURCES_READ"],
  },
  {
    name: "card-bills",
    scopes: ["credit-cards-accounts"],
    permissions: [
      "CREDIT_CARDS_ACCOUNTS_READ",
      "CREDIT_CARDS_ACCOUNTS_BILLS_READ",
      "CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ",
      "RESOURCES_READ",
    ],
  },
  {
    name: "credit-operations",
    alwaysKept: true,
    scopes: ["loans", "financings", "unarranged-accounts-overdraft", "invoice-financings"],
    permissions: [...startingWith("LOANS_", "FINANCINGS_", "UNARRANGED_ACCOUNTS_OVERDRAFT_", "INVOICE_FINANCINGS_"), "RESOURCES_READ"],
  },
  {
    name: "investments",
    alwaysKept: true,
    scopes: ["bank-fixed-incomes", "credit-fixed-incomes", "variable-incomes", "treasure-titles", "funds"],
    permissions: [
      "BANK_FIXED_INCOMES_READ",
      "CREDIT_FIXED_INCOMES_READ",
      "FUNDS_READ",
      "VARIABLE_INCOMES_READ",
      "TREASURE_TITLES_READ",
      "RESOURCES_READ",
    ],
  },
  { name: "exchange", alwaysKept: true, scopes: ["exchanges"], permissions: ["EXCHANGES_READ", "RESOURCES_READ"] },
];

/** The groups that are wholly contained in these permissions. */
export function completeGroups(asked: readonly string[]): PermissionGroup[] {
  return permissionGroups.filter((group) => group.permissions.every((permission) => asked.includes(permission)));
}

/** Permissions that no complete group covers; RESOURCES_READ alone is one of them. */
export function outsideCompleteGroups(asked: readonly Permission[]): Permission[] {
  const covered = new Set(completeGroups(asked).flatMap((group) => group.permissions));
  return asked.filter((permission) => !covered.has(permission));
}

/**
 * What is left when the products that the institution does not offer are taken away, in the order asked. Those that the
 * contract groups (credit operations, investments, exchange) are never taken away (Consents API 3.3.1, introduction).
 */
export function offeredPermissions(asked: readonly Permission[], offeredScopes: readonly string[]): Permission[] {
  const kept = new Set(
    completeGroups(asked)
      .filter(({ alwaysKept, scopes }) => alwaysKept === true || scopes.some((scope) => offeredScopes.includes(scope)))
      .flatMap((group) => group.permissions),
  );
  return asked.filter((permission) => kept.has(permission));
}

export function isPersonal(permission: string): boolean {
  return permission.startsWith("CUSTOMERS_PERSONAL_");
}

export function isBusiness(permission: string): boolean {
  return permission.startsWith("CUSTOMERS_BUSINESS_");
}
