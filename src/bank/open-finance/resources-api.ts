import { z } from "zod";
import type { SampleData } from "../sample-data.ts";
import { idSchema } from "./accounts-schemas.ts";
import { operation, type DataApi } from "./data-api.ts";
import { linksSchema, metaTotalsSchema } from "./envelope.ts";
import { pageLinks, pageQueryFrom, takePage, totalsMeta } from "./paging.ts";
import { consentedAccounts, resourceStatus, resourceStatuses } from "./shared-account.ts";

const listQuery = pageQueryFrom(25);

const resourceListSchema = z.object({
  data: z.array(z.object({ resourceId: idSchema, type: z.literal("ACCOUNT"), status: z.enum(resourceStatuses) })),
  links: linksSchema,
  meta: metaTotalsSchema,
});

/** The resources API, 3.1.0: what one consent shares, and whether it is available. Customer data is no resource. */
export function resourcesApi({ sampleData }: { sampleData: SampleData }): DataApi {
  return {
    name: "resources",
    title: "Resources",
    version: "3.1.0",
    base: "/open-banking/resources/v3",
    scope: "resources",
    errorsTellTotals: () => false,
    operations: [
      operation({
        path: "/resources",
        summary: "What the customer chose to share, with its state, ordered by branch and number",
        permission: "RESOURCES_READ",
        query: listQuery,
        answer: resourceListSchema,
        answerName: "ResourceList",
        respond: (call, query) => {
          const shared = call.token.consent.permissions.has("ACCOUNTS_READ") ? consentedAccounts(call, sampleData) : [];
          const page = takePage(shared, query);
          return {
            data: page.items.map((account) => ({
              resourceId: account.openFinanceId,
              type: "ACCOUNT" as const,
              status: resourceStatus(account),
            })),
            links: pageLinks(call.place, page),
            meta: totalsMeta(call.now, page),
          };
        },
      }),
    ],
  };
}
