import type { Adapter, AdapterPayload } from "oidc-provider";
import type { ClientRecord, ClientRecords } from "../store/client-records.ts";
import { Provider } from "./engine.ts";
import type { RegistrationUnit } from "./registration-unit.ts";

/** What the engine knows of a client: the registered metadata and the two members that it adds itself. */
export function engineClient(record: ClientRecord): Record<string, unknown> {
  return { ...record.metadata, client_id: record.clientId, client_id_issued_at: record.registeredAt };
}

/** The registration call under way in this request, if there is one. */
function currentUnit(): RegistrationUnit | undefined {
  // Set by the registration routes, and by nobody else.
  return Provider.ctx?.state["registration"] as RegistrationUnit | undefined;
}

/** The engine's storage, by the name of its model. */
export function createEngineAdapter(needs: { clients: ClientRecords }): (name: string) => Adapter {
  return (name) => {
    switch (name) {
      case "Client":
        return clientAdapter(needs.clients);
      case "RegistrationAccessToken":
        return registrationTokenAdapter();
      default:
        return unsupported(name);
    }
  };
}

function clientAdapter(clients: ClientRecords): Adapter {
  return {
    ...unsupported("Client"),
    async find(id) {
      const unit = currentUnit();
      if (unit) {
        return unit.known?.clientId === id ? (unit.known.metadata as AdapterPayload) : undefined;
      }
      const client = await clients.find(id);
      return client?.record.status === "active" ? (engineClient(client.record) as AdapterPayload) : undefined;
    },
    async upsert(_id, payload) {
      const unit = currentUnit();
      if (!unit) {
        throw new Error("a client is stored only in a registration call");
      }
      unit.stored = payload;
    },
    async destroy() {
      const unit = currentUnit();
      if (unit) {
        unit.deleted = true;
      }
    },
  };
}

/** The token was judged before the engine sees the call; here it only finds again what belongs to it. */
function registrationTokenAdapter(): Adapter {
  return {
    ...unsupported("RegistrationAccessToken"),
    async find(id) {
      const known = currentUnit()?.known;
      return known && known.registrationToken === id ? { jti: id, kind: "RegistrationAccessToken", clientId: known.clientId } : undefined;
    },
    async upsert() {
      // Its hash is stored with the client, in the same batch.
    },
    async destroy() {
      // It ends with the client, in the same batch.
    },
  };
}

function unsupported(name: string): Adapter {
  const refuse = () => Promise.reject(new Error(`the engine's ${name} has no storage here`));
  return {
    upsert: refuse,
    find: refuse,
    findByUserCode: refuse,
    findByUid: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
}
