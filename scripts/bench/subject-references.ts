import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SignJWT, importJWK, type JWK } from "jose";
import type { AdapterFactory, ClientMetadata } from "oidc-provider";
import { startProcess, type StartedProcess } from "./child-process.ts";
import { jwksPath, resourceServerName, type BenchClient, type Ecosystem } from "./ecosystem.ts";
import type { Clock } from "../../src/kernel/clock.ts";
import { createJourney, type Journey } from "./journey.ts";
import { verifier } from "./plan.ts";
import { createReferenceAdapter, type ReferenceStore } from "./reference-adapters.ts";
import type { ReferenceTls } from "./reference-https.ts";
import type { ReferenceProviderSettings } from "./reference-oidc-provider.ts";
import type { ReferenceVerifierSettings } from "./reference-verifier.ts";
import { redirectUri } from "./sandbox.ts";
import type { RunningServer, Subject, SubjectNeeds } from "./subject.ts";

export interface ReferenceNeeds {
  readonly ecosystem: Ecosystem;
  readonly core: number | undefined;
}

/** The same as the server's, so that both are asked with the same assertions. */
const issuer = "https://localhost/default/openbanking_brasil";
const resourceServerClientId = "resource-server";

function tlsOf(ecosystem: Ecosystem): ReferenceTls {
  return {
    certPem: ecosystem.server.certificatePem,
    keyPem: ecosystem.server.privateKeyPem,
    caPem: ecosystem.caPem,
  };
}

async function startReference(script: string, folder: string, settings: object, core: number | undefined): Promise<StartedProcess> {
  const file = join(folder, "reference.json");
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  const path = fileURLToPath(new URL(script, import.meta.url));
  return startProcess({ name: script, command: [process.execPath, path, file], core, readyMark: "ready " });
}

function running(started: StartedProcess, ecosystem: Ecosystem): RunningServer {
  return {
    pids: [started.pid],
    startMs: started.startMs,
    ports: [Number(started.readyLine)],
    caPem: ecosystem.caPem,
    stop: started.stop,
  };
}

/** Starts the first reference, the bare https server. */
export async function startHttpsReference({ ecosystem, core }: ReferenceNeeds, folder: string): Promise<RunningServer> {
  return running(await startReference("reference-https.ts", folder, tlsOf(ecosystem), core), ecosystem);
}

function referenceStore({ store, folder, redisPort }: SubjectNeeds): ReferenceStore {
  if (store === "memory") return { kind: store };
  if (store === "lmdb") return { kind: store, path: join(folder, "lmdb") };
  if (redisPort === undefined) throw new Error("A Redis port is needed to start on Redis");
  return { kind: store, port: redisPort };
}

/**
 * Starts the third reference, which knows token requests alone. It is there on Redis only: LMDB's processor waits for commits,
 * which says nothing of what a token costs.
 */
export function createVerifierReference({ ecosystem, core }: ReferenceNeeds): Subject {
  const onlyTokens = "/";
  return {
    name: verifier,
    stores: ["redis"],
    async start({ clients: count, folder, redisPort }) {
      if (redisPort === undefined) throw new Error("A Redis port is needed to start on Redis");
      const clients = ecosystem.clients(count);
      const settings: ReferenceVerifierSettings = {
        ...tlsOf(ecosystem),
        redisPort,
        clients: clients.map(({ clientId, publicJwks }) => ({ clientId, signingKey: { ...publicJwks[0] } })),
      };
      return {
        ...running(await startReference("reference-verifier.ts", folder, settings, core), ecosystem),
        paths: { token: onlyTokens, introspection: onlyTokens, registration: onlyTokens, pushedRequests: onlyTokens },
        audience: issuer,
        scope: "consents",
        clients,
        clientIdentity: ecosystem.tpp,
        resourceServer: { identity: ecosystem.resourceServer, clientId: undefined },
        journey: undefined,
        bank: undefined,
        registrations: () => Promise.reject(new Error("The verifier registers nobody")),
      };
    },
  };
}

