import { sampleLogins } from "../bank/sample-logins.ts";
import type { ConsentRoutesNeeds } from "../http/consents/consent-routes.ts";
import type { CallerAddress } from "../http/caller-address.ts";
import { createCallerAuthorisation } from "../http/caller-authorisation.ts";
import type { CertificateReading, ReadClientCertificate } from "../http/client-certificate.ts";
import { createCustomerSessions } from "../http/customer-session.ts";
import type { JudgeClientCertificate } from "../http/judge-client-certificate.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import { derivedKey, type SecretBox } from "../kernel/secret-box.ts";
import type { Realm } from "../oidc/endpoints.ts";
import type { AuditLog } from "../policy/audit/audit-log.ts";
import { createConsents } from "../policy/consent/consents.ts";
import { createCustomerLogin } from "../policy/customer/customer-login.ts";
import { readLoginName } from "../policy/customer/login-name.ts";
import { seedCustomers } from "../policy/customer/seed-customers.ts";
import { createStoredCustomerDirectory } from "../policy/customer/stored-customer-directory.ts";
import type { IntrospectToken } from "../policy/token/introspect-token.ts";
import { isStoreUnavailable } from "../store/open-store.ts";
import type { ClientRecords } from "../store/client-records.ts";
import { createConsentRecords } from "../store/consent-records.ts";
import type { Store } from "../store/store.ts";
import { openCustomerSource } from "./customer-source.ts";
import type { Surroundings } from "./surroundings.ts";

export interface CustomerSideNeeds {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly encryptionKey: string;
  /** Seals what consents say of people. */
  readonly consentBox: SecretBox;
  readonly realm: Realm;
  readonly clients: ClientRecords;
}

interface ConsentWiring {
  readonly introspect: IntrospectToken;
  readonly readCertificate: ReadClientCertificate;
  readonly judgeCertificate: JudgeClientCertificate;
  readonly callerAddress: CallerAddress;
}

/** Everything that has to do with the bank's customers: who they are, how they log in, what they consent to. */
export async function createCustomerSide(surroundings: Surroundings, needs: CustomerSideNeeds) {
  const { settings, clock, randomness, log } = surroundings;
  const { store, audit, encryptionKey, realm } = needs;
  const common = { store, audit, clock, randomness, encryptionKey, realm: realm.name };
  const stored = createStoredCustomerDirectory(common);
  if (settings.sampleCustomers) {
    await seedCustomers(stored, sampleLogins);
  }
  const source = await openCustomerSource(surroundings, encryptionKey);
  const customers = source.directory ?? stored;
  const consents = createConsents({
    records: createConsentRecords({ store, box: needs.consentBox }),
    audit,
    clock,
    randomness,
    realm: realm.name,
    offeredScopes: settings.offeredScopes,
    companiesOf: async (cpf) => (await customers.findByLogin(readLoginName(cpf)))?.companies.map(({ cnpj }) => cnpj) ?? [],
  });
  const formKey = derivedKey(encryptionKey, "forms");
  const limit = (callsPerMinute: number) => createRateLimit({ callsPerMinute, clock });

  return {
    customers,
    consents,
    consentRoutes: (wiring: ConsentWiring): ConsentRoutesNeeds => ({
      consents,
      authorize: createCallerAuthorisation(wiring),
      baseUrl: settings.mtlsUrl,
      clock,
      log,
      callerLimit: limit(settings.consents.requestsPerMinuteAndClient),
      callerOf: (ctx) => thumbprintOf(wiring.readCertificate(ctx.req)) ?? wiring.callerAddress(ctx.req),
      clientLimit: limit(settings.consents.requestsPerMinuteAndClient),
      overallLimit: limit(settings.consents.requestsPerMinute),
      isUnavailable: isStoreUnavailable,
    }),
    close: async () => source.close?.(),
    sessions: createCustomerSessions({ store, randomness, formKey }),
    interaction: {
      consents,
      customers,
      login: createCustomerLogin({ ...common, directory: customers }),
      accountsForConsent: (customerId: string, cnpj?: string) => source.accountsForConsent(customerId, cnpj),
      formKey,
      secondFactor: settings.login.secondFactor,
    },
  };
}

function thumbprintOf(certificate: CertificateReading): string | undefined {
  return typeof certificate === "string" ? undefined : certificate.thumbprint;
}
