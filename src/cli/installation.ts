import { userInfo } from "node:os";
import { createDirectoryClient } from "../composition/directory-client.ts";
import { openSettingsStore } from "../composition/open-settings-store.ts";
import { createFactsSource } from "../composition/registration-facts-source.ts";
import { registrationRules } from "../composition/registration-rules.ts";
import type { Surroundings } from "../composition/surroundings.ts";
import { createTrust } from "../composition/trust.ts";
import { createSecretBox } from "../kernel/secret-box.ts";
import { openFinanceRealm } from "../oidc/endpoints.ts";
import { createTrailBeginning } from "../oidc/signing-keys.ts";
import { createAuditLog } from "../policy/audit/audit-log.ts";
import { createConsents } from "../policy/consent/consents.ts";
import { createStoredCustomerDirectory } from "../policy/customer/stored-customer-directory.ts";
import { createClientLifecycle } from "../policy/registration/client-lifecycle.ts";
import { readEncryptionKey } from "../settings/encryption-key.ts";
import { createClientRecords } from "../store/client-records.ts";
import { createConsentRecords } from "../store/consent-records.ts";
import type { OpenedTrail } from "./audit-commands.ts";
import type { OpenedClients } from "./clients-commands.ts";
import type { OpenedConsents } from "./consents-commands.ts";
import type { OpenedCustomers } from "./customers-commands.ts";
import type { OpenedDoctor } from "./doctor-command.ts";
import { surroundingsOf } from "./serve-command.ts";

/** The audit trail of the settings' store, whether or not the server runs. */
export async function openTrail(root: string): Promise<OpenedTrail> {
  const surroundings = surroundingsOf(root);
  const { settings, clock, randomness, log } = surroundings;
  const encryptionKey = readEncryptionKey(root, settings.secrets, randomness);
  const store = await openSettingsStore(surroundings);
  const box = createSecretBox(encryptionKey, "signing-keys", randomness);
  const beginning = createTrailBeginning({ store, box, realm: openFinanceRealm(settings).name });
  return { store, beginning, clock, randomness, log, encryptionKey, close: () => store.close() };
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
    lifecycle: createClientLifecycle({ clients, audit: createAuditLog({ clock, randomness }), clock, randomness }),
    productScopes: Object.keys(settings.bankProducts),
    operator: operatingSystemUser(),
    close: () => store.close(),
  };
}

/** The consents of the settings' store, whether or not the server runs. */
export async function openConsents(root: string): Promise<OpenedConsents> {
  const surroundings = surroundingsOf(root);
  const { settings, clock, randomness } = surroundings;
  const encryptionKey = readEncryptionKey(root, settings.secrets, randomness);
  const store = await openSettingsStore(surroundings);
  return {
    consents: createConsents({
      records: createConsentRecords({ store, box: createSecretBox(encryptionKey, "consents", randomness) }),
      audit: createAuditLog({ clock, randomness }),
      clock,
      randomness,
      realm: openFinanceRealm(settings).name,
      offeredScopes: settings.offeredScopes,
      // Asked for when a TPP extends a consent, which no command does.
      companiesOf: async () => [],
    }),
    operator: operatingSystemUser(),
    close: () => store.close(),
  };
}

/** The customers of the embedded directory, whether or not the server runs. */
export async function openCustomers(root: string): Promise<OpenedCustomers> {
  const surroundings = surroundingsOf(root);
  const { settings, clock, randomness } = surroundings;
  const encryptionKey = readEncryptionKey(root, settings.secrets, randomness);
  const store = await openSettingsStore(surroundings);
  const audit = createAuditLog({ clock, randomness });
  return {
    customers: createStoredCustomerDirectory({ store, audit, clock, randomness, encryptionKey, realm: openFinanceRealm(settings).name }),
    randomness,
    issuer: new URL(settings.publicUrl).hostname,
    operator: operatingSystemUser(),
    close: () => store.close(),
  };
}

/** What the server judges with, under its settings and on its store. */
export async function openDoctor(surroundings: Surroundings): Promise<OpenedDoctor> {
  const { settings, clock } = surroundings;
  await using opened = new AsyncDisposableStack();
  const realm = openFinanceRealm(settings);
  const rules = await registrationRules(surroundings, realm);
  const store = await openSettingsStore(surroundings);
  opened.defer(() => store.close());
  const trust = await createTrust(surroundings, store);
  opened.defer(() => trust.close());
  const directory = await createDirectoryClient(surroundings, store);
  opened.defer(() => directory.close());
  const { anchors, sealAnchors, crl } = trust;
  const everything = opened.move();
  return {
    realm,
    needs: {
      anchors,
      sealAnchors,
      revocation: crl,
      whenRevocationUnknown: settings.certificates.whenRevocationUnknown,
      acceptedAuthorities: settings.certificates.acceptedAuthorities,
      keystore: directory.keystore,
      facts: createFactsSource({ clock, rules, trust, directory, clients: createClientRecords({ store }) }),
      clock,
      maxBodyBytes: settings.registration.maxBodyKilobytes * 1024,
    },
    async close() {
      // A list that is being renewed is still written to the store.
      await crl.settled();
      await everything.disposeAsync();
    },
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
