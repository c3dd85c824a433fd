import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { createAuditLog } from "../../src/policy/audit/audit-log.ts";
import type { NewCustomer } from "../../src/policy/customer/enrol-customers.ts";
import { createCustomerLogin, type CustomerLoginLimits } from "../../src/policy/customer/customer-login.ts";
import { createPasswordHash, type PasswordHash } from "../../src/policy/customer/password-hash.ts";
import { createStoredCustomerDirectory } from "../../src/policy/customer/stored-customer-directory.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import type { Store } from "../../src/store/store.ts";

export const encryptionKey = Buffer.alloc(32, 7).toString("base64url");
export const start = Date.parse("2026-06-15T12:00:00Z");
export const seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

export const ana: NewCustomer = {
  customerId: "c0ffee00c0ffee00c0ffee00c0ffee00",
  userName: "Ana.Amostra",
  name: "Ana Amostra",
  cpf: "52998224725",
  companies: [{ cnpj: "00011122000183", legalName: "Padaria Modelo de Mentira Ltda." }],
  password: "uma senha com açúcar",
  oneTimeCodeSeed: seed,
};

/** Directory and log-in over a real LMDB store in a folder, with what they did to the store and how often they hashed. */
export async function openLogin(options: { folder?: string; limits?: CustomerLoginLimits; now?: number } = {}) {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "porteiro-customer-")));
  const time = { now: options.now ?? start };
  const clock = () => time.now;
  const store = openLmdbStore({ path: join(folder, "store"), clock });
  const calls: string[] = [];
  const hashes = { verified: 0 };
  const watched = watch(store, calls);
  const audit = createAuditLog({ clock, randomness: systemRandomness });
  const passwords = countVerifications(createPasswordHash({ randomness: systemRandomness }), hashes);
  const needs = { store: watched, audit, clock, randomness: systemRandomness, encryptionKey, realm: "open-finance", passwords };
  const directory = createStoredCustomerDirectory(needs);
  const login = createCustomerLogin({ ...needs, directory, ...(options.limits && { limits: options.limits }) });
  return {
    folder,
    time,
    store,
    directory,
    login,
    calls,
    hashes,
    async close() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The store itself, noting the name of every operation on the way. */
function watch(store: Store, calls: string[]): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...parameters: unknown[]): unknown => {
        calls.push(String(name));
        return Reflect.apply(member, target, parameters);
      };
    },
  });
}

function countVerifications(passwords: PasswordHash, counted: { verified: number }): PasswordHash {
  return {
    hash: (password) => passwords.hash(password),
    async verify(password, hash) {
      const right = await passwords.verify(password, hash);
      counted.verified += 1;
      return right;
    },
  };
}
