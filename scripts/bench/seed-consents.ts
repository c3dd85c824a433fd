import { accountsForConsent } from "../../src/bank/consent-accounts.ts";
import { createSampleData } from "../../src/bank/sample-data.ts";
import { sampleLogins } from "../../src/bank/sample-logins.ts";
import { epochSeconds, type Clock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createSecretBox, derivedKey } from "../../src/kernel/secret-box.ts";
import { createConsentRecords, newConsentId, type ConsentRecord } from "../../src/store/consent-records.ts";
import type { Store } from "../../src/store/store.ts";
import type { BenchClient } from "./ecosystem.ts";
import type { JourneyConsents } from "./journey.ts";

export interface SeedConsentsNeeds {
  readonly store: Store;
  readonly clock: Clock;
  readonly encryptionKey: string;
  readonly clients: readonly BenchClient[];
}

const consentSeconds = 86_400;

/** The sample bank's first customer, who gives every consent. */
export function benchCustomer(): { readonly customerId: string; readonly cpf: string } {
  const [customer] = sampleLogins;
  if (!customer) throw new Error("The sample bank has no customer");
  return customer;
}

/** The key that the account ids of server and bank come from. */
export function accountIdKey(encryptionKey: string): Buffer {
  return derivedKey(encryptionKey, "account-ids");
}

/** Puts two consents for every client into the store: one that awaits authorisation, one that the customer has given. */
export async function seedConsents(needs: SeedConsentsNeeds): Promise<(client: BenchClient) => JourneyConsents> {
  const { store, clock, encryptionKey } = needs;
  const { customerId, cpf } = benchCustomer();
  const records = createConsentRecords({ store, box: createSecretBox(encryptionKey, "consents", systemRandomness) });
  const accounts = accountsForConsent(createSampleData(accountIdKey(encryptionKey)), customerId);
  const now = epochSeconds(clock);
  const authorisation = { customerId, at: now, accounts: accounts.map(({ accountId }) => accountId), severalApprovers: false };

  const insert = async (clientId: string, state: Pick<ConsentRecord, "status" | "authorisation">): Promise<string> => {
    const consentId = newConsentId(clientId, systemRandomness);
    const record: ConsentRecord = {
      consentId,
      clientId,
      permissions: ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "RESOURCES_READ"],
      createdAt: now,
      statusUpdatedAt: now,
      expiresAt: now + consentSeconds,
      extensions: 0,
      parties: { loggedUser: cpf },
      ...state,
    };
    if (!(await records.insert({ record, with: [] }))) throw new Error("A consent could not be seeded: its client is not there");
    return consentId;
  };

  const seeded = await Promise.all(
    needs.clients.map(async ({ clientId }): Promise<[string, JourneyConsents]> => {
      const awaiting = await insert(clientId, { status: "AWAITING_AUTHORISATION" });
      return [clientId, { awaiting, authorised: await insert(clientId, { status: "AUTHORISED", authorisation }) }];
    }),
  );
  const byClient = new Map(seeded);
  return ({ clientId }) => {
    const consents = byClient.get(clientId);
    if (!consents) throw new Error("Expected a client whose consents were seeded");
    return consents;
  };
}
