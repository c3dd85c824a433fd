import { createHmac } from "node:crypto";
import { epochSeconds, type Clock } from "../../kernel/clock.ts";
import type { AuditAction, AuditActor } from "../../kernel/audit-entry.ts";
import type { SecretBox } from "../../kernel/secret-box.ts";
import { customerTag, type CustomerRecord, type CustomerRecords } from "../../store/customer-records.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { RepresentedCompany } from "./customer-directory.ts";
import { readLoginName, type LoginName } from "./login-name.ts";
import type { PasswordHash } from "./password-hash.ts";

/** A customer as the bank enrols one. */
export interface NewCustomer {
  /** Becomes the `sub`: 8 to 64 of `A-Z a-z 0-9 - _`, opaque, the bank's own and lasting. */
  readonly customerId: string;
  readonly userName: string;
  readonly name: string;
  /** 11 digits. */
  readonly cpf: string;
  readonly companies: readonly RepresentedCompany[];
  readonly password: string;
  /** Base32 seed of an authenticator app, when there is one. */
  readonly oneTimeCodeSeed?: string;
}

/** The members that lie sealed in the record. */
export type SealedFacts = Pick<NewCustomer, "name" | "cpf" | "userName" | "companies">;

export interface EnrolmentNeeds {
  readonly records: CustomerRecords;
  readonly passwords: PasswordHash;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Seals personal facts. */
  readonly factsBox: SecretBox;
  /** Seals seeds of one-time codes. */
  readonly seedBox: SecretBox;
  readonly loginHash: (login: LoginName) => string;
  /** The realm that audit entries name. */
  readonly realm: string;
}

export interface Enrolment {
  /**
   * Makes a customer known; false when this very customer is known already, who then stays as they are.
   * @throws CustomerProblem when the id, the CPF or the user name is another customer's, or something has a wrong form
   */
  enrol(customer: NewCustomer, actor: AuditActor): Promise<boolean>;
  /** @throws CustomerProblem when there is no such customer, or a closed one; so do those below */
  changePassword(customerId: string, password: string, actor: AuditActor): Promise<void>;
  /** Gives a customer a new seed of one-time codes; the one before is worth nothing any more. @param seed base32 */
  enrolSecondFactor(customerId: string, seed: string, actor: AuditActor): Promise<void>;
  /** Lets an active customer in no more, and refreshes no token of theirs, until they are enabled. */
  disable(customerId: string, actor: AuditActor): Promise<void>;
  enable(customerId: string, actor: AuditActor): Promise<void>;
  /** Ends the account for good; its id and its logins stay taken, so that no `sub` ever means another person. */
  close(customerId: string, actor: AuditActor): Promise<void>;
}

/** A customer as an operator sees them: nothing that opens a door. */
export interface EnrolledCustomer extends SealedFacts {
  readonly customerId: string;
  readonly status: CustomerRecord["status"];
  readonly hasSecondFactor: boolean;
  /** Seconds since the epoch. */
  readonly updatedAt: number;
}

/** What can be read of the embedded directory. */
export interface EnrolledCustomers {
  /** A customer in whatever state. */
  enrolled(customerId: string): Promise<EnrolledCustomer | undefined>;
  /** Ids in their order, for the next page those after the last. */
  list(page: { after?: string; limit: number }): Promise<string[]>;
}

/** A customer cannot be enrolled or changed so; the message says what would do, without any personal data. */
export class CustomerProblem extends Error {
  override readonly name = "CustomerProblem";
  /** Whether another call was at the same customer: a moment later there is nothing wrong. */
  readonly passing: boolean;

  constructor(message: string, { passing = false } = {}) {
    super(message);
    this.passing = passing;
  }
}

/**
 * Enrols customers in the embedded directory. Record, logins and activation lie in different tags: the record comes
 * first, activation with its audit entry last, and whoever finds a half-made enrolment carries it on.
 */
