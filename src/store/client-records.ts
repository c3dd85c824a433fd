import { LRUCache } from "lru-cache";
import { clientTag, numberOfRoute, routeOf, tagOfClient } from "../kernel/identifiers.ts";
import type { Condition, Key, Listing, Put, Store } from "./store.ts";

/** What the server keeps of a client. Times are seconds since the epoch. */
export interface ClientRecord {
  readonly realm: string;
  readonly clientId: string;
  readonly softwareId: string;
  readonly organisationId: string;
  /** As the directory calls it; shown to customers. */
  readonly organisationName?: string;
  /** RFC 7591 members as registered, without the software statement, which lies beside the record. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly status: "active" | "suspended";
  readonly suspension?: ClientSuspension;
  /** An operator restored it against the participants list, which does not suspend it again until the next statement. */
  readonly keptByOperator?: true;
  /** Scopes of the bank's products that this client holds beside its registered `scope`. */
  readonly productScopes: readonly string[];
  /** Where an operator gave or withdrew any of them. */
  readonly products?: ProductDecision;
  /** SHA-256 of the registration access token. */
  readonly registrationTokenHash: string;
  readonly registeredAt: number;
  readonly updatedAt: number;
}

export interface ClientSuspension {
  /** The client's own software statement, the directory's participants list, or an operator. */
  readonly by: "statement" | "directory" | "operator";
  readonly reason: string;
  readonly at: number;
  /** The directory's own suspension, by statement or list, over which an operator's lies without lifting it. */
  readonly over?: ClientSuspension;
}

export interface ProductDecision {
  readonly given: readonly string[];
  readonly withdrawn: readonly string[];
}

/** What an operator decided of a software, left behind by its client so that a new registration meets it. */
export interface OperatorDecision {
  readonly realm: string;
  /** The client that it was decided of, which is gone. */
  readonly clientId: string;
  readonly softwareId: string;
  readonly organisationId: string;
  readonly suspension?: { readonly reason: string; readonly at: number };
  readonly products?: ProductDecision;
}

/** What lies at the route of a software: its client, or what its last client left behind. */
export interface AtRoute {
  readonly client: VersionedClient | undefined;
  readonly decision: OperatorDecision | undefined;
}

/** A client together with the version that the store holds of it. */
export interface VersionedClient {
  readonly version: string;
  readonly record: ClientRecord;
}

/** Names within a client's tag. There is one client to a tag, because there is one to a software statement. */
export const clientNames = {
  record: "client",
  version: "version",
  statement: "statement",
  decision: "operator-decision",
  token: (hash: string) => `token/${hash}`,
  refreshToken: (hash: string) => `refresh/${hash}`,
  grant: (hash: string) => `grant/${hash}`,
  /** The list of what a registration was granted, by the consent. */
  granted: (clientId: string, consentId = "") => `granted/${clientId}/${consentId}`,
  usedAssertion: (hash: string) => `assertion/${hash}`,
} as const;

/** Where the ids of all clients are listed, and of those that left a decision behind; any other id there means nothing. */
const listTag = "clients";

/**
 * What the last change of any client made: its new version, or what stands for its end. No value comes twice. It is
 * written in the step of the change where one step can (`spansTags`), else not at all.
 */
export const lastClientChange: Key = { tag: listTag, name: "last-change" };

export interface ClientChange {
  readonly record: ClientRecord;
  /** The statement of this registration or update; left out when it stays as it is. */
  readonly statement?: string;
  /** Further entries of the same batch: the audit entry. */
  readonly with: readonly Put[];
}

