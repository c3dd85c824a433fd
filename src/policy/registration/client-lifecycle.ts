import type { AuditAction, AuditActor } from "../../kernel/audit-entry.ts";
import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { newToken, sha256, tagOfClient, type Randomness } from "../../kernel/identifiers.ts";
import type { ClientRecord, ClientRecords, ClientSuspension, OperatorDecision, VersionedClient } from "../../store/client-records.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { decidedProducts, decisionIn, withoutSuspension } from "./operator-decision.ts";

export interface ClientLifecycleNeeds {
  readonly clients: ClientRecords;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** Who changes a client, and in which request. */
export interface ChangedBy {
  readonly actor: AuditActor;
  readonly requestId?: string;
}

/** Another change came first: the caller reads the client again and decides anew. */
export class ClientChangedMeanwhile extends Error {
  override readonly name = "ClientChangedMeanwhile";

  constructor(clientId: string) {
    super(`client ${clientId} was changed or deleted by another call at the same moment; try again`);
  }
}

/** The statement that a change was made with. */
export interface StatementTaken {
  readonly jwt: string;
  /** As it calls the organisation; without a name in it the known one stays. */
  readonly organisationName?: string | undefined;
}

/** Every change of a client's state, each in one batch with its audit entry. */
export interface ClientLifecycle {
  /**
   * False when the software is registered already, or something else was decided of it meanwhile than the decision that
   * the record carries over; of many at once exactly one succeeds.
   */
  register(record: ClientRecord, statement: string, by: ChangedBy, carriedOver?: OperatorDecision): Promise<boolean>;
  update(from: VersionedClient, metadata: ClientRecord["metadata"], statement: StatementTaken, by: ChangedBy): Promise<void>;
  /** Ends the client, its registration access token and all its tokens in one step; an operator's decisions stay. */
  remove(client: VersionedClient, by: ChangedBy): Promise<void>;
  /** A new registration access token; the old one is dead. */
  recover(client: VersionedClient, statement: StatementTaken | undefined, by: ChangedBy): Promise<{ token: string }>;
  suspend(client: VersionedClient, suspension: Pick<ClientSuspension, "by" | "reason">, by: ChangedBy): Promise<void>;
  /**
   * By an operator, lifts the suspension that is in force; by the server, what the directory said. Gives the suspension
   * that still stands then.
   */
  restore(client: VersionedClient, by: ChangedBy): Promise<ClientSuspension | undefined>;
  /** Lifts a suspension that its client left behind. */
  restoreSoftware(left: OperatorDecision, by: ChangedBy): Promise<void>;
  /** Gives or takes scopes of the bank's products. */
  grantProducts(client: VersionedClient, scopes: readonly string[], by: ChangedBy): Promise<void>;
}

export function createClientLifecycle(needs: ClientLifecycleNeeds): ClientLifecycle {
  const { clients, audit } = needs;
  const now = () => epochSeconds(needs.clock);

  const entry = (record: Pick<ClientRecord, "realm" | "clientId" | "softwareId" | "organisationId">, action: AuditAction, by: ChangedBy, details?: Record<string, unknown>) =>
    audit.entry(tagOfClient(record.clientId), {
      action,
      realm: record.realm,
      subject: { kind: "client", id: record.clientId },
      ...by,
      details: { softwareId: record.softwareId, organisationId: record.organisationId, ...details },
    });

  const change = async (
    from: VersionedClient,
    to: Partial<ClientRecord>,
    action: AuditAction,
    by: ChangedBy,
    more: { statement?: StatementTaken; details?: Record<string, unknown> } = {},
  ): Promise<void> => {
    const { suspension, keptByOperator, ...base } = from.record;
    const word = keptByOperator && more.statement === undefined ? { keptByOperator } : {};
    const kept = to.status !== undefined || suspension === undefined ? {} : { suspension };
    const { jwt, organisationName } = more.statement ?? {};
    const named = organisationName === undefined ? {} : { organisationName };
    const record: ClientRecord = { ...base, ...word, ...kept, ...named, ...to, updatedAt: now() };
    const statement = jwt === undefined ? {} : { statement: jwt };
    const done = await clients.replace(from, { record, ...statement, with: [entry(record, action, by, more.details)] });
    if (!done) {
      throw new ClientChangedMeanwhile(record.clientId);
    }
  };

  return {
    async register(record, statement, by, carriedOver) {
      const details = { scope: record.metadata["scope"], ...(record.products && { products: record.products }) };
      return clients.insert({ record, statement, with: [entry(record, "client.registered", by, details)] }, carriedOver);
    },

    async update(from, metadata, statement, by) {
      // The statement is the directory's word that all is active again; what an operator decided stays.
      const state = stateFor(withoutDirectory(from.record.suspension));
      const restored = state.status === from.record.status ? {} : { restored: true };
      await change(from, { metadata, ...state }, "client.updated", by, {
        statement,
        details: { changed: changedMembers(from.record.metadata, metadata), ...restored },
      });
    },

    async remove(client, by) {
      const left = decisionIn(client.record);
      const details = left && { stays: { ...(left.suspension && { suspension: left.suspension.reason }), ...(left.products && { products: left.products }) } };
      if (!(await clients.remove(client, [entry(client.record, "client.deleted", by, details)], left))) {
        throw new ClientChangedMeanwhile(client.record.clientId);
      }
    },

    async recover(client, statement, by) {
      const token = newToken(client.record.clientId.slice(0, 16), needs.randomness);
      await change(client, { registrationTokenHash: sha256(token) }, "client.recovered", by, statement && { statement });
      return { token };
    },

    async suspend(client, { by: source, reason }, by) {
      const suspension = joined(client.record.suspension, { by: source, reason, at: now() });
      await change(client, stateFor(suspension), "client.suspended", by, { details: { source, reason } });
    },

    async restore(client, by) {
      const { suspension } = client.record;
      const byOperator = by.actor.kind === "operator";
      const left = byOperator ? suspension?.over : withoutDirectory(suspension);
      const against = byOperator && suspension?.by === "directory" ? ({ keptByOperator: true } as const) : {};
      await change(client, { ...stateFor(left), ...against }, "client.restored", by, { details: left ? { stillSuspended: left.reason } : {} });
      return left;
    },

    async restoreSoftware(left, by) {
      if (!(await clients.replaceDecision(left, withoutSuspension(left), [entry(left, "client.restored", by, { deleted: true })]))) {
        throw new ClientChangedMeanwhile(left.clientId);
      }
    },

    async grantProducts(client, scopes, by) {
      const before = client.record.productScopes;
      const given = scopes.filter((scope) => !before.includes(scope));
      const taken = before.filter((scope) => !scopes.includes(scope));
      const action = given.length > 0 || taken.length === 0 ? "client.granted" : "client.grant-withdrawn";
      const products = decidedProducts(client.record.products, { given, withdrawn: taken });
      await change(client, { productScopes: [...scopes], products }, action, by, { details: { given, taken } });
    },
  };
}

/** What the participants list changes of a client, by the status that it gives its organisation; undefined for none given. */
export function changeByList({ suspension, keptByOperator }: ClientRecord, listed: string | undefined): "suspend" | "restore" | undefined {
  const ofDirectory = wordOfDirectory(suspension);
  switch (listed?.toLowerCase()) {
    case "active":
      return ofDirectory?.by === "directory" ? "restore" : undefined;
    // The contract knows these and no others: of another word nobody can say what it means.
    case "pending":
    case "withdrawn":
      return ofDirectory === undefined && !keptByOperator ? "suspend" : undefined;
    default:
      return undefined;
  }
}

/** The suspension that the directory gave, in a statement or in its list; it stands below an operator's. */
export function wordOfDirectory(suspension: ClientSuspension | undefined): ClientSuspension | undefined {
  return suspension?.by === "operator" ? suspension.over : suspension;
}

function stateFor(suspension: ClientSuspension | undefined): Pick<ClientRecord, "status" | "suspension"> {
  return suspension ? { status: "suspended", suspension } : { status: "active" };
}

/** Directory (by statement or list) and operator each have their own word, and the operator's is the one in force. */
function joined(before: ClientSuspension | undefined, added: ClientSuspension): ClientSuspension {
  if (added.by !== "operator") {
    return before?.by === "operator" ? { ...before, over: added } : added;
  }
  const over = wordOfDirectory(before);
  return over ? { ...added, over } : added;
}

function withoutDirectory(suspension: ClientSuspension | undefined): ClientSuspension | undefined {
  if (suspension?.by !== "operator") {
    return undefined;
  }
  const { over: _, ...own } = suspension;
  return own;
}

function changedMembers(before: ClientRecord["metadata"], after: ClientRecord["metadata"]): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}
