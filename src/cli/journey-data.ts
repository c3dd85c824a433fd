import type { JWTPayload } from "jose";
import { z } from "zod";
import { accountsSchema, balanceSchema, consentSchema, identificationsSchema, refreshedSchema, resourcesSchema } from "./journey-answers.ts";
import { consentsUrl, type JourneyNeeds, type Registered, type Server, type Tokens } from "./journey-needs.ts";
import { must, shortened } from "./journey-report.ts";
import { answered, expectStatus } from "./journey-tpp.ts";

/** Reads the three data APIs: only what the customer chose may come. */
export async function readData({ report, bankUrl, customer }: JourneyNeeds, { tpp }: Registered, { accessToken }: Tokens, shared: number): Promise<void> {
  const read = async <Schema extends z.ZodType>(path: string, schema: Schema) => answered(await tpp.api(`${bankUrl}${path}`, accessToken), 200, schema);
  await report.step("Read what is shared (resources)", async (say) => {
    const { data } = await read("/open-banking/resources/v3/resources", resourcesSchema);
    must(data.length === shared, `the ${shared} accounts that the customer chose, received ${data.length}`);
    say(`HTTP 200, ${data.map(({ type, status }) => `${type} ${status}`).join(", ")}`);
  });
  await report.step("Read the accounts and a balance", async (say) => {
    const { data } = await read("/open-banking/accounts/v2/accounts", accountsSchema);
    const [account] = data;
    must(data.length <= shared && (account !== undefined || shared === 0), `at least one account, and only the ${shared} chosen ones, received ${data.length}`);
    if (account === undefined) {
      say("HTTP 200, no accounts: the customer has none");
      return;
    }
    const { availableAmount } = (await read(`/open-banking/accounts/v2/accounts/${account.accountId}/balances`, balanceSchema)).data;
    say(`HTTP 200, ${data.length} accounts; ${account.type} with ${availableAmount.currency} ${availableAmount.amount}`);
  });
  await report.step("Read who the customer is (customers)", async (say) => {
    const { data } = await read("/open-banking/customers/v2/personal/identifications", identificationsSchema);
    must(data.every(({ documents }) => documents.cpfNumber === customer.cpf), "the customer of the consent");
    say(`HTTP 200, ${data[0]?.civilName}`);
  });
}

/** Userinfo (OpenID Connect Core 5.3) must name the customer of the ID token. */
export function readUserinfo({ report }: JourneyNeeds, { discovery }: Server, { tpp }: Registered, { accessToken }: Tokens, first: JWTPayload): Promise<void> {
  return report.step("Ask userinfo", async (say) => {
    const answer = await tpp.call(discovery.mtls_endpoint_aliases.userinfo_endpoint, { headers: { authorization: `Bearer ${accessToken}` } });
    const { sub } = answered(answer, 200, z.object({ sub: z.string() }));
    must(sub === first.sub, "the sub of the ID token");
    say(`HTTP 200, sub ${sub}`);
  });
}

/** Refreshes, and gives the new access token, which must open the accounts (FAPI-BR 5.2.2: no rotation). */
export function refresh({ report, bankUrl }: JourneyNeeds, { discovery }: Server, { tpp }: Registered, { refreshToken }: Tokens): Promise<string> {
  return report.step("Refresh: a new access token, the same refresh token", async (say) => {
    const answer = await tpp.authenticated(discovery.mtls_endpoint_aliases.token_endpoint, { grant_type: "refresh_token", refresh_token: refreshToken });
    const refreshed = answered(answer, 200, refreshedSchema);
    must((refreshed.refresh_token ?? refreshToken) === refreshToken, "a refresh token that is never rotated");
    expectStatus(await tpp.api(`${bankUrl}/open-banking/accounts/v2/accounts`, refreshed.access_token), 200);
    say(`HTTP 200, access_token ${shortened(refreshed.access_token)}, ${refreshed.expires_in} s; it opens the accounts`);
    return refreshed.access_token;
  });
}

interface WhatEnds {
  readonly consentId: string;
  readonly clientToken: string;
  readonly accessTokens: readonly string[];
  readonly refreshToken: string;
}

/** Ends the consent, and with it every token in the same second (FAPI-BR 7.2.2-4). */
export async function revoke(needs: JourneyNeeds, { discovery }: Server, { tpp }: Registered, { consentId, clientToken, accessTokens, refreshToken }: WhatEnds): Promise<void> {
  const { report, bankUrl } = needs;
  const consent = `${consentsUrl(needs)}/${encodeURIComponent(consentId)}`;
  await report.step("End the consent", async (say) => {
    expectStatus(await tpp.api(consent, clientToken, { method: "DELETE" }), 204);
    const { data } = answered(await tpp.api(consent, clientToken), 200, consentSchema);
    must(data.status === "REJECTED", `a consent that is REJECTED, received ${data.status}`);
    say(`HTTP 204; the consent is ${data.status}`);
  });
  await report.step("Every door is closed: accounts, customers, resources, refresh", async (say) => {
    for (const path of ["/open-banking/accounts/v2/accounts", "/open-banking/customers/v2/personal/identifications", "/open-banking/resources/v3/resources"]) {
      for (const token of accessTokens) {
        expectStatus(await tpp.api(`${bankUrl}${path}`, token), 401);
      }
      say(`HTTP 401 from ${path}, with either access token`);
    }
    const answer = await tpp.authenticated(discovery.mtls_endpoint_aliases.token_endpoint, { grant_type: "refresh_token", refresh_token: refreshToken });
    const { error } = answered(answer, 400, z.object({ error: z.literal("invalid_grant") }));
    say(`HTTP 400 ${error} to the refresh token`);
  });
}