function jwksUri(client: BenchClient): string {
  return `https://keystore.bench${jwksPath(client)}`;
}

function clientRecord(client: BenchClient): ClientMetadata {
  return {
    ...registrationBody(jwksUri(client)),
    client_id: client.clientId,
    id_token_encrypted_response_alg: "RSA-OAEP",
    id_token_encrypted_response_enc: "A256GCM",
    request_object_signing_alg: "PS256",
    scope: "openid consents accounts customers resources",
  };
}

function resourceServerRecord(): ClientMetadata {
  return {
    client_id: resourceServerClientId,
    token_endpoint_auth_method: "tls_client_auth",
    tls_client_auth_subject_dn: `CN=${resourceServerName}`,
    grant_types: [],
    response_types: [],
    redirect_uris: [],
  };
}

/** What a TPP asks for, as the users' own scripts do. */
function registrationBody(jwksUri: string) {
  return {
    grant_types: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
    jwks_uri: jwksUri,
    token_endpoint_auth_method: "private_key_jwt",
    response_types: ["code id_token"],
    redirect_uris: [redirectUri],
    tls_client_certificate_bound_access_tokens: true,
  } as const;
}

/** Its codes and tokens are put straight into its store; consents it has none. */
function startJourney(adapter: AdapterFactory, clients: readonly BenchClient[], clock: Clock): Promise<Journey> {
  return createJourney({
    adapter,
    clock,
    issuer,
    clients,
    consentsOf: () => ({ awaiting: "urn:bare", authorised: "urn:bare" }),
    customerId: "customer",
    thumbprint: "",
  });
}

/** A statement of the usual size (4 KB); oidc-provider parses the body it comes in and drops it. */
async function signStatement(signingKey: JWK): Promise<string> {
  const claims = { software_roles: ["DADOS"], software_description: "x".repeat(2_400) };
  return new SignJWT(claims).setProtectedHeader({ alg: "PS256" }).sign(await importJWK(signingKey, "PS256"));
}

/** The second reference, bare oidc-provider, on each of the stores. */
export function createOidcProviderReference({ ecosystem, core, clock }: ReferenceNeeds & { readonly clock: Clock }): Subject {
  return {
    name: "oidc-provider",
    stores: ["memory", "lmdb", "redis"],
    async start(needs) {
      const clients = ecosystem.clients(needs.clients);
      const settings: ReferenceProviderSettings = {
        ...tlsOf(ecosystem),
        issuer,
        store: referenceStore(needs),
        signingKey: ecosystem.signingKey,
        clients: [resourceServerRecord(), ...clients.map(clientRecord)],
        keysByUri: Object.fromEntries(clients.map((client) => [jwksUri(client), { keys: client.publicJwks }])),
      };
      const started = await startReference("reference-oidc-provider.ts", needs.folder, settings, core);
      const beside = needs.withJourney ? createReferenceAdapter(referenceStore(needs)) : undefined;
      const journey = beside && (await startJourney(beside.adapter, clients, clock));
      const statement = await signStatement(ecosystem.signingKey);
      return {
        ...running(started, ecosystem),
        paths: { token: "/token", introspection: "/token/introspection", registration: "/reg", pushedRequests: "/request" },
        audience: issuer,
        scope: "consents",
        clients,
        clientIdentity: ecosystem.tpp,
        resourceServer: { identity: ecosystem.resourceServer, clientId: resourceServerClientId },
        async stop() {
          await beside?.close();
          await started.stop();
        },
        journey,
        bank: undefined,
        async registrations(connections) {
          const body = { ...registrationBody("https://keystore.bench/tpp/application.jwks"), software_statement: statement };
          return {
            bodies: Array.from({ length: connections }, () => JSON.stringify(body)),
            identities: [ecosystem.tpp],
          };
        },
      };
    },
  };
}
