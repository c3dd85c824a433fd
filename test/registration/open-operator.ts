import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createAuditLog } from "../../src/policy/audit/audit-log.ts";
import { createClientLifecycle, type ChangedBy, type ClientLifecycle } from "../../src/policy/registration/client-lifecycle.ts";
import { createClientRecords, type ClientRecords } from "../../src/store/client-records.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import type { RegistrationWorld } from "./registration-world.ts";

/** The clients as an operator's commands open them, on the store of the running server. */
export interface Operator {
  readonly clients: ClientRecords;
  readonly lifecycle: ClientLifecycle;
  readonly by: ChangedBy;
  close(): Promise<void>;
}

export function openOperator({ server, time: { clock } }: RegistrationWorld): Operator {
  const { lmdb } = server.settings["store"] as { lmdb: { path: string } };
  const store = openLmdbStore({ path: lmdb.path, clock });
  const clients = createClientRecords({ store });
  const audit = createAuditLog({ clock, randomness: systemRandomness });
  const lifecycle = createClientLifecycle({ clients, audit, clock, randomness: systemRandomness });
  return { clients, lifecycle, by: { actor: { kind: "operator", operator: "test" } }, close: () => store.close() };
}
