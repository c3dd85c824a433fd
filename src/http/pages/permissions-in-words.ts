import type { Permission } from "../../policy/consent/permission-groups.ts";
import { html, type Html } from "./html.ts";
import type { Texts } from "./texts.ts";

type Place = readonly [group: keyof Texts["groups"], line: keyof Texts["lines"], part: keyof Texts["parts"]];

/** Where each permission is told of: the contract's category, the product, and what of it. */
const places: Readonly<Record<Permission, Place>> = {
  CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ: ["registration", "person", "identification"],
  CUSTOMERS_PERSONAL_ADITTIONALINFO_READ: ["registration", "person", "details"],
  CUSTOMERS_BUSINESS_IDENTIFICATIONS_READ: ["registration", "company", "identification"],
  CUSTOMERS_BUSINESS_ADITTIONALINFO_READ: ["registration", "company", "details"],
  ACCOUNTS_READ: ["accounts", "accounts", "accountIdentity"],
  ACCOUNTS_BALANCES_READ: ["accounts", "accounts", "balances"],
  ACCOUNTS_TRANSACTIONS_READ: ["accounts", "accounts", "transactions"],
  ACCOUNTS_OVERDRAFT_LIMITS_READ: ["accounts", "accounts", "accountLimits"],
  CREDIT_CARDS_ACCOUNTS_READ: ["cards", "cards", "cardIdentity"],
  CREDIT_CARDS_ACCOUNTS_LIMITS_READ: ["cards", "cards", "cardLimits"],
  CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ: ["cards", "cards", "cardTransactions"],
  CREDIT_CARDS_ACCOUNTS_BILLS_READ: ["cards", "cards", "bills"],
  CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ: ["cards", "cards", "billTransactions"],
  LOANS_READ: ["credit", "loans", "contracts"],
  LOANS_SCHEDULED_INSTALMENTS_READ: ["credit", "loans", "instalments"],
  LOANS_PAYMENTS_READ: ["credit", "loans", "payments"],
  LOANS_WARRANTIES_READ: ["credit", "loans", "warranties"],
  FINANCINGS_READ: ["credit", "financings", "contracts"],
  FINANCINGS_SCHEDULED_INSTALMENTS_READ: ["credit", "financings", "instalments"],
  FINANCINGS_PAYMENTS_READ: ["credit", "financings", "payments"],
  FINANCINGS_WARRANTIES_READ: ["credit", "financings", "warranties"],
  UNARRANGED_ACCOUNTS_OVERDRAFT_READ: ["credit", "overdraft", "contracts"],
  UNARRANGED_ACCOUNTS_OVERDRAFT_SCHEDULED_INSTALMENTS_READ: ["credit", "overdraft", "instalments"],
  UNARRANGED_ACCOUNTS_OVERDRAFT_PAYMENTS_READ: ["credit", "overdraft", "payments"],
  UNARRANGED_ACCOUNTS_OVERDRAFT_WARRANTIES_READ: ["credit", "overdraft", "warranties"],
  INVOICE_FINANCINGS_READ: ["credit", "invoices", "contracts"],
  INVOICE_FINANCINGS_SCHEDULED_INSTALMENTS_READ: ["credit", "invoices", "instalments"],
  INVOICE_FINANCINGS_PAYMENTS_READ: ["credit", "invoices", "payments"],
  INVOICE_FINANCINGS_WARRANTIES_READ: ["credit", "invoices", "warranties"],
  BANK_FIXED_INCOMES_READ: ["investments", "investments", "bankFixed"],
  CREDIT_FIXED_INCOMES_READ: ["investments", "investments", "creditFixed"],
  FUNDS_READ: ["investments", "investments", "funds"],
  VARIABLE_INCOMES_READ: ["investments", "investments", "variable"],
  TREASURE_TITLES_READ: ["investments", "investments", "treasury"],
  EXCHANGES_READ: ["exchange", "exchange", "exchange"],
  RESOURCES_READ: ["resources", "resources", "resources"],
};

/** The permissions in plain words, by category and product. One that we have no words for stands there by its name. */
export function permissionList(permissions: readonly string[], text: Texts): Html {
  const groups = groupedPermissions(permissions, text);
  return html`<ul class="permissions" role="list">${groups.map(
    ({ title, lines }) => html`
<li><h3>${title}</h3>
<ul role="list">${lines.map(({ label, parts }) => html`<li>${label !== title && html`<strong>${label}:</strong> `}${parts.join(", ")}</li>`)}</ul></li>`,
  )}
</ul>`;
}

interface PermissionGroupInWords {
  readonly title: string;
  readonly lines: readonly { readonly label: string; readonly parts: readonly string[] }[];
}

/** In the order of the table, whatever the order asked. */
export function groupedPermissions(permissions: readonly string[], text: Texts): PermissionGroupInWords[] {
  const known = Object.entries(places).filter(([permission]) => permissions.includes(permission));
  const unknown = permissions.filter((permission) => !Object.hasOwn(places, permission));
  const byGroup = Map.groupBy(known, ([, [group]]) => group);
  const groups = [...byGroup].map(([group, ofGroup]) => ({
    title: text.groups[group],
    lines: [...Map.groupBy(ofGroup, ([, [, line]]) => line)].map(([line, ofLine]) => ({
      label: text.lines[line],
      parts: ofLine.map(([, [, , part]]) => text.parts[part]),
    })),
  }));
  return unknown.length === 0 ? groups : [...groups, { title: text.groups.other, lines: unknown.map((name) => ({ label: text.groups.other, parts: [name] })) }];
}
