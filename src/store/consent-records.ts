import { clientTag, routeOf, type Randomness } from "../kernel/identifiers.ts";
import type { SecretBox } from "../kernel/secret-box.ts";
import { clientNames } from "./client-records.ts";
import { endingOf, listedGrant, type ApprovedGrant } from "./grant-records.ts";
import type { Condition, Listing, Put, Store } from "./store.ts";

export type ConsentStatus = "AWAITING_AUTHORISATION" | "AUTHORISED" | "REJECTED";

export const rejectingParties = ["USER", "ASPSP", "TPP"] as const;
export type RejectingParty = (typeof rejectingParties)[number];

export const rejectionCodes = [
  "CONSENT_EXPIRED",
  "CUSTOMER_MANUALLY_REJECTED",
  "CUSTOMER_MANUALLY_REVOKED",
  "CONSENT_MAX_DATE_REACHED",
  "CONSENT_TECHNICAL_ISSUE",
  "INTERNAL_SECURITY_REASON",
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

export interface Rejection {
  readonly by: RejectingParty;
  readonly code: RejectionCode;
  /** 1 to 140 characters that the TPP may read; never personal data. */
  readonly additionalInformation?: string;
}

export interface Authorisation {
  /** The customer's opaque id, the `sub` of the tokens that follow. */
  readonly customerId: string;
  readonly at: number;
  /** Ids of the accounts that the customer chose to share. */
  readonly accounts: readonly string[];
  /** Whether more people than this customer had to approve; such a consent cannot be extended without them. */
  readonly severalApprovers: boolean;
  /** The grant that this approval gave the client. */
  readonly grantId?: string;
}

/** What is known of a consent without opening what is sealed. Times are seconds since the epoch. */
export interface ConsentFacts {
  readonly consentId: string;
  readonly clientId: string;
  readonly permissions: readonly string[];
  readonly status: ConsentStatus;
  readonly createdAt: number;
  readonly statusUpdatedAt: number;
  /** Absent: without a term. */
  readonly expiresAt?: number;
  /** The TPP says that the consent began in the optimised journey; given back as it came. */
  readonly isLinked?: boolean;
  /** The data are a company's; which one's, `parties` says. */
  readonly ofCompany?: true;
  readonly rejection?: Rejection;
  readonly authorisation?: Authorisation;
  /** How often it was extended. */
  readonly extensions: number;
}

/** Whose consent it is. Lies encrypted in the store. */
export interface ConsentParties {
  /** CPF of the person who is logged in at the TPP: 11 digits. */
  readonly loggedUser: string;
  /** CNPJ of the company whose data are meant: 14 characters. */
  readonly businessEntity?: string;
}

export interface ConsentRecord extends ConsentFacts {
  readonly parties: ConsentParties;
}

/** A consent together with its text in the store, which is the condition of the next change. */
export interface VersionedConsent {
  readonly stored: string;
  readonly record: ConsentRecord;
}

/** One extension: who asked, when and from where, and the term before and after. Lies encrypted in the store. */
export interface ExtensionRecord {
  readonly requestedAt: number;
  readonly loggedUser: string;
  readonly expiresAt?: number;
  readonly previousExpiresAt?: number;
  readonly customerIpAddress: string;
  readonly customerUserAgent: string;
}

export interface ConsentChange {
  readonly record: ConsentRecord;
  /** The customer in whose list the consent is to stand from now on. */
  readonly listFor?: string;
  /** The extension that the record's count already includes. */
  readonly extension?: ExtensionRecord;
  /** The grant that the record's authorisation names. */
  readonly grant?: ApprovedGrant;
  /** Further entries of the same batch: the audit entry. */
  readonly with: readonly Put[];
}

/** `outdated`: the consent is no longer what the change was made from. `client-gone`: a grant finds nobody to give it to. */
export type Replacement = "done" | "outdated" | "client-gone";

export interface CustomerConsents {
  readonly consentIds: readonly string[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

export interface ConsentRecords {
  find(consentId: string): Promise<VersionedConsent | undefined>;
  /** False when the client is no longer registered. */
  insert(change: ConsentChange): Promise<boolean>;
  /** With a consent that ends its grant goes, and the refresh token that this gave. */
  replace(from: VersionedConsent, change: ConsentChange): Promise<Replacement>;
  /** Extensions, newest first: `limit` (at most 1,000) of them after the first `skip`. */
  extensions(consent: ConsentFacts, page: { skip: number; limit: number }): Promise<ExtensionRecord[]>;
  /** Ids of the consents under which this client holds a grant, in the order of the ids. */
  grantedTo(clientId: string, page: { after?: string; limit: number }): Promise<string[]>;
  /** Ids of consents that may be this customer's, newest first. */
  listOfCustomer(customerId: string, page: { after?: string; limit: number }): Promise<CustomerConsents>;
}

const consentIdShape = /^urn:porteiro:([0-9a-f]{16})[0-9a-f]{32}$/;

/** A new consent id of a client: namespaced, URL-safe, 128 random bits (FAPI-BR 7.1.2). */
export function newConsentId(clientId: string, randomness: Randomness): string {
  return `urn:porteiro:${clientId.slice(0, 16)}${randomness(16).toString("hex")}`;
}

/** The route of the client that a consent id belongs to, or undefined when the id is none of ours. */
export function routeOfConsent(consentId: string): string | undefined {
  return consentIdShape.exec(consentId)?.[1];
}

/** The name of a consent in the tag of its client, so that one read fetches token, client and consent together. */
export function consentName(consentId: string): string {
  return `consent/${consentId}`;
}

/** Reads a stored consent. What is sealed is opened for those who ask: hardly anybody does. */
export function readConsent(stored: string, box: SecretBox): ConsentRecord {
  // The store's own JSON, written by `text` below.
  const { sealed, ...facts } = JSON.parse(stored) as StoredConsent;
  return {
    ...facts,
    get parties() {
      return JSON.parse(box.open(sealed)) as ConsentParties;
    },
  };
}

type StoredConsent = ConsentFacts & { readonly sealed: string };

const highestExtension = 999_999_999;

/** Names sort newest first, because a scan goes upwards. */
function extensionName(consentId: string, count: number): string {
  return `${extensionPrefix(consentId)}${String(highestExtension - count).padStart(9, "0")}`;
}

function extensionPrefix(consentId: string): string {
  return `consent-extension/${consentId}/`;
}

const customerPrefix = "consent/";
const farFuture = 9_999_999_999;

/** Consents in the tag of their client, what names people encrypted. */
export function createConsentRecords(needs: { store: Store; box: SecretBox }): ConsentRecords {
  const { store, box } = needs;

  const text = ({ parties, ...facts }: ConsentRecord): string =>
    JSON.stringify({ ...facts, ...(parties.businessEntity !== undefined && { ofCompany: true }), sealed: box.seal(JSON.stringify(parties)) });

  const puts = ({ record, listFor, extension, grant, with: further }: ConsentChange): Put[] => [
    { name: consentName(record.consentId), value: text(record), ...(listFor !== undefined && { listedAs: placeInList(record, listFor) }) },
    ...(extension === undefined
      ? []
      : [{ name: extensionName(record.consentId, record.extensions), value: box.seal(JSON.stringify(extension)), ordered: true }]),
    ...(grant === undefined ? [] : [grant.put, listedGrant(record.clientId, record.consentId, [grant.put.name])]),
    ...further,
  ];

  return {
    async find(consentId) {
      const route = routeOfConsent(consentId);
      const stored = route === undefined ? undefined : await store.get({ tag: clientTag(route), name: consentName(consentId) });
      return stored === undefined ? undefined : { stored, record: readConsent(stored, box) };
    },
    async insert(change) {
      const { consentId, clientId } = change.record;
      const result = await store.batch({
        tag: tagOf(clientId),
        when: [{ name: clientNames.version, is: "present" }, { name: consentName(consentId), is: "absent" }],
        put: puts(change),
      });
      return result.done;
    },
    async replace(from, change) {
      const { consentId, clientId, status, authorisation } = change.record;
      const ending = status === "REJECTED" && authorisation?.grantId !== undefined ? await endingOf(store, clientId, consentId) : undefined;
      const stillThere: Condition[] = change.grant === undefined ? [] : [{ name: clientNames.version, is: "present" }];
      const result = await store.batch({
        tag: tagOf(clientId),
        when: [{ name: consentName(consentId), equals: from.stored }, ...stillThere, ...(ending?.when ?? [])],
        put: puts(change),
        remove: ending?.remove ?? [],
      });
      if (result.done) {
        return "done";
      }
      return result.failed.name === clientNames.version ? "client-gone" : "outdated";
    },
    async extensions({ consentId, clientId, extensions }, { skip, limit }) {
      if (skip >= extensions) {
        return [];
      }
      const after = extensionName(consentId, extensions + 1 - skip);
      const entries = await store.scan(tagOf(clientId), extensionPrefix(consentId), { after, limit });
      return entries.map(({ value }) => JSON.parse(box.open(value)) as ExtensionRecord);
    },
    async grantedTo(clientId, { after, limit }) {
      const prefix = clientNames.granted(clientId);
      const from = after === undefined ? {} : { after: `${prefix}${after}` };
      return (await store.scan(tagOf(clientId), prefix, { ...from, limit })).map(({ name }) => name.slice(prefix.length));
    },
    async listOfCustomer(customerId, { after, limit }) {
      const from = after === undefined ? {} : { after: `${customerPrefix}${after}` };
      const names = (await store.scan(customerTag(customerId), customerPrefix, { ...from, limit })).map(({ name }) => name.slice(customerPrefix.length));
      const last = names.at(-1);
      return {
        consentIds: names.map((name) => name.slice(name.indexOf("/") + 1)),
        ...(last !== undefined && names.length === limit && { next: last }),
      };
    },
  };
}

/** An entry there whose consent is not this customer's means nothing. */
function placeInList({ consentId, createdAt }: ConsentFacts, customerId: string): Listing {
  return { tag: customerTag(customerId), name: `${customerPrefix}${farFuture - createdAt}/${consentId}`, value: "" };
}

function tagOf(clientId: string): string {
  return clientTag(routeOf(clientId) ?? clientId);
}

function customerTag(customerId: string): string {
  return `customer:${customerId}`;
}