export interface ClientRecords {
  /** The client as the store holds it now. One round trip; the record is only read when its version is new. */
  find(clientId: string): Promise<VersionedClient | undefined>;
  /** The client of a route, whichever it is. */
  findByRoute(route: string): Promise<VersionedClient | undefined>;
  /** The same with what an operator's decision left there, in the same round trip. */
  findAtRoute(route: string): Promise<AtRoute>;
  /** What was left behind by a client that is gone. */
  decisionOf(clientId: string): Promise<OperatorDecision | undefined>;
  /** A client of which the caller has just read that this version is in force. */
  recallVersion(version: string): VersionedClient | undefined;
  statementOf(clientId: string): Promise<string | undefined>;
  /**
   * False when the route has a client already, or another decision than the one given, which ends with this; of many at
   * once exactly one succeeds.
   */
  insert(change: ClientChange & { statement: string }, decision?: OperatorDecision): Promise<boolean>;
  /** False when the client is no longer at the version that the change was made from. */
  replace(from: VersionedClient, change: ClientChange): Promise<boolean>;
  /** Ends the client and everything under it but the decision it leaves; false when it is no longer at that version. */
  remove(client: VersionedClient, withPuts: readonly Put[], left?: OperatorDecision): Promise<boolean>;
  /** Changes or (undefined) ends what was left behind; false when it is no longer this, or there is a client again. */
  replaceDecision(from: OperatorDecision, to: OperatorDecision | undefined, withPuts: readonly Put[]): Promise<boolean>;
  /** Ids of a realm's clients, and of those that left a decision behind, in order, page by page. */
  list(realm: string, page: { after?: string; limit: number }): Promise<string[]>;
}

/** The condition under which a write holds only while the client is what the caller read. */
export function whileUnchanged(client: VersionedClient): Condition {
  return { name: clientNames.version, equals: client.version };
}

/** Whether a version, as the store keeps it, is one of this client: `${clientId}.${count}`. */
export function isVersionOf(version: string, clientId: string): boolean {
  return version[clientId.length] === "." && version.startsWith(clientId);
}

const grantsPerBatch = 250;

/** Removes all grants of a client that is gone, with their refresh tokens. */
async function removeGrants(store: Store, clientId: string): Promise<void> {
  const tag = tagOfClient(clientId);
  for (let full = true; full; ) {
    const listed = await store.scan(tag, clientNames.granted(clientId), { limit: grantsPerBatch });
    full = listed.length === grantsPerBatch;
    // What stands in the list are the names of all that was granted (`grant-records.ts`).
    const remove = listed.flatMap(({ name, value }) => [name, ...(JSON.parse(value) as string[])]);
    if (remove.length > 0) {
      await store.batch({ tag, remove });
    }
  }
}

/**
 * Clients in the store, with what was last read of them in memory. The version is the one truth: it changes with
 * every change of the record and goes with the client, in every process at once.
 */
