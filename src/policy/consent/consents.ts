import type { AuditAction, AuditActor } from "../../kernel/audit-entry.ts";
import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import { clientTag, type Randomness } from "../../kernel/identifiers.ts";
import { newConsentId, routeOfConsent } from "../../store/consent-records.ts";
import type { ConsentRecord, ConsentRecords, CustomerConsents, ExtensionRecord, Rejection, RejectingParty, RejectionCode, Replacement, VersionedConsent } from "../../store/consent-records.ts";
import type { ApprovedGrant } from "../../store/grant-records.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { ConsentProblem } from "./consent-problem.ts";
import { judgeConsentRequest, type ConsentRequest } from "./consent-rules.ts";
import { authorised, dueRejection, rejected, rejectionOnDelete } from "./consent-state.ts";
import { wireTime } from "./consent-term.ts";
import { judgeExtension, type ExtensionRequest } from "./extension-rules.ts";

/** Who acts, and in which request: what the audit entry says beside the change. */
export interface ConsentContext {
  readonly actor: AuditActor;
  readonly requestId?: string;
}

export interface CustomerApproval {
  readonly customerId: string;
  /** Ids of the accounts to share. */
  readonly accounts: readonly string[];
  /** Whether more people had to approve beside this customer. */
  readonly severalApprovers?: boolean;
  /** What the approval gives the client, written with it and ending with the consent. */
  readonly grant?: ApprovedGrant;
}

export type Creation =
  | { readonly done: true; readonly consent: ConsentRecord }
  | { readonly done: false; readonly problems: readonly [ConsentProblem, ...ConsentProblem[]] }
  /** The client was deregistered while the request was under way. */
  | { readonly done: false; readonly problems: "client-gone" };

/** A change that was made, or the consent as it stands instead; undefined where there is none. */
export type Change = { readonly done: true; readonly consent: ConsentRecord } | { readonly done: false; readonly consent: ConsentRecord | undefined };

export type Extension = { readonly done: true; readonly consent: ConsentRecord } | { readonly done: false; readonly problem: ConsentProblem };

export interface ConsentRejection {
  readonly by: RejectingParty;
  readonly code: RejectionCode;
  readonly additionalInformation?: string;
}

export interface Consents {
  create(clientId: string, request: ConsentRequest, context: ConsentContext): Promise<Creation>;
  /** The consent as it stands now; what time alone has rejected is written down when it is seen. */
  find(consentId: string): Promise<ConsentRecord | undefined>;
  /** The customer approves. Of many at once exactly one is done; to be judged by `judgeAuthorisation` before. */
  authorise(consentId: string, approval: CustomerApproval, context: ConsentContext): Promise<Change>;
  /** Ends a consent in any state but REJECTED, for any reason of the contract. */
  reject(consentId: string, rejection: ConsentRejection, context: ConsentContext): Promise<Change>;
  /** The customer ends a consent on the bank's pages; not done when it is not this customer's, or rejected already. */
  revokeByCustomer(consentId: string, customerId: string, context: ConsentContext): Promise<Change>;
  /** The TPP deletes the consent. */
  remove(consentId: string, context: ConsentContext): Promise<Change>;
  extend(consentId: string, request: ExtensionRequest, context: ConsentContext): Promise<Extension>;
  /** Extensions, newest first. */
  extensions(consent: ConsentRecord, page: { skip: number; limit: number }): Promise<ExtensionRecord[]>;
  /** The consents that are in force for a client, in the order of their ids, page by page. A page may hold fewer than asked for. */
  listOfClient(clientId: string, page: { after?: string; limit: number }): Promise<{ consents: ConsentRecord[]; next?: string }>;
  /** The consents that a customer has authorised, newest first, page by page. A page may hold fewer than asked for. */
  listOfCustomer(customerId: string, page: { after?: string; limit: number }): Promise<{ consents: ConsentRecord[]; next?: string }>;
}

