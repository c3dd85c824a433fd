import { z } from "zod";
import { logLevels } from "../kernel/log.ts";

/**
 * Every choice the outside world has, checked once at the start. The descriptions are the documentation:
 * `config/README.md` is generated from this schema (`porteiro settings document`).
 */

const host = z.string().min(1);
/** A path that is empty would be the project's own folder. */
const path = z.string().min(1);
/** As the guarded client compares it. */
const callableHost = z.string().refine(isHostOrHostPort, "expected host or host:port, without scheme and path; port 443 is left out");
const redisUrl = z.string().refine(isRedisUrl, "expected redis://host:port or rediss://host:port");
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const port = z.int().min(0).max(65_535);
const listener = (defaults: { host: string; port: number }) =>
  z.strictObject({
    host: host.default(defaults.host).describe("Address to listen on"),
    port: port.default(defaults.port).describe("Port to listen on"),
  });
const httpsUrl = z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/$/, ""));

function isHostOrHostPort(text: string): boolean {
  return URL.canParse(`https://${text}`) && new URL(`https://${text}`).host === text.toLowerCase();
}

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ["redis:", "rediss:"].includes(new URL(text).protocol) && new URL(text).hostname !== "";
}

/** An issuer is made of it, which has no query, fragment or user part; the realms' paths follow it. */
const ownAddress = httpsUrl.refine((url) => URL.canParse(url) && new URL(url).origin === url, "expected https://host or https://host:port in lower case, and nothing behind it");
const seconds = (least: number, most: number) => z.int().min(least).max(most);
const hostAndPort = z.strictObject({ host, port });

const listeners = z.strictObject({
  public: listener({ host: "127.0.0.1", port: 7443 }).prefault({}),
  mtls: listener({ host: "127.0.0.1", port: 7444 }).prefault({}),
  ops: listener({ host: "127.0.0.1", port: 7490 }).prefault({}),
});

const tls = z.strictObject({
  certificateFile: path.optional().describe("Server certificate with its intermediates, PEM; RSA"),
  keyFile: path.optional().describe("Private key of the server certificate, PEM"),
  localAuthorityDirectory: path
    .optional()
    .describe("Instead of the two files: where the local authority lives that issues the server certificate"),
});

/** Braces would move a key to another slot of a Cluster. */
export const redisKeyPrefix = /^[\x21-\x7a\x7c\x7e]{1,100}$/;

/** Where Redis is unless told. */
export const defaultRedisUrl = "redis://127.0.0.1:6379";

const store = z.strictObject({
  kind: z.enum(["lmdb", "redis"]).default("lmdb").describe("Embedded (one machine) or distributed store"),
  lmdb: z
    .strictObject({
      path: path.default("var/store").describe("Folder of the embedded store"),
      mapSizeMegabytes: z.int().min(16).max(1_048_576).default(4_096).describe("Address space set aside at the start; the store grows beyond it, at the cost of a short halt each time"),
    })
    .prefault({}),
  redis: z
    .strictObject({
      mode: z.enum(["standalone", "sentinel", "cluster"]).default("standalone").describe("How Redis is run"),
      url: redisUrl.default(defaultRedisUrl).describe("Standalone: redis:// or rediss:// URL"),
      sentinelName: z.string().min(1).default("mymaster").describe("Sentinel: name of the master group"),
      nodes: z.array(hostAndPort).default([]).describe("Sentinel: the sentinels; Cluster: some of its nodes"),
      password: z.string().min(1).optional().describe("Password of Redis, or of the data nodes; not in the URL as well (secret)"),
      sentinelPassword: z.string().min(1).optional().describe("Sentinel: password of the sentinels (secret)"),
      tls: z.boolean().default(false).describe("Connect over TLS; Standalone: a rediss:// URL says the same"),
      keyPrefix: z.string().regex(redisKeyPrefix, "expected 1 to 100 characters of printable ASCII without braces or spaces").default("porteiro").describe("First part of every key"),
      waitReplicas: z.int().min(0).max(10).default(0).describe("How many replicas must acknowledge each write"),
      waitMilliseconds: z.int().min(10).max(10_000).default(500).describe("How long to wait for the replicas"),
      requirePersistence: z
        .boolean()
        .default(true)
        .describe("Refuse to start on a Redis that may evict keys or does not persist; in production also on one that writes snapshots alone"),
      acceptFailoverLoss: z
        .boolean()
        .default(false)
        .describe("Sentinel and Cluster in production: accept that a failover loses acknowledged writes (`waitReplicas` 0)"),
    })
    .prefault({}),
});