export function createEnrolment(needs: EnrolmentNeeds): Enrolment {
  const { records, audit } = needs;

  const change = async (from: CustomerRecord, to: Partial<CustomerRecord>, action: AuditAction, actor: AuditActor) => {
    const { customerId } = from;
    const entry = audit.entry(customerTag(customerId), { action, realm: needs.realm, subject: { kind: "customer", id: customerId }, actor });
    const changed = await records.replace(from, { ...from, ...to, updatedAt: epochSeconds(needs.clock) }, [entry]);
    if (!changed) throw new CustomerProblem(`customer ${customerId} was changed by another call at the same moment; try again`, { passing: true });
  };

  const known = async (customerId: string, ...statuses: CustomerRecord["status"][]) => {
    const record = await records.find(customerId);
    if (!record || !statuses.includes(record.status)) {
      throw new CustomerProblem(`expected the id of a customer who is ${statuses.join(" or ")}, received ${record ? `that of one who is ${record.status}` : "one that nobody has"}: ${customerId}`);
    }
    return record;
  };

  const claimAll = async (record: CustomerRecord, hashes: readonly string[]) => {
    const claimed: string[] = [];
    for (const hash of hashes) {
      const owner = await records.claimLogin(hash, record.customerId);
      if (owner !== record.customerId) {
        await Promise.all(claimed.map((own) => records.releaseLogin(own, record.customerId)));
        await records.discard(record);
        throw new CustomerProblem(`expected a CPF and a user name that nobody has; customer ${owner} has one of them`);
      }
      claimed.push(hash);
    }
  };

  return {
    async enrol(customer, actor) {
      refuseWrongForm(customer);
      const hashes = [readLoginName(customer.cpf), readLoginName(customer.userName)].map(needs.loginHash);
      const existing = await records.find(customer.customerId);
      if (existing && existing.status !== "enrolling") {
        const owner = await records.ownerOf(hashes[0] ?? "");
        if (owner === customer.customerId) return false;
        throw new CustomerProblem(`expected an id that nobody has; customer ${customer.customerId} is another person`);
      }
      const fresh = await recordOf(customer, needs);
      const inserted = existing ? await records.replace(existing, fresh, []) : await records.insert(fresh);
      if (!inserted) throw new CustomerProblem(`customer ${customer.customerId} is being enrolled by another call; try again`, { passing: true });
      await claimAll(fresh, hashes);
      await change(fresh, { status: "active" }, "customer.enrolled", actor);
      return true;
    },
    async changePassword(customerId, password, actor) {
      refuseWeakPassword(password);
      const record = await known(customerId, "active", "disabled");
      await change(record, { passwordHash: await needs.passwords.hash(password) }, "customer.password-changed", actor);
    },
    async enrolSecondFactor(customerId, seed, actor) {
      const record = await known(customerId, "active", "disabled");
      await change(record, { sealedSeed: needs.seedBox.seal(seed) }, "customer.second-factor-enrolled", actor);
    },
    async disable(customerId, actor) {
      await change(await known(customerId, "active"), { status: "disabled" }, "customer.disabled", actor);
    },
    async enable(customerId, actor) {
      await change(await known(customerId, "disabled"), { status: "active" }, "customer.enabled", actor);
    },
    async close(customerId, actor) {
      await change(await known(customerId, "active", "disabled"), { status: "closed" }, "customer.closed", actor);
    },
  };
}

async function recordOf(customer: NewCustomer, needs: EnrolmentNeeds): Promise<CustomerRecord> {
  const { customerId, oneTimeCodeSeed, name, cpf, userName, companies } = customer;
  const facts: SealedFacts = { name, cpf, userName, companies };
  return {
    customerId,
    status: "enrolling",
    sealedFacts: needs.factsBox.seal(JSON.stringify(facts)),
    passwordHash: await needs.passwords.hash(customer.password),
    ...(oneTimeCodeSeed !== undefined && { sealedSeed: needs.seedBox.seal(oneTimeCodeSeed) }),
    updatedAt: epochSeconds(needs.clock),
  };
}

/** Hash of a login for keys, under a key of the server: a CPF has too few digits to be hidden by a plain hash. */
export function createLoginHash(key: Buffer): (login: LoginName) => string {
  return ({ kind, text }) => createHmac("sha256", key).update(`${kind}\0${text}`).digest("hex");
}

function refuseWrongForm(customer: NewCustomer): void {
  const problems = [
    !/^[A-Za-z0-9_-]{8,64}$/.test(customer.customerId) && "customerId: 8 to 64 of A-Z a-z 0-9 - _",
    readLoginName(customer.cpf).kind !== "cpf" && "cpf: 11 digits",
    readLoginName(customer.userName).kind !== "user-name" && "userName: anything but 11 digits, which would be a CPF",
    customer.userName.trim().length < 3 && "userName: at least 3 characters",
    customer.oneTimeCodeSeed !== undefined && !/^[A-Z2-7]{26,}$/.test(customer.oneTimeCodeSeed) && "oneTimeCodeSeed: base32 of at least 128 bits",
  ].filter((problem) => problem !== false);
  if (problems.length > 0) throw new CustomerProblem(`expected ${problems.join("; ")}`);
  refuseWeakPassword(customer.password);
}

const shortest = 12;

/** NIST SP 800-63B 3.1.1: length counts, not the mixture of characters. */
function refuseWeakPassword(password: string): void {
  if ([...password].length < shortest) throw new CustomerProblem(`expected a password of at least ${shortest} characters, received a shorter one`);
}