export interface ConsentsNeeds {
  readonly records: ConsentRecords;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Name of the issuer, for the audit trail. */
  readonly realm: string;
  readonly offeredScopes: readonly string[];
  /** The CNPJs that the person of this CPF may act for at this institution. */
  readonly companiesOf: (cpf: string) => Promise<readonly string[]>;
}

interface Step {
  readonly record: ConsentRecord;
  readonly action: AuditAction;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The customer in whose list the consent stands from this step on. */
  readonly listFor?: string;
  readonly extension?: ExtensionRecord;
  readonly grant?: ApprovedGrant;
}

/** More rounds than this are no contention but a fault: each lost round means that another caller has won. */
const mostRounds = 100;

/** The life of consents: judged by the pure rules beside this file, written only from what was read. */
export function createConsents(needs: ConsentsNeeds): Consents {
  const { records, audit, clock } = needs;
  const now = (): number => epochSeconds(clock);

  const entry = (step: Step, context: ConsentContext) =>
    audit.entry(tagOf(step.record), {
      action: step.action,
      realm: needs.realm,
      subject: { kind: "consent", id: step.record.consentId },
      actor: context.actor,
      ...(context.requestId !== undefined && { requestId: context.requestId }),
      details: { clientId: step.record.clientId, status: step.record.status, ...step.details },
    });

  const write = async (from: VersionedConsent, step: Step, context: ConsentContext): Promise<Replacement> => {
    return records.replace(from, { ...step, with: [entry(step, context)] });
  };

  /** The consent as it stands now, after what time alone has done to it is written down. */
  const current = async (consentId: string): Promise<VersionedConsent | undefined> => {
    for (let round = 0; round < mostRounds; round += 1) {
      const found = await records.find(consentId);
      const due = found && dueRejection(found.record, now());
      if (found === undefined || due === undefined) {
        return found;
      }
      const record: ConsentRecord = { ...found.record, status: "REJECTED", statusUpdatedAt: due.at, rejection: due.rejection };
      await write(found, { record, action: "consent.expired", details: reasonOf(due.rejection) }, { actor: { kind: "server" } });
    }
    throw new Error("a consent was changed under every attempt to read it");
  };

  /** Makes the step that `decide` takes from the consent as it stands; tried again when another was faster. */
  const change = async (consentId: string, context: ConsentContext, decide: (consent: ConsentRecord) => Step | undefined): Promise<Change> => {
    for (let round = 0; round < mostRounds; round += 1) {
      const found = await current(consentId);
      const step = found && decide(found.record);
      if (found === undefined || step === undefined) {
        return { done: false, consent: found?.record };
      }
      const written = await write(found, step, context);
      if (written !== "outdated") {
        return written === "done" ? { done: true, consent: step.record } : { done: false, consent: found.record };
      }
    }
    throw new Error("a consent was changed under every attempt to change it");
  };

  const rejection = (consent: ConsentRecord, why: Rejection): Step | undefined => {
    const record = rejected(consent, why, now());
    return record && { record, action: consent.status === "AUTHORISED" ? "consent.revoked" : "consent.rejected", details: reasonOf(why) };
  };

  return {
    async create(clientId, request, context) {
      const at = now();
      const judgement = judgeConsentRequest(request, needs.offeredScopes, at);
      if (!judgement.ok) {
        return { done: false, problems: judgement.problems };
      }
      const { loggedUser, businessEntity, expiresAt, isLinked } = request;
      const record: ConsentRecord = {
        consentId: newConsentId(clientId, needs.randomness),
        clientId,
        permissions: judgement.permissions,
        status: "AWAITING_AUTHORISATION",
        createdAt: at,
        statusUpdatedAt: at,
        ...(expiresAt !== undefined && { expiresAt }),
        ...(isLinked !== undefined && { isLinked }),
        extensions: 0,
        parties: { loggedUser, ...(businessEntity !== undefined && { businessEntity }) },
      };
      const leftOut = request.permissions.filter((permission) => !judgement.permissions.includes(permission));
      const details = { permissions: record.permissions, ...(leftOut.length > 0 && { leftOut }), ...termOf(expiresAt) };
      const done = await records.insert({ record, with: [entry({ record, action: "consent.created", details }, context)] });
      return done ? { done, consent: record } : { done, problems: "client-gone" };
    },
    async find(consentId) {
      return (await current(consentId))?.record;
    },
    async authorise(consentId, { customerId, accounts, severalApprovers = false, grant }, context) {
      const given = grant && { grantId: grant.grantId };
      return change(consentId, context, (consent) => {
        const record = authorised(consent, { customerId, at: now(), accounts, severalApprovers, ...given });
        const details = { customerId, accounts: accounts.length };
        return record && { record, listFor: customerId, action: "consent.authorised", details, ...(grant && { grant }) };
      });
    },
    async reject(consentId, why, context) {
      return change(consentId, context, (consent) => rejection(consent, why));
    },
    async revokeByCustomer(consentId, customerId, context) {
      return change(consentId, context, (consent) =>
        consent.authorisation?.customerId === customerId ? rejection(consent, { by: "USER", code: "CUSTOMER_MANUALLY_REVOKED" }) : undefined,
      );
    },
    async remove(consentId, context) {
      return change(consentId, context, (consent) => rejection(consent, rejectionOnDelete(consent)));
    },
    async extend(consentId, request, context) {
      const actsFor = request.businessEntity === undefined ? [] : await needs.companiesOf(request.loggedUser);
      let problem: ConsentProblem = { code: "CONSENTIMENTO_NAO_ENCONTRADO", detail: "Este consentimento não existe. Confira o consentId." };
      const outcome = await change(consentId, context, (consent) => {
        const at = now();
        const refused = judgeExtension(consent, request, actsFor, at);
        if (refused !== undefined) {
          problem = refused;
          return undefined;
        }
        return extensionStep(consent, request, at);
      });
      return outcome.done ? outcome : { done: false, problem };
    },
    async extensions(consent, page) {
      return records.extensions(consent, page);
    },
    async listOfClient(clientId, page) {
      const ids = await records.grantedTo(clientId, page);
      const found = await Promise.all(ids.map(async (consentId) => (await current(consentId))?.record));
      const last = ids.at(-1);
      return {
        consents: found.filter((consent) => consent?.status === "AUTHORISED") as ConsentRecord[],
        ...(last !== undefined && ids.length === page.limit && { next: last }),
      };
    },
    async listOfCustomer(customerId, page) {
      const listed: CustomerConsents = await records.listOfCustomer(customerId, page);
      const found = await Promise.all(listed.consentIds.map(async (consentId) => (await current(consentId))?.record));
      return {
        consents: found.filter((consent) => consent?.authorisation?.customerId === customerId) as ConsentRecord[],
        ...(listed.next !== undefined && { next: listed.next }),
      };
    },
  };
}

function extensionStep(consent: ConsentRecord, request: ExtensionRequest, at: number): Step {
  const { expiresAt: previous, ...untimed } = consent;
  const { expiresAt } = request;
  return {
    record: { ...untimed, ...(expiresAt !== undefined && { expiresAt }), extensions: consent.extensions + 1 },
    action: "consent.extended",
    details: { ...termOf(expiresAt), ...(previous !== undefined && { previousExpirationDateTime: wireTime(previous) }) },
    extension: {
      requestedAt: at,
      loggedUser: request.loggedUser,
      ...(expiresAt !== undefined && { expiresAt }),
      ...(previous !== undefined && { previousExpiresAt: previous }),
      customerIpAddress: request.customerIpAddress,
      customerUserAgent: request.customerUserAgent,
    },
  };
}

function tagOf({ consentId }: ConsentRecord): string {
  // Only ids of this shape are made, and only those are found.
  return clientTag(routeOfConsent(consentId) as string);
}

function reasonOf({ by, code }: Rejection): Record<string, unknown> {
  return { rejectedBy: by, reason: code };
}

function termOf(expiresAt: number | undefined): Record<string, unknown> {
  return expiresAt === undefined ? {} : { expirationDateTime: wireTime(expiresAt) };
}
