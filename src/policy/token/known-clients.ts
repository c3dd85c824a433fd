import { LRUCache } from "lru-cache";
import type { HeldKeys, SoftwareKeys } from "../../directory/software-keys.ts";
import { numberOfRoute } from "../../kernel/identifiers.ts";
import type { SeenClient } from "../../store/client-changes.ts";
import { isVersionOf, type ClientRecords, type VersionedClient } from "../../store/client-records.ts";
import { scopesWithoutCustomer } from "../scope/scopes-without-customer.ts";

/**
 * A client with what every request of it asks about, worked out once for each version that was read of it. It stands in
 * one object, found by one look-up: with thousands of clients in turn no processor cache holds what is known of them, and
 * every object that lies behind another one is a wait for memory (`scripts/bench/README.md`).
 */
export interface KnownClient extends SeenClient, HeldKeys {
  readonly softwareId: string;
  readonly organisationId: string;
  readonly active: boolean;
  /** What `client_credentials` may give it, undefined when it has not registered that grant. */
  readonly scopesWithoutCustomer: readonly string[] | undefined;
}

export interface KnownClients {
  /** The client as the store holds it now, in one round trip. */
  find(clientId: string): Promise<KnownClient | undefined>;
  /** What was last found of it, perhaps outdated: fit only for what is then committed `given` that its version holds. */
  recall(clientId: string): KnownClient | undefined;
}

export interface KnownClientsNeeds {
  readonly clients: Pick<ClientRecords, "find">;
  readonly softwareKeys: Pick<SoftwareKeys, "hold">;
  /** How many stay in memory; 10,000 unless told. */
  readonly remembered?: number;
}

export function createKnownClients({ clients, softwareKeys, remembered = 10_000 }: KnownClientsNeeds): KnownClients {
  const known = new LRUCache<number, KnownClient>({ max: remembered });

  const know = ({ version, record }: VersionedClient): KnownClient => ({
    version,
    seenAt: undefined,
    record,
    softwareId: record.softwareId,
    organisationId: record.organisationId,
    active: record.status === "active",
    scopesWithoutCustomer: scopesWithoutCustomer(record),
    ...softwareKeys.hold(String(record.metadata["jwks_uri"])),
  });

  const recall = (clientId: string): KnownClient | undefined => {
    const client = known.get(numberOfRoute(clientId));
    return client && isVersionOf(client.version, clientId) ? client : undefined;
  };

  return {
    async find(clientId) {
      const client = await clients.find(clientId);
      const before = recall(clientId);
      if (client?.version === before?.version) {
        return before;
      }
      if (client === undefined) {
        known.delete(numberOfRoute(clientId));
        return undefined;
      }
      const now = know(client);
      known.set(numberOfRoute(clientId), now);
      return now;
    },
    recall,
  };
}