const secrets = z.strictObject({
  encryptionKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, "expected 32 bytes in base64url (43 characters)")
    .optional()
    .describe("Key that encrypts signing keys at rest and seals the audit trail: 32 bytes, base64url (secret)"),
  encryptionKeyFile: path.optional().describe("File that holds the encryption key instead"),
  createMissingKeyFile: z.boolean().default(false).describe("Make the key file on the first run"),
});

const directory = z.strictObject({
  environment: z
    .enum(["production", "sandbox"])
    .describe("Value that a software statement must carry in software_environment"),
  keystoreUrl: httpsUrl.describe("Base URL of the directory's keystore"),
  participantsUrl: httpsUrl.optional().describe("URL of the participants list; left out: not read"),
  statementIssuers: z.array(z.string().min(1)).min(1).describe("Accepted `iss` values of software statements"),
  allowedHosts: z.array(callableHost).default([]).describe("Further hosts (host or host:port) that may be called"),
  allowPrivateAddresses: z.boolean().default(false).describe("Let outgoing calls reach loopback and private addresses"),
  caFile: path.optional().describe("Authority of the directory's TLS certificates, beside the public ones"),
  timeoutMilliseconds: z.int().min(100).max(30_000).default(5_000).describe("Longest wait for one outgoing call"),
  maxAnswerKilobytes: z.int().min(16).max(65_536).default(512).describe("Largest answer that is read"),
  keyFreshnessSeconds: seconds(10, 3_600)
    .default(300)
    .describe("After how long a key that left the keystore is dead, while the keystore answers"),
  maxStaleSeconds: seconds(60, 604_800)
    .default(86_400)
    .describe("How long the last good keys serve while the keystore does not answer"),
  coolDownSeconds: seconds(1, 600).default(30).describe("Least time between two re-fetches for an unknown `kid`"),
  participantsRefreshSeconds: seconds(10, 86_400)
    .default(900)
    .describe("How often the participants list is read; clients of organisations that are not active in it are suspended"),
});

const certificates = z.strictObject({
  brcacAnchors: z.array(path).min(1).describe("PEM files of the roots that BRCAC certificates must chain to"),
  brsealAnchors: z.array(path).min(1).describe("PEM files of the roots that BRSEAL certificates must chain to"),
  intermediates: z.array(path).default([]).describe("PEM files of authorities that complete short chains"),
  acceptedAuthorities: z
    .array(z.string().min(2))
    .default([])
    .describe("Names, of which one must be a word in the common name of an authority below the root (CS 112); none: every authority"),
  crlSourcesFile: path.default("config/crl-sources.json").describe("Table from issuer to CRL address"),
  crlFromCertificate: z.boolean().default(true).describe("Use the certificate's own CRL address when the table has none"),
  crlAllowedHosts: z.array(callableHost).default([]).describe("Hosts that CRLs may be fetched from, beside the table's"),
  crlMaxAgeSeconds: seconds(600, 2_592_000).default(172_800).describe("How long a last good CRL serves after its nextUpdate"),
  whenRevocationUnknown: z.enum(["refuse", "accept"]).default("refuse").describe("What to do when no CRL can be had"),
});

const registration = z.strictObject({
  statementMaxAgeSeconds: seconds(60, 3_600).default(300).describe("Oldest software statement accepted (DCR 7.1-3)"),
  clockSkewSeconds: seconds(0, 300).default(60).describe("How far in the future an `iat` may lie"),
  maxBodyKilobytes: z.int().min(8).max(1_024).default(64).describe("Largest request body"),
  requestsPerMinute: z
    .int()
    .min(0)
    .max(100_000)
    .default(120)
    .describe("Registration calls a minute and certificate, and refused certificates a minute and address, before 429; 0: no limit"),
});

const tokens = z.strictObject({
  accessTokenSeconds: seconds(300, 900).default(900).describe("Lifetime of access tokens (FAPI-BR 5.2.2-13)"),
  assertionMaxSeconds: seconds(60, 3_600).default(600).describe("Longest lifetime of a client assertion"),
  clockSkewSeconds: seconds(0, 120).default(15).describe("Tolerance on exp, nbf and iat of client assertions"),
});

