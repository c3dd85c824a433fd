import { createHmac } from "node:crypto";
import { networkOf } from "../../kernel/caller-network.ts";
import type { Clock } from "../../kernel/clock.ts";
import { derivedKey } from "../../kernel/secret-box.ts";
import type { Store } from "../../store/store.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { createAttemptLimit, lockNote, type AttemptLimit, type AttemptSlot } from "./attempt-limit.ts";
import type { Customer, CustomerDirectory } from "./customer-directory.ts";
import { readLoginName } from "./login-name.ts";

/** How sure the server is of who is there (FAPI-BR 5.2.2.4: LoA2 is one factor, LoA3 two different ones). */
export const levelsOfAssurance = { loa2: "urn:brasil:openbanking:loa2", loa3: "urn:brasil:openbanking:loa3" } as const;

export type LevelOfAssurance = (typeof levelsOfAssurance)[keyof typeof levelsOfAssurance];

export type LoginOutcome =
  | { readonly outcome: "ok"; readonly customer: Customer; readonly acr: LevelOfAssurance }
  /** One answer for an unknown login, a wrong password or code, a used code and a closed account. */
  | { readonly outcome: "refused" }
  /** Too many attempts of this login or from this address, whether or not such a customer exists. */
  | { readonly outcome: "locked"; readonly waitSeconds: number };

export interface CustomerLogin {
  /**
   * The first factor. @param login a CPF or user name as typed @param address the caller's IP address; undefined where
   * nobody knows it, and then no limit hangs on it
   */
  authenticate(login: string, password: string, address: string | undefined): Promise<LoginOutcome>;
  /**
   * The second factor of a customer whose password was verified in this same session: the caller sees to that.
   * @param code six digits; blanks and dashes do not matter
   */
  verifySecondFactor(customerId: string, code: string, address: string | undefined): Promise<LoginOutcome>;
}

export interface CustomerLoginNeeds {
  readonly directory: CustomerDirectory;
  readonly store: Store;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** The one key of the settings: 32 bytes in base64url. */
  readonly encryptionKey: string;
  /** The realm that audit entries name. */
  readonly realm: string;
  readonly limits?: CustomerLoginLimits;
}

export interface CustomerLoginLimits {
  readonly windowSeconds: number;
  /** Failed attempts per window on one login, and on the second factor of one customer. */
  readonly perLogin: number;
  /** Failed attempts per window from one IPv4 address or one IPv6 /64. */
  readonly perAddress: number;
}

/** Mobile carriers put thousands of customers behind one IPv4 address, hence the distance between the two. */
const usualLimits: CustomerLoginLimits = { windowSeconds: 900, perLogin: 5, perAddress: 60 };

/**
 * The log-in in front of whichever directory the bank has: limits attempts and says how sure we are. Each attempt is
 * counted before it is made. Limits hang on the login as typed, never on the customer behind it: if CPF and user name
 * were locked together, locking one would tell that the other is the same person's.
 */
export function createCustomerLogin(needs: CustomerLoginNeeds): CustomerLogin {
  const { directory, audit, store } = needs;
  const { windowSeconds, perLogin, perAddress } = needs.limits ?? usualLimits;
  const limit = (kind: string, attempts: number) => createAttemptLimit({ ...needs, rule: { kind, attempts, windowSeconds } });
  const addresses = limit("address", perAddress);
  const passwords = limit("password", perLogin);
  const codes = limit("code", perLogin);
  const key = derivedKey(needs.encryptionKey, "login-attempts");
  const hash = (text: string) => createHmac("sha256", key).update(text).digest("hex");

  /** Locking is a change of state; of many that fail at once, one writes it down. */
  const noteLock = async (factor: "password" | "code", subject: string, slot: AttemptSlot) => {
    const details = { factor, windowSeconds };
    const entry = audit.entry(slot.tag, { action: "login.locked", realm: needs.realm, subject: { kind: "login", id: subject }, actor: { kind: "server" }, details });
    const noted = { name: lockNote, value: "noted", ttlSeconds: windowSeconds };
    await store.batch({ tag: slot.tag, when: [{ name: noted.name, is: "absent" }], put: [noted, entry] });
  };

  const attempt = async (
    { attempts, factor, subject, address }: { attempts: AttemptLimit; factor: "password" | "code"; subject: string; address: string | undefined },
    verify: () => Promise<Customer | undefined>,
  ): Promise<Customer | Exclude<LoginOutcome, { outcome: "ok" }>> => {
    const ofAddress = address === undefined ? undefined : await addresses.claim(hash(networkOf(address)));
    if (ofAddress && "waitSeconds" in ofAddress) return { outcome: "locked", waitSeconds: ofAddress.waitSeconds };
    const releaseAddress = async () => ofAddress && addresses.release(ofAddress);
    const slot = await attempts.claim(subject);
    if ("waitSeconds" in slot) return { outcome: "locked", waitSeconds: slot.waitSeconds };
    try {
      const customer = await verify();
      if (customer) {
        await Promise.all([attempts.clear(subject), releaseAddress()]);
        return customer;
      }
    } catch (error) {
      // The directory gave no answer: nobody has failed. What the store cannot take back now ends with its window.
      await Promise.allSettled([attempts.release(slot), releaseAddress()]);
      throw error;
    }
    if (await attempts.isFull(subject)) await noteLock(factor, subject, slot);
    return { outcome: "refused" };
  };

  return {
    async authenticate(typed, password, address) {
      const login = readLoginName(typed);
      const subject = hash(`${login.kind}\0${login.text}`);
      const found = await attempt({ attempts: passwords, factor: "password", subject, address }, () => directory.verifyPassword(login, password));
      return "outcome" in found ? found : { outcome: "ok", customer: found, acr: levelsOfAssurance.loa2 };
    },
    async verifySecondFactor(customerId, code, address) {
      const found = await attempt({ attempts: codes, factor: "code", subject: hash(`customer\0${customerId}`), address }, async () =>
        (await directory.verifyCode(customerId, code)) ? directory.find(customerId) : undefined,
      );
      return "outcome" in found ? found : { outcome: "ok", customer: found, acr: levelsOfAssurance.loa3 };
    },
  };
}
