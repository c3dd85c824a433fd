import type { z } from "zod";
import type { Condition, Put, Store } from "../store/store.ts";
import {
  authorityRecordSchema,
  behaviourSchema,
  certificateSchema,
  organisationSchema,
  publishedKeySchema,
  revocationSchema,
  softwareSchema,
  statementKeysSchema,
  tokenSchema,
} from "./directory-records.ts";

/** Everything of the directory lies under one tag, so that every change is one durable batch. */
const tag = "directory";
const pageSize = 1_000;

/** The kinds of records, each with its schema. The sandbox is small: what is listed is listed whole. */
const kinds = {
  authority: { schema: authorityRecordSchema, ordered: false },
  behaviour: { schema: behaviourSchema, ordered: false },
  /** `{organisation}/{software}/{fingerprint}` */
  certificate: { schema: certificateSchema, ordered: true },
  /** `{organisation}/{software}/{kid}` */
  key: { schema: publishedKeySchema, ordered: true },
  organisation: { schema: organisationSchema, ordered: true },
  /** `{authority}/{serial number}` */
  revocation: { schema: revocationSchema, ordered: true },
  software: { schema: softwareSchema, ordered: true },
  "statement-keys": { schema: statementKeysSchema, ordered: false },
  token: { schema: tokenSchema, ordered: false },
} as const;
type Kind = keyof typeof kinds;
type RecordOf<K extends Kind> = z.output<(typeof kinds)[K]["schema"]>;

/** The directory's records, typed, over the store port. */
export interface DirectoryMemory {
  get<K extends Kind>(kind: K, id: string): Promise<RecordOf<K> | undefined>;
  /** All records of a kind whose ids begin with the prefix, by id. */
  list<K extends Kind>(kind: K, prefix?: string): Promise<RecordOf<K>[]>;
  /** Writes all of them or, when a condition does not hold, none; says which it was. */
  write(puts: readonly Put[], when?: readonly Condition[]): Promise<boolean>;
  /**
   * Reads a record, changes it and writes it with whatever else the change brings along, all in one batch; begins
   * again when somebody else was quicker. Undefined when there is no such record.
   */
  change<K extends Kind>(
    kind: K,
    id: string,
    by: (record: RecordOf<K>) => Promise<Change<K>> | Change<K>,
  ): Promise<RecordOf<K> | undefined>;
}

export interface Change<K extends Kind> {
  readonly record: RecordOf<K>;
  readonly also?: readonly Put[];
}

/** The entry that holds a record. */
export function entry<K extends Kind>(kind: K, id: string, record: RecordOf<K>, ttlSeconds?: number): Put {
  const put = { name: `${kind}/${id}`, value: JSON.stringify(record) };
  if (ttlSeconds !== undefined) return { ...put, ttlSeconds };
  return kinds[kind].ordered ? { ...put, ordered: true } : put;
}

export function createDirectoryMemory(store: Store): DirectoryMemory {
  function parse<K extends Kind>(kind: K, value: string): RecordOf<K> {
    // TypeScript cannot see that the schema of a kind gives that kind's record.
    return kinds[kind].schema.parse(JSON.parse(value)) as RecordOf<K>;
  }

  return {
    async get(kind, id) {
      const value = await store.get({ tag, name: `${kind}/${id}` });
      return value === undefined ? undefined : parse(kind, value);
    },

    async list(kind, prefix = "") {
      const found: RecordOf<typeof kind>[] = [];
      let after: string | undefined;
      for (;;) {
        const page = await store.scan(tag, `${kind}/${prefix}`, { limit: pageSize, ...(after !== undefined && { after }) });
        found.push(...page.map(({ value }) => parse(kind, value)));
        if (page.length < pageSize) return found;
        after = page.at(-1)?.name;
      }
    },

    async write(puts, when = []) {
      return (await store.batch({ tag, when, put: puts })).done;
    },

    async change(kind, id, by) {
      const name = `${kind}/${id}`;
      for (;;) {
        const value = await store.get({ tag, name });
        if (value === undefined) return undefined;
        const { record, also = [] } = await by(parse(kind, value));
        const put = [entry(kind, id, record), ...also];
        const { done } = await store.batch({ tag, when: [{ name, equals: value }], put });
        if (done) return record;
      }
    },
  };
}