const tables = z.strictObject({
  roleScopesFile: path.default("config/role-scopes.json").describe("Table from regulatory role to scopes"),
  resourceServersFile: path
    .default("config/resource-servers.json")
    .describe("Resource servers that may introspect: name and SHA-256 of the public key"),
  resourceServerAnchors: z
    .array(path)
    .default([])
    .describe("PEM files of the bank's own authority, which resource server certificates must chain to"),
});

const consents = z.strictObject({
  requestsPerMinuteAndClient: z.int().min(0).max(1_000_000).default(1_000).describe("Consent calls a minute and client, and of one certificate (or address without one), before 429; 0: no limit"),
  requestsPerMinute: z.int().min(0).max(10_000_000).default(30_000).describe("Consent calls a minute of all clients together before 529; 0: no limit"),
});

const login = z.strictObject({
  secondFactor: z
    .enum(["when-asked", "always"])
    .default("when-asked")
    .describe("When a customer must give a one-time code: when the request asks for LoA3, or always; then nobody without a second factor gets in"),
});

/** The id of a financial institution. */
export const institutionIdForm = /^[0-9]{4,6}$/;

const sampleBank = z.strictObject({
  publicUrl: ownAddress.optional().describe("Public base URL of the sample bank, which its links show; left out: https://localhost and the port"),
  host: host.default("127.0.0.1").describe("Address that the sample bank listens on"),
  port: z.int().min(1).max(65_535).default(7445).describe("Port that the sample bank listens on"),
  institution: z.string().regex(institutionIdForm, "expected 4 to 6 digits").default("00016").describe("Id of its financial institution"),
  closedAccounts: z.array(z.string()).default([]).describe("Sample accounts that were closed in the meantime, as in 30000001-6: a consent that names one shares it no longer"),
  callsPerMinute: z.int().min(0).max(1_000_000).default(0).describe("Calls of Open Finance data a minute and client before 429; 0: no limit"),
});

export const settingsSchema = z.strictObject({
  profile: z
    .enum(["production", "directory-sandbox", "local"])
    .default("local")
    .describe("Which file of config/ is the base: production, the ecosystem's sandbox directory, or our own"),
  publicUrl: ownAddress.prefault("https://localhost:7443").describe("Public base URL: discovery, keys, authorization, pages"),
  mtlsUrl: ownAddress.prefault("https://localhost:7444").describe("Public base URL of the endpoints that take a client certificate"),
  listeners: listeners.prefault({}),
  tls: tls.prefault({}),
  trustedProxies: z
    .array(z.string())
    .default([])
    .describe("Addresses (or CIDR ranges) of proxies, whose Client-Cert headers (RFC 9440) and callerAddressHeader are believed; none: headers are ignored"),
  callerAddressHeader: z
    .enum(["x-forwarded-for", "forwarded"])
    .default("x-forwarded-for")
    .describe("Header to which every trusted proxy adds the caller's address; limits by address count by it"),
  drainSeconds: seconds(0, 120)
    .default(0)
    .describe("How long all is still served after the request to stop, while /ready says no already: longer than a balancer takes to notice"),
  workers: z.int().min(1).max(64).default(1).describe("Server processes on this machine"),
  store: store.prefault({}),
  secrets: secrets.prefault({}),
  directory,
  certificates,
  registration: registration.prefault({}),
  tokens: tokens.prefault({}),
  consents: consents.prefault({}),
  login: login.prefault({}),
  customersModule: path
    .optional()
    .describe("Module of the bank that says who its customers are and which accounts they can share (src/policy/customer/README.md); not set: the server's own directory, without accounts"),
  sampleCustomers: z.boolean().default(false).describe("Enrol the sample bank's customers, whose passwords everybody knows (sandbox only)"),
  sampleBank: sampleBank.prefault({}),
  tables: tables.prefault({}),
  offeredScopes: z
    .array(z.string().regex(scopeToken, "expected a scope"))
    .default(["openid", "consents", "accounts", "customers", "resources"])
    .describe("Scopes that the institution offers; what a role allows beyond them, and beyond the grouped products that everybody lists, is left out of a registration"),
  bankProducts: z
    .record(z.string().regex(scopeToken), z.enum(["registration", "operator"]))
    .default({})
    .describe("Scopes of the bank's own products, and whether a client gets each at registration or by an operator's grant"),
  logLevel: z
    .enum(logLevels)
    .default("info")
    .describe("Least severe log line that is written"),
});

/** Everything the program may ask of its surroundings, complete and checked. Files are still paths. */
export type Settings = z.output<typeof settingsSchema>;
