import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEntry } from "../../src/kernel/audit-entry.ts";
import type { Clock } from "../../src/kernel/clock.ts";
import { clientTag, newClientId, routeOfSoftware, systemRandomness } from "../../src/kernel/identifiers.ts";
import { createSecretBox } from "../../src/kernel/secret-box.ts";
import { createAuditLog, pendingPrefix } from "../../src/policy/audit/audit-log.ts";
import { createConsents, type Consents } from "../../src/policy/consent/consents.ts";
import type { ConsentRequest } from "../../src/policy/consent/consent-rules.ts";
import { createClientRecords, type ClientRecord, type ClientRecords } from "../../src/store/client-records.ts";
import { createConsentRecords, type ConsentRecords } from "../../src/store/consent-records.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import type { Store } from "../../src/store/store.ts";

/** Invented people and companies; only the check digits are right. */
export const maria = "00011122285";
export const joao = "00022233334";
export const padaria = "12345678000195";
export const oficina = "11222333000181";

export const offeredScopes = ["accounts", "customers", "resources"];

export const balances = ["ACCOUNTS_READ", "ACCOUNTS_BALANCES_READ", "RESOURCES_READ"] as const;

export const begin = Date.parse("2026-06-15T12:00:00Z");
const hour = 3_600_000;
export const day = 24 * hour;

export interface ConsentBank {
  readonly store: Store;
  readonly records: ConsentRecords;
  readonly clients: ClientRecords;
  readonly consents: Consents;
  readonly clock: Clock;
  /** Moves the clock, in milliseconds. */
  advance(milliseconds: number): void;
  /** Sets the clock back to where every test begins. */
  restartClock(): void;
  /** Registers a client of a software statement of this name. */
  client(software: string): Promise<ClientRecord>;
  auditOf(clientId: string): Promise<AuditEntry[]>;
  close(): Promise<void>;
}

/** Consents on a real store in a folder of its own, and a clock that only moves when it is told to. */
export async function openConsentBank(): Promise<ConsentBank> {
  const path = await mkdtemp(join(tmpdir(), "porteiro-consents-"));
  let time = begin;
  const clock: Clock = () => time;
  const store = openLmdbStore({ path, clock, mapSizeBytes: 2 ** 28 });
  const box = createSecretBox(Buffer.alloc(32, 7).toString("base64url"), "consents", systemRandomness);
  const records = createConsentRecords({ store, box });
  const clients = createClientRecords({ store });
  // Entries of one millisecond have no order of their own: each gets its own, so that tests can read a history.
  let entries = 0;
  const audit = createAuditLog({ clock: () => time + (entries += 1), randomness: systemRandomness });
  const consents = createConsents({
    records,
    audit,
    clock,
    randomness: systemRandomness,
    realm: "openbanking_brasil",
    offeredScopes,
    companiesOf: async (cpf) => (cpf === maria || cpf === joao ? [padaria] : []),
  });
  return {
    store,
    records,
    clients,
    consents,
    clock,
    advance(milliseconds) {
      time += milliseconds;
    },
    restartClock() {
      time = begin;
    },
    async client(software) {
      const clientId = newClientId(routeOfSoftware("openbanking_brasil", software), systemRandomness);
      const record: ClientRecord = {
        realm: "openbanking_brasil",
        clientId,
        softwareId: software,
        organisationId: "74e929d9-33b6-4d85-8ba7-c146c867a817",
        metadata: {},
        status: "active",
        productScopes: [],
        registrationTokenHash: "none",
        registeredAt: time / 1000,
        updatedAt: time / 1000,
      };
      await clients.insert({ record, statement: "statement", with: [] });
      return record;
    },
    async auditOf(clientId) {
      const entries = await store.scan(clientTag(clientId.slice(0, 16)), pendingPrefix, { limit: 1000 });
      return entries.map(({ value }) => JSON.parse(value) as AuditEntry);
    },
    async close() {
      await store.close();
      await rm(path, { recursive: true });
    },
  };
}

export const byServer = { actor: { kind: "server" } } as const;

export function personal(changes: Partial<ConsentRequest> = {}): ConsentRequest {
  return { permissions: [...balances], loggedUser: maria, expiresAt: (begin + 30 * day) / 1000, ...changes };
}
