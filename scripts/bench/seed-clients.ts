import { join } from "node:path";
import { createKeptCopies } from "../../src/directory/kept-copies.ts";
import { epochSeconds, type Clock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import { createClientRecords, type ClientRecord } from "../../src/store/client-records.ts";
import { openStore, type StoreOptions } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { jwksPath, type BenchClient } from "./ecosystem.ts";
import { keyFreshnessSeconds, redirectUri, type BenchSandbox } from "./sandbox.ts";
import type { SubjectNeeds } from "./subject.ts";

export interface SeedNeeds {
  readonly store: Store;
  readonly sandbox: BenchSandbox;
  readonly clock: Clock;
  readonly clients: readonly BenchClient[];
}

/** Opens a server's own store, beside it or before it starts. */
export function openBenchStore(subject: SubjectNeeds, clock: Clock): Promise<Store> {
  return openStore(storeOptions(subject), { clock, log: createLog("warn") });
}

function storeOptions({ store, folder, redisPort }: SubjectNeeds): StoreOptions {
  return store === "redis"
    ? {
        kind: "redis",
        connection: { kind: "standalone", url: `redis://127.0.0.1:${redisPort ?? 0}` },
        keyPrefix: "porteiro",
        waitReplicas: 0,
        waitMilliseconds: 500,
        requirePersistence: true,
        requireAppendOnlyFile: false,
      }
    : { kind: "lmdb", path: join(folder, "lmdb") };
}

/** How many clients are put into the store at once. */
const atOnce = 200;
const freshMs = keyFreshnessSeconds * 1_000;

/** Puts registered clients of the one TPP into the store, and the copies of their keys that a server in use would have. */
export async function seedClients({ store, sandbox, clock, clients }: SeedNeeds): Promise<void> {
  const records = createClientRecords({ store });
  const copies = createKeptCopies({ kind: "jwks", store, log: createLog("warn"), ttlSeconds: 86_400 });
  for (let first = 0; first < clients.length; first += atOnce) {
    await Promise.all(
      clients.slice(first, first + atOnce).map(async (client) => {
        const record = clientRecord(client, sandbox, epochSeconds(clock));
        await records.insert({ record, statement: "", with: [] });
        const text = JSON.stringify({ keys: client.publicJwks });
        await copies.save(`${sandbox.clientKeystore}${jwksPath(client)}`, { fetchedAt: clock(), freshMs, text });
      }),
    );
  }
}

/** As a registration leaves it. */
function clientRecord(client: BenchClient, { tpp, clientKeystore }: BenchSandbox, now: number): ClientRecord {
  return {
    realm: "openbanking_brasil",
    clientId: client.clientId,
    softwareId: tpp.softwareId,
    organisationId: tpp.organisationId,
    organisationName: "Fintech Exemplo",
    metadata: {
      grant_types: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
      response_types: ["code id_token"],
      jwks_uri: `${clientKeystore}${jwksPath(client)}`,
      redirect_uris: [redirectUri],
      scope: "openid accounts consents customers resources",
      software_id: tpp.softwareId,
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "PS256",
      id_token_signed_response_alg: "PS256",
      id_token_encrypted_response_alg: "RSA-OAEP",
      id_token_encrypted_response_enc: "A256GCM",
      request_object_signing_alg: "PS256",
      require_pushed_authorization_requests: true,
      tls_client_certificate_bound_access_tokens: true,
    },
    status: "active",
    productScopes: ["accounts:read", "institution-users:read"],
    registrationTokenHash: "",
    registeredAt: now,
    updatedAt: now,
  };
}
