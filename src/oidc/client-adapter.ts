import type { Adapter, AdapterPayload } from "oidc-provider";
import type { ClientRecord, ClientRecords } from "../store/client-records.ts";
import { engineState } from "./engine-context.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** What the engine knows of a client: the registered metadata and the two members that it adds itself. */
export function engineClient(record: ClientRecord): Record<string, unknown> {
  return { ...record.metadata, client_id: record.clientId, client_id_issued_at: record.registeredAt };
}

/**
 * Clients. In a registration call the engine sees only what the call gives it, and its writes are left there; in a call
 * of an authenticated client, that client as it was authenticated.
 */
export function clientAdapter(clients: ClientRecords): Adapter {
  return {
    ...unsupported("Client"),
    async find(id) {
      const { registration, engineUnit } = engineState();
      if (registration) {
        return registration.known?.clientId === id ? (registration.known.metadata as AdapterPayload) : undefined;
      }
      const client = engineUnit?.client.record.clientId === id ? engineUnit.client : await clients.find(id);
      return client?.record.status === "active" ? (engineClient(client.record) as AdapterPayload) : undefined;
    },
    async upsert(_id, payload) {
      const { registration } = engineState();
      if (!registration) {
        throw new Error("a client is stored only in a registration call");
      }
      registration.stored = payload;
    },
  };
}

/** The token was judged before the engine sees the call; here it only finds again what belongs to it. */
export function registrationTokenAdapter(): Adapter {
  return {
    ...unsupported("RegistrationAccessToken"),
    async find(id) {
      const known = engineState().registration?.known;
      return known && known.registrationToken === id ? { jti: id, kind: "RegistrationAccessToken", clientId: known.clientId } : undefined;
    },
    async upsert() {
      // Its hash is stored with the client, in the same batch.
    },
  };
}
