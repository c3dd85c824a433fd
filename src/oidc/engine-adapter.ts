import type { Adapter } from "oidc-provider";
import type { ClientRecords } from "../store/client-records.ts";
import { clientAdapter } from "./client-adapter.ts";
import { tokenAdapter, tokenModels, type TokenAdapterNeeds, type TokenModel } from "./token-adapter.ts";
import { sessionAdapter, sessionModels } from "./session-adapter.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** The engine's storage, by the name of its model. */
export function createEngineAdapter(needs: TokenAdapterNeeds & { clients: ClientRecords }): (name: string) => Adapter {
  return (name) => {
    if (name === "Client") {
      return clientAdapter(needs.clients);
    }
    if (Object.hasOwn(tokenModels, name)) {
      // One of the names, as the line above made sure.
      return tokenAdapter(needs, name as TokenModel);
    }
    if (Object.hasOwn(sessionModels, name)) {
      return sessionAdapter(needs, sessionModels[name as keyof typeof sessionModels]);
    }
    return unsupported(name);
  };
}
