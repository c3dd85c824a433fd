import { userInfo } from "node:os";
import { openSettingsStore } from "../composition/open-settings-store.ts";
import { openFinanceRealm } from "../oidc/endpoints.ts";
import { createAuditLog } from "../policy/audit/audit-log.ts";
import { createClientLifecycle } from "../policy/registration/client-lifecycle.ts";
import { readEncryptionKey } from "../settings/encryption-key.ts";
import { createClientRecords } from "../store/client-records.ts";
import type { OpenedTrail } from "./audit-commands.ts";
import type { OpenedClients } from "./clients-commands.ts";
import { surroundingsOf } from "./serve-command.ts";

/** The audit trail of the settings' store, whether or not the server runs. */
export async function openTrail(root: string): Promise<OpenedTrail> {
  const surroundings = surroundingsOf(root);
  const { settings, clock, randomness, log } = surroundings;
  const encryptionKey = readEncryptionKey(root, settings.secrets, randomness);
  const store = await openSettingsStore(surroundings);
  return { store, clock, randomness, log, encryptionKey, close: () => store.close() };
}

/** The clients of the settings' store, whether or not the server runs. */
export async function openClients(root: string): Promise<OpenedClients> {
  const surroundings = surroundingsOf(root);
  const { settings, clock, randomness } = surroundings;
  const store = await openSettingsStore(surroundings);
  const clients = createClientRecords({ store });
  return {
    realm: openFinanceRealm(settings),
    clients,
    lifecycle: createClientLifecycle({ clients, audit: createAuditLog({ store, clock, randomness }), clock, randomness }),
    productScopes: Object.keys(settings.bankProducts),
    operator: operatingSystemUser(),
    close: () => store.close(),
  };
}

/** The user's name, or its number where the system knows no name of it, as in many containers. */
function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
