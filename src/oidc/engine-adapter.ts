import type { Adapter } from "oidc-provider";
import type { Clock } from "../kernel/clock.ts";
import type { Store } from "../store/store.ts";
import type { ClientRecords } from "../store/client-records.ts";
import { clientAdapter, registrationTokenAdapter } from "./client-adapter.ts";
import { tokenAdapter, tokenModels } from "./token-adapter.ts";
import { sessionAdapter, sessionModels } from "./session-adapter.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** The engine's storage, by the name of its model. */
export function createEngineAdapter(needs: { store: Store; clients: ClientRecords; clock: Clock }): (name: string) => Adapter {
  return (name) => {
    if (name === "Client") {
      return clientAdapter(needs.clients);
    }
    if (name === "RegistrationAccessToken") {
      return registrationTokenAdapter();
    }
    if (Object.hasOwn(tokenModels, name)) {
      // One of the names, as the line above made sure.
      return tokenAdapter(needs, tokenModels[name as keyof typeof tokenModels]);
    }
    if (Object.hasOwn(sessionModels, name)) {
      return sessionAdapter(needs.store, sessionModels[name as keyof typeof sessionModels]);
    }
    return unsupported(name);
  };
}
