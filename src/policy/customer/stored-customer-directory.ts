import type { Clock } from "../../kernel/clock.ts";
import type { Randomness } from "../../kernel/identifiers.ts";
import { createSecretBox, derivedKey } from "../../kernel/secret-box.ts";
import { createCustomerRecords, type CustomerRecord } from "../../store/customer-records.ts";
import type { Store } from "../../store/store.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { Customer, CustomerDirectory } from "./customer-directory.ts";
import { createEnrolment, createLoginHash, type EnrolledCustomers, type Enrolment, type SealedFacts } from "./enrol-customers.ts";
import type { LoginName } from "./login-name.ts";
import { stepOfCode, usedStepSeconds } from "./one-time-code.ts";
import { createPasswordHash, type PasswordHash } from "./password-hash.ts";

export interface StoredCustomerDirectoryNeeds {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** The one key of the settings: 32 bytes in base64url. */
  readonly encryptionKey: string;
  /** The realm that audit entries name. */
  readonly realm: string;
  /** Argon2id unless given. */
  readonly passwords?: PasswordHash;
}

/** An id that no customer has, because it is shorter than any. */
const nobody = "nobody";

/** The directory that keeps the bank's customers in the server's own store, and the way into it. */
export function createStoredCustomerDirectory(needs: StoredCustomerDirectoryNeeds): CustomerDirectory & Enrolment & EnrolledCustomers {
  const { clock, randomness, encryptionKey } = needs;
  const records = createCustomerRecords(needs);
  const passwords = needs.passwords ?? createPasswordHash({ randomness });
  const factsBox = createSecretBox(encryptionKey, "customer-facts", randomness);
  const seedBox = createSecretBox(encryptionKey, "one-time-code-seed", randomness);
  const loginHash = createLoginHash(derivedKey(encryptionKey, "customer-login"));

  const factsOf = ({ sealedFacts }: CustomerRecord) => JSON.parse(factsBox.open(sealedFacts)) as SealedFacts;
  const toCustomer = (record: CustomerRecord): Customer => {
    const { customerId, sealedSeed } = record;
    const { name, cpf, companies } = factsOf(record);
    return { customerId, name, cpf, companies, hasSecondFactor: sealedSeed !== undefined };
  };
  const findActive = async (customerId: string) => {
    const record = await records.find(customerId);
    return record?.status === "active" ? record : undefined;
  };
  const findRecord = async (login: LoginName) => findActive((await records.ownerOf(loginHash(login))) ?? nobody);

  return {
    ...createEnrolment({ ...needs, records, passwords, factsBox, seedBox, loginHash }),
    list: (page) => records.list(page),
    async enrolled(customerId) {
      const record = await records.find(customerId);
      return record && { ...factsOf(record), customerId, status: record.status, hasSecondFactor: record.sealedSeed !== undefined, updatedAt: record.updatedAt };
    },
    async find(customerId) {
      const record = await findActive(customerId);
      return record && toCustomer(record);
    },
    async findByLogin(login) {
      const record = await findRecord(login);
      return record && toCustomer(record);
    },
    async verifyPassword(login, password) {
      const record = await findRecord(login);
      const right = await passwords.verify(password, record?.passwordHash);
      return right && record ? toCustomer(record) : undefined;
    },
    async verifyCode(customerId, code) {
      const record = await findActive(customerId);
      if (record?.sealedSeed === undefined) return false;
      const step = stepOfCode(seedBox.open(record.sealedSeed), code, clock());
      return step !== undefined && records.useStep(customerId, step, usedStepSeconds);
    },
  };
}
