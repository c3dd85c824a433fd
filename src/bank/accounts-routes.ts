import type { Router } from "@koa/router";
import type { Context, Middleware, Next } from "koa";
import { toAccountAnswer, type AccountAnswer } from "./accounts-answer.ts";
import { accountsRefusal } from "./accounts-family.ts";
import { readAccountsCall, type AccountsQuery } from "./accounts-request.ts";
import { guid } from "./api-family.ts";
import type { Account } from "./sample-accounts.ts";
import type { Customer } from "./sample-customers.ts";
import type { SampleData } from "./sample-data.ts";
import type { GuardedState } from "./token-guard.ts";

export const accountsScope = "accounts:read";
const unmaskedScope = "accounts:read_unmasked";

/** The three generations of the contract's paths. */
export const accountsPaths: string[] = [
  "/digitalbanking/db-accounts/v1/accounts",
  "/db-accounts/v1/accounts",
  "/v1/accounts",
];

export interface AccountsNeeds {
  readonly sampleData: SampleData;
  readonly institutionId: string;
  /** Lets only tokens with accounts:read through. */
  readonly guard: Middleware<GuardedState>;
}

/** Adds the list of a customer's accounts, and one account by its id. */
export function addAccountsRoutes(router: Router<GuardedState>, needs: AccountsNeeds): void {
  router.get(accountsPaths, echoTransactionId, needs.guard, (ctx) => {
    ctx.body = { accounts: visibleAccounts(ctx, needs) };
  });
  router.get(
    accountsPaths.map((path) => `${path}/:accountId`),
    echoTransactionId,
    needs.guard,
    (ctx) => {
      const account = visibleAccounts(ctx, needs).find(({ id }) => id === ctx.params["accountId"]);
      if (account === undefined) {
        throw accountsRefusal(
          "ACC_00012",
          "Expected the id of an account that the named customer may see; received another one. Take the id from the list of this customer's accounts.",
        );
      }
      ctx.body = account;
    },
  );
}

/** The contract's tracing id comes back with every answer, refusals included, once it is one. */
function echoTransactionId(ctx: Context, next: Next): Promise<void> {
  const transactionId = ctx.get("transactionId");
  if (guid.test(transactionId)) ctx.set("transactionId", transactionId);
  return next();
}

function visibleAccounts(ctx: Context & { state: GuardedState }, needs: AccountsNeeds): AccountAnswer[] {
  const query = readAccountsCall(ctx, needs.institutionId);
  const customer = namedCustomer(query, needs.sampleData);
  return needs.sampleData
    .accountsOf(customer)
    .filter((account) => query.crossAccount || account.ownerId === customer.customerId)
    .map((account) =>
      toAccountAnswer(account, {
        institutionId: needs.institutionId,
        customer,
        owner: ownerOf(account, needs.sampleData) ?? customer,
        unmasked: ctx.state.token.scopes.has(unmaskedScope),
        additionalFields: query.additionalFields,
      }),
    )
    .sort(byCategoryAndId);
}

function namedCustomer(query: AccountsQuery, sampleData: SampleData): Customer {
  const customer =
    query.hostUserId === undefined
      ? sampleData.customerByLoginId(query.loginId ?? "")
      : retailMember(query.hostUserId, sampleData);
  if (customer === undefined) {
    throw accountsRefusal(
      "ACC_00101",
      "Expected a hostUserId or loginId of a customer of this institution; received one that nobody has. A company is named by its loginId.",
    );
  }
  if (query.institutionCustomerId !== undefined && query.institutionCustomerId.toLowerCase() !== customer.customerId) {
    throw accountsRefusal(
      "ACC_00410",
      "Expected in institutionCustomerId a location of the named customer; received another one. Leave it out, or correct it.",
    );
  }
  return customer;
}

/** hostUserId names retail customers only. */
function retailMember(memberNumber: string, sampleData: SampleData): Customer | undefined {
  const customer = sampleData.customerByMemberNumber(memberNumber);
  return customer?.kind === "person" ? customer : undefined;
}

function ownerOf(account: Account, sampleData: SampleData): Customer | undefined {
  return sampleData.customerById(account.ownerId);
}

function byCategoryAndId(one: AccountAnswer, other: AccountAnswer): number {
  const [left, right] = [`${one.category} ${one.id}`, `${other.category} ${other.id}`];
  return left < right ? -1 : Number(left > right);
}
