import { createPrivateKey, createPublicKey } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, SignJWT, type JWK } from "jose";
import { makeKey, privateKeyPemOf } from "../certs/issue-certificate.ts";
import type { Clock } from "../kernel/clock.ts";
import { entry, type DirectoryMemory } from "./directory-memory.ts";
import type { StatementKey } from "./directory-records.ts";

/** The keys that sign software statements. */
export interface StatementKeys {
  /** A compact JWS over the claims: PS256, `typ` JWT, `kid` of the newest key (DCR 5.2). */
  sign(claims: Record<string, unknown>): Promise<string>;
  /** Public JWKs of every published key, newest first. */
  published(): Promise<JWK[]>;
  /** Makes a new signing key; the earlier ones stay published. Gives the new `kid`. */
  rotate(): Promise<string>;
  /** Takes every key but the newest out of the keystore. Gives the `kid`s taken out. */
  retireOld(): Promise<string[]>;
}

const record = "current";

async function newKey(clock: Clock): Promise<StatementKey> {
  const privateKey = await makeKey();
  const kid = await calculateJwkThumbprint(await exportJWK(createPublicKey(privateKey)));
  return { kid, privateKeyPem: privateKeyPemOf(privateKey), createdAt: clock() };
}

async function publicJwk({ kid, privateKeyPem }: StatementKey): Promise<JWK> {
  return { ...(await exportJWK(createPublicKey(privateKeyPem))), kid, use: "sig", alg: "PS256" };
}

/** Opens the statement keys, or makes the first one. */
export async function openStatementKeys(memory: DirectoryMemory, clock: Clock): Promise<StatementKeys> {
  if ((await memory.get("statement-keys", record)) === undefined) {
    const first = entry("statement-keys", record, [await newKey(clock)]);
    await memory.write([first], [{ name: first.name, is: "absent" }]);
  }

  async function current(): Promise<[StatementKey, ...StatementKey[]]> {
    const [newest, ...others] = (await memory.get("statement-keys", record)) ?? [];
    if (!newest) throw new Error("Expected a statement signing key in the store; empty the store and start again");
    return [newest, ...others];
  }

  return {
    async sign(claims) {
      const [{ kid, privateKeyPem }] = await current();
      const header = { alg: "PS256", typ: "JWT", kid };
      return new SignJWT(claims).setProtectedHeader(header).sign(createPrivateKey(privateKeyPem));
    },
    async published() {
      return Promise.all((await current()).map(publicJwk));
    },
    async rotate() {
      const fresh = await newKey(clock);
      await memory.change("statement-keys", record, (keys) => ({ record: [fresh, ...keys] }));
      return fresh.kid;
    },
    async retireOld() {
      let retired: string[] = [];
      await memory.change("statement-keys", record, (keys) => {
        retired = keys.slice(1).map(({ kid }) => kid);
        return { record: keys.slice(0, 1) };
      });
      return retired;
    },
  };
}