export function createClientRecords(needs: { store: Store; remembered?: number }): ClientRecords {
  const { store } = needs;
  const notice = (change: string): readonly Listing[] => (store.spansTags ? [{ ...lastClientChange, value: change }] : []);
  const remembered = new LRUCache<number, VersionedClient>({ max: needs.remembered ?? 10_000 });

  const remember = (version: string, record: ClientRecord): VersionedClient => {
    const client = { version, record };
    remembered.set(numberOfRoute(record.clientId), client);
    return client;
  };

  const read = async (route: string): Promise<VersionedClient | undefined> => {
    const [version, value] = await store.getMany(clientTag(route), [clientNames.version, clientNames.record]);
    // The store's own JSON, written by `change` below.
    return version === undefined || value === undefined ? undefined : remember(version, JSON.parse(value) as ClientRecord);
  };

  const recallVersion = (version: string): VersionedClient | undefined => {
    const known = remembered.get(numberOfRoute(version));
    return known?.version === version ? known : undefined;
  };

  const findByRoute = async (route: string): Promise<VersionedClient | undefined> => {
    const version = await store.get({ tag: clientTag(route), name: clientNames.version });
    return version === undefined ? undefined : (recallVersion(version) ?? read(route));
  };

  const write = async (tag: string, when: readonly Condition[], version: string, change: ClientChange, more: NewClient = {}): Promise<boolean> => {
    const { listedAs, ...ended } = more;
    const put: Put[] = [
      { name: clientNames.record, value: JSON.stringify(change.record), ...(listedAs && { listedAs }) },
      { name: clientNames.version, value: version },
      ...(change.statement === undefined ? [] : [{ name: clientNames.statement, value: change.statement }]),
      ...change.with,
    ];
    const result = await store.batch({ tag, when, put, list: notice(version), ...ended });
    if (result.done) {
      remember(version, change.record);
    }
    return result.done;
  };

  return {
    async find(clientId) {
      const route = routeOf(clientId);
      const client = route === undefined ? undefined : await findByRoute(route);
      return client?.record.clientId === clientId ? client : undefined;
    },
    findByRoute,
    async findAtRoute(route) {
      const [version, decision] = await store.getMany(clientTag(route), [clientNames.version, clientNames.decision]);
      const client = version === undefined ? undefined : (recallVersion(version) ?? (await read(route)));
      return { client, decision: readDecision(decision) };
    },
    async decisionOf(clientId) {
      const route = routeOf(clientId);
      const decision = route === undefined ? undefined : readDecision(await store.get({ tag: clientTag(route), name: clientNames.decision }));
      return decision?.clientId === clientId ? decision : undefined;
    },
    recallVersion,
    async statementOf(clientId) {
      return store.get({ tag: tagOfClient(clientId), name: clientNames.statement });
    },
    async insert(change, decision) {
      const { record } = change;
      const when = [{ name: clientNames.record, is: "absent" } as const, whileDecided(decision)];
      const ended = decision && { remove: [clientNames.decision], unlist: [listKey(decision)] };
      const listedAs = { ...listKey(record), value: "" };
      const done = await write(tagOfClient(record.clientId), when, `${record.clientId}.1`, change, { listedAs, ...ended });
      if (!done) {
        // In a Redis Cluster it was listed before it was refused.
        await store.remove(listKey(record));
      }
      return done;
    },
    async replace(from, change) {
      const [clientId, count] = from.version.split(".");
      return write(tagOfClient(change.record.clientId), [whileUnchanged(from)], `${clientId}.${Number(count) + 1}`, change);
    },
    async remove(client, withPuts, left) {
      const { clientId } = client.record;
      const result = await store.batch({
        tag: tagOfClient(clientId),
        when: [whileUnchanged(client)],
        put: [...withPuts, ...(left ? [putOf(left)] : [])],
        remove: [clientNames.record, clientNames.version, clientNames.statement],
        list: notice(`${clientId}.removed`),
        ...(left ? {} : { unlist: [listKey(client.record)] }),
      });
      remembered.delete(numberOfRoute(clientId));
      if (result.done) {
        // They open nothing any more; here they only stop taking up room.
        await removeGrants(store, clientId);
      }
      return result.done;
    },
    async replaceDecision(from, to, withPuts) {
      const end = { remove: [clientNames.decision], unlist: [listKey(from)] };
      const result = await store.batch({
        tag: tagOfClient(from.clientId),
        when: [{ name: clientNames.record, is: "absent" }, whileDecided(from)],
        put: [...withPuts, ...(to ? [putOf(to)] : [])],
        ...(to ? {} : end),
      });
      return result.done;
    },
    async list(realm, page) {
      const after = page.after === undefined ? {} : { after: `${realm}/${page.after}` };
      const entries = await store.scan(listTag, `${realm}/`, { ...after, limit: page.limit });
      return entries.map((entry) => entry.name.slice(realm.length + 1));
    },
  };
}

/** What else is written and ended with a client's first record. */
interface NewClient {
  readonly listedAs?: Listing;
  readonly remove?: readonly string[];
  readonly unlist?: readonly Key[];
}

function putOf(decision: OperatorDecision): Put {
  return { name: clientNames.decision, value: JSON.stringify(decision) };
}

function readDecision(value: string | undefined): OperatorDecision | undefined {
  // The store's own JSON, written by `putOf`.
  return value === undefined ? undefined : (JSON.parse(value) as OperatorDecision);
}

function whileDecided(decision: OperatorDecision | undefined): Condition {
  return decision === undefined ? { name: clientNames.decision, is: "absent" } : { name: clientNames.decision, equals: putOf(decision).value };
}

function listKey({ realm, clientId }: Pick<ClientRecord, "realm" | "clientId">): Key {
  return { tag: listTag, name: `${realm}/${clientId}` };
}
