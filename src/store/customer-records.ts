import type { Put, Store } from "./store.ts";

/** What the embedded directory keeps of a customer. Personal facts and the seed lie sealed, the password hashed. */
export interface CustomerRecord {
  readonly customerId: string;
  /** `enrolling` until every login of the customer is claimed; nobody logs in before. `disabled` ends again, `closed` does not. */
  readonly status: "enrolling" | "active" | "disabled" | "closed";
  /** Name, CPF, user name and companies as JSON, sealed. */
  readonly sealedFacts: string;
  /** PHC string. */
  readonly passwordHash: string;
  /** Base32 seed of the one-time codes, sealed. */
  readonly sealedSeed?: string;
  /** Seconds since the epoch. */
  readonly updatedAt: number;
}

export interface CustomerRecords {
  find(customerId: string): Promise<CustomerRecord | undefined>;
  /** False when there is such a customer already; of many at once exactly one succeeds. */
  insert(record: CustomerRecord): Promise<boolean>;
  /** False when the record is no longer what the caller read. */
  replace(from: CustomerRecord, to: CustomerRecord, withPuts: readonly Put[]): Promise<boolean>;
  /** Removes a record that is still as read. Only for one that never was active: ids are not given twice. */
  discard(record: CustomerRecord): Promise<void>;
  /** The customer whom a login belongs to. @param loginHash keyed hash of the login: a CPF never stands in a key */
  ownerOf(loginHash: string): Promise<string | undefined>;
  /** The owner after this call: the customer given, unless the login had an owner before. */
  claimLogin(loginHash: string, customerId: string): Promise<string>;
  releaseLogin(loginHash: string, customerId: string): Promise<void>;
  /** Ids of customers in their order, for the next page those after the last. */
  list(page: { after?: string; limit: number }): Promise<string[]>;
  /** True once for each step of the one-time codes of a customer, of many calls at once exactly for one. */
  useStep(customerId: string, step: number, ttlSeconds: number): Promise<boolean>;
}

const recordName = "customer";
const ownerName = "owner";
const listTag = "customers";
const listPrefix = "customer/";

/** Everything of one customer lies under this tag. */
export function customerTag(customerId: string): string {
  return `customer:${customerId}`;
}

/** Customers in the store; logins lie in tags of their own, because they are looked up before the customer is known. */
export function createCustomerRecords(needs: { store: Store }): CustomerRecords {
  const { store } = needs;
  const put = (record: CustomerRecord): Put => ({
    name: recordName,
    value: JSON.stringify(record),
    listedAs: { tag: listTag, name: `${listPrefix}${record.customerId}`, value: "" },
  });
  const loginTag = (loginHash: string) => `customer-login:${loginHash}`;
  return {
    async find(customerId) {
      const value = await store.get({ tag: customerTag(customerId), name: recordName });
      return value === undefined ? undefined : read(value);
    },
    insert(record) {
      return store.putIfAbsent(customerTag(record.customerId), put(record));
    },
    async replace(from, to, withPuts) {
      const result = await store.batch({
        tag: customerTag(from.customerId),
        when: [{ name: recordName, equals: JSON.stringify(from) }],
        put: [put(to), ...withPuts],
      });
      return result.done;
    },
    async discard(record) {
      await store.batch({
        tag: customerTag(record.customerId),
        when: [{ name: recordName, equals: JSON.stringify(record) }],
        remove: [recordName],
        unlist: [{ tag: listTag, name: `${listPrefix}${record.customerId}` }],
      });
    },
    ownerOf(loginHash) {
      return store.get({ tag: loginTag(loginHash), name: ownerName });
    },
    async claimLogin(loginHash, customerId) {
      const claimed = await store.putIfAbsent(loginTag(loginHash), { name: ownerName, value: customerId });
      if (claimed) return customerId;
      return (await store.get({ tag: loginTag(loginHash), name: ownerName })) ?? customerId;
    },
    async releaseLogin(loginHash, customerId) {
      await store.batch({
        tag: loginTag(loginHash),
        when: [{ name: ownerName, equals: customerId }],
        remove: [ownerName],
      });
    },
    async list({ after, limit }) {
      const from = after === undefined ? {} : { after: `${listPrefix}${after}` };
      return (await store.scan(listTag, listPrefix, { ...from, limit })).map(({ name }) => name.slice(listPrefix.length));
    },
    useStep(customerId, step, ttlSeconds) {
      return store.putIfAbsent(customerTag(customerId), { name: `one-time-code/${step}`, value: "used", ttlSeconds });
    },
  };
}

/** Only this file writes these entries, so that what it reads has the shape it wrote; members keep their order. */
function read(value: string): CustomerRecord {
  return JSON.parse(value) as CustomerRecord;
}
