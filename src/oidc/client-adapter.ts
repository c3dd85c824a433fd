import type { Adapter, AdapterPayload } from "oidc-provider";
import type { ClientRecord, ClientRecords } from "../store/client-records.ts";
import { engineState } from "./engine-context.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** What the engine knows of a client: the registered metadata and the two members that it adds itself. */
export function engineClient(record: ClientRecord): Record<string, unknown> {
  return { ...record.metadata, client_id: record.clientId, client_id_issued_at: record.registeredAt };
}

/** Clients, which the engine only reads; in a call of an authenticated client, that client as it was authenticated. */
export function clientAdapter(clients: ClientRecords): Adapter {
  return {
    ...unsupported("Client"),
    async find(id) {
      const { engineUnit } = engineState();
      const client = engineUnit?.client.record.clientId === id ? engineUnit.client : await clients.find(id);
      return client?.record.status === "active" ? (engineClient(client.record) as AdapterPayload) : undefined;
    },
  };
}
