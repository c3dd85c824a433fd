import { z } from "zod";
import type { SampleData } from "../sample-data.ts";
import { balances, identifiedAccount, listedAccount, listedTransaction, overdraftLimits } from "./account-answers.ts";
import {
  accountIdentificationSchema,
  accountListSchema,
  accountTypeSchema,
  balancesSchema,
  creditDebitSchema,
  overdraftLimitsSchema,
  transactionListSchema,
} from "./accounts-schemas.ts";
import { bookingPeriod, periodQuery } from "./booking-period.ts";
import { operation, type Call, type DataApi } from "./data-api.ts";
import type { Institution } from "./institution.ts";
import { instantMeta, oneRecord, pageLinks, pageLinksWithoutLast, pageQuery, selfLink, takePage, totalsMeta } from "./paging.ts";
import { consentedAccounts, namedAccount } from "./shared-account.ts";
import { transactionsOf } from "./transactions.ts";

const listQuery = pageQuery.extend({
  accountType: accountTypeSchema.optional().describe(`um de ${accountTypeSchema.options.join(", ")}`),
});

const transactionQuery = pageQuery.extend(periodQuery.shape).extend({
  creditDebitIndicator: creditDebitSchema.optional().describe(`um de ${creditDebitSchema.options.join(", ")}`),
});

const noQuery = z.object({});

/** The accounts API, 2.4.2: the accounts of one consent, their balances, limits and transactions. */
export function accountsApi(needs: { sampleData: SampleData; institution: Institution }): DataApi {
  const { sampleData, institution } = needs;
  const single = (call: Call) => ({ links: selfLink(call.place), meta: totalsMeta(call.now, oneRecord) });

  function transactions(call: Call, query: z.output<typeof transactionQuery>, reach: Parameters<typeof bookingPeriod>[2]) {
    const account = namedAccount(call, sampleData);
    const period = bookingPeriod(query, call.now, reach);
    const found = transactionsOf(account, period, call.now).filter(
      ({ movement }) => query.creditDebitIndicator === undefined || movement.direction === query.creditDebitIndicator,
    );
    const page = takePage(found, query);
    return {
      data: page.items.map(listedTransaction),
      links: pageLinksWithoutLast(call.place, page, { fromBookingDate: period.first, toBookingDate: period.last }),
      meta: instantMeta(call.now),
    };
  }

  return {
    name: "accounts",
    title: "Accounts",
    version: "2.4.2",
    base: "/open-banking/accounts/v2",
    scope: "accounts",
    errorsTellTotals: (path) => !/\/transactions(-current)?\/?$/i.test(path),
    operations: [
      operation({
        path: "/accounts",
        summary: "The accounts that the customer chose to share and that are available, ordered by branch and number",
        permission: "ACCOUNTS_READ",
        query: listQuery,
        answer: accountListSchema,
        answerName: "AccountList",
        respond: (call, query) => {
          const listed = consentedAccounts(call, sampleData)
            .filter(({ withheld }) => withheld === undefined)
            .map((account) => listedAccount(account, institution))
            .filter(({ type }) => query.accountType === undefined || type === query.accountType);
          const page = takePage(listed, query);
          return { data: [...page.items], links: pageLinks(call.place, page), meta: totalsMeta(call.now, page) };
        },
      }),
      operation({
        path: "/accounts/{accountId}",
        summary: "How one account is named",
        permission: "ACCOUNTS_READ",
        query: noQuery,
        answer: accountIdentificationSchema,
        answerName: "AccountIdentification",
        respond: (call) => ({ data: identifiedAccount(namedAccount(call, sampleData), institution), ...single(call) }),
      }),
      operation({
        path: "/accounts/{accountId}/balances",
        summary: "The balances of one account",
        permission: "ACCOUNTS_BALANCES_READ",
        query: noQuery,
        answer: balancesSchema,
        answerName: "AccountBalances",
        respond: (call) => ({ data: balances(namedAccount(call, sampleData), call.now), ...single(call) }),
      }),
      operation({
        path: "/accounts/{accountId}/overdraft-limits",
        summary: "The overdraft limits of one account; an empty object where there is no overdraft",
        permission: "ACCOUNTS_OVERDRAFT_LIMITS_READ",
        query: noQuery,
        answer: overdraftLimitsSchema,
        answerName: "AccountOverdraftLimits",
        respond: (call) => ({ data: overdraftLimits(namedAccount(call, sampleData)), ...single(call) }),
      }),
      operation({
        path: "/accounts/{accountId}/transactions",
        summary: "The transactions of one account, latest first: today's, or those of a period within twelve months each way",
        permission: "ACCOUNTS_TRANSACTIONS_READ",
        query: transactionQuery,
        answer: transactionListSchema,
        answerName: "AccountTransactions",
        respond: (call, query) => transactions(call, query, "twelve-months"),
      }),
      operation({
        path: "/accounts/{accountId}/transactions-current",
        summary: "The same for the last seven days and the future",
        permission: "ACCOUNTS_TRANSACTIONS_READ",
        query: transactionQuery,
        answer: transactionListSchema,
        answerName: "AccountTransactions",
        respond: (call, query) => transactions(call, query, "seven-days"),
      }),
    ],
  };
}
