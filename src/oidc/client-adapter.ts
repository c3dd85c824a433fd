import type { Adapter, AdapterPayload } from "oidc-provider";
import { registeredMembers } from "../policy/registration/client-metadata.ts";
import type { ClientRecords } from "../store/client-records.ts";
import { engineState } from "./engine-context.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** Clients, which the engine only reads; in a call of an authenticated client, that client as it was authenticated. */
export function clientAdapter(clients: ClientRecords): Adapter {
  return {
    ...unsupported("Client"),
    async find(id) {
      const { engineUnit } = engineState();
      const client = engineUnit?.client.record.clientId === id ? engineUnit.client : await clients.find(id);
      return client?.record.status === "active" ? (registeredMembers(client.record) as AdapterPayload) : undefined;
    },
  };
}
