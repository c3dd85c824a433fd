import { BlockList, isIP } from "node:net";
import { resolve, sep } from "node:path";
import { defaultRedisUrl, type Settings } from "./settings-schema.ts";

/**
 * Combinations that are each legal by themselves and unsafe together: they stop the start. Each begins with the names
 * of its settings.
 * @param root the project's folder
 */
export function startProblems(settings: Settings, root: string): string[] {
  return [...serverCertificate(settings), ...secretKey(settings), ...proxies(settings), ...customers(settings), ...redis(settings), ...products(settings), ...production(settings, root)];
}

/** Each problem stands beside what must hold. */
type Rules = readonly (readonly [holds: boolean, problem: string])[];

function broken(rules: Rules): string[] {
  return rules.filter(([holds]) => !holds).map(([, problem]) => problem);
}

function serverCertificate({ tls }: Settings): string[] {
  const files = tls.certificateFile !== undefined && tls.keyFile !== undefined;
  const halfFiles = (tls.certificateFile === undefined) !== (tls.keyFile === undefined);
  if (halfFiles) {
    return ["tls.certificateFile and tls.keyFile: expected both or neither"];
  }
  if (files === (tls.localAuthorityDirectory !== undefined)) {
    return ["tls: expected either certificateFile with keyFile, or localAuthorityDirectory"];
  }
  return [];
}

function secretKey({ secrets }: Settings): string[] {
  if ((secrets.encryptionKey === undefined) === (secrets.encryptionKeyFile === undefined)) {
    return ["secrets: expected exactly one of encryptionKey and encryptionKeyFile"];
  }
  return [];
}

function proxies({ trustedProxies }: Settings): string[] {
  return trustedProxies.flatMap((range, index) =>
    isAddressRange(range) ? [] : [`trustedProxies.${index}: expected an address, or a CIDR range of 8 bits or more`],
  );
}

function isAddressRange(range: string): boolean {
  const [address = "", bits, ...rest] = range.split("/");
  if (rest.length > 0 || isIP(address) === 0) {
    return false;
  }
  if (bits === undefined) {
    return true;
  }
  try {
    new BlockList().addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
    // A range as wide as the Internet would believe everybody.
    return Number(bits) >= 8;
  } catch {
    return false;
  }
}

function customers({ customersModule, sampleCustomers }: Settings): string[] {
  return customersModule !== undefined && sampleCustomers ? ["customersModule and sampleCustomers: expected one of them; customers are the bank's or the sample's"] : [];
}

/** A client has its products' scopes by its own token: no scope of customers' data may be among them. */
function products({ bankProducts, offeredScopes }: Settings): string[] {
  const both = Object.keys(bankProducts).filter((scope) => offeredScopes.includes(scope));
  return both.map((scope) => `bankProducts and offeredScopes: expected ${scope} in one of them only; as a product it needs no consent`);
}

/** What Redis would be asked for and nobody would hear. */
function redis({ store: { kind, redis } }: Settings): string[] {
  const alone = redis.mode === "standalone";
  const urlGiven = redis.url !== defaultRedisUrl;
  if (kind !== "redis") {
    return broken([[!urlGiven && redis.nodes.length === 0, "store.kind: expected redis, since store.redis says where it is"]]);
  }
  return broken([
    [alone || redis.nodes.length > 0, `store.redis.nodes: expected at least one node in mode ${redis.mode}`],
    [!alone || redis.nodes.length === 0, "store.redis.mode: expected sentinel or cluster, since store.redis.nodes has nodes"],
    [alone || !urlGiven, `store.redis.url: expected none in mode ${redis.mode}, where store.redis.nodes says where Redis is`],
    [!alone || redis.password === undefined || new URL(redis.url).password === "", "store.redis.password and store.redis.url: expected the password in one of them only"],
    [redis.mode === "sentinel" || redis.sentinelPassword === undefined, "store.redis.sentinelPassword: expected in mode sentinel only"],
  ]);
}

/** What a bank must not run in production. */
function production(settings: Settings, root: string): string[] {
  if (settings.profile !== "production") {
    return [];
  }
  const { redis } = settings.store;
  const { directory } = settings;
  const rules: [boolean, string][] = [
    [directory.environment === "production", "directory.environment: expected production in this profile"],
    [!directory.allowPrivateAddresses, "directory.allowPrivateAddresses: expected false in production"],
    [!isSandboxUrl(directory.keystoreUrl), "directory.keystoreUrl: expected the production directory's, not a sandbox's or this machine's"],
    [directory.participantsUrl === undefined || !isSandboxUrl(directory.participantsUrl), "directory.participantsUrl: expected the production directory's, not a sandbox's or this machine's"],
    [!directory.statementIssuers.some((issuer) => /sandbox/i.test(issuer)), "directory.statementIssuers: expected no sandbox among them in production"],
    [settings.tls.localAuthorityDirectory === undefined, "tls.localAuthorityDirectory: production needs a real server certificate"],
    [!settings.secrets.createMissingKeyFile, "secrets.createMissingKeyFile: production needs a key of the operator's making"],
    [settings.certificates.whenRevocationUnknown === "refuse", "certificates.whenRevocationUnknown: expected refuse in production"],
    [settings.registration.statementMaxAgeSeconds <= 300, "registration.statementMaxAgeSeconds: expected at most 300 in production (DCR 7.1-3)"],
    [settings.tokens.assertionMaxSeconds <= 600, "tokens.assertionMaxSeconds: expected at most 600 in production"],
    [settings.registration.requestsPerMinute > 0, "registration.requestsPerMinute: expected a limit in production"],
    [settings.consents.requestsPerMinuteAndClient > 0, "consents.requestsPerMinuteAndClient: expected a limit in production"],
    [settings.consents.requestsPerMinute > 0, "consents.requestsPerMinute: expected a limit in production"],
    [redis.requirePersistence, "store.redis.requirePersistence: expected true in production"],
    [survivesFailover(settings), "store.redis.waitReplicas: expected at least 1 in production, since a failover may lose what no replica has; store.redis.acceptFailoverLoss accepts that"],
    [!isOwnMachine(settings.publicUrl), "publicUrl: expected the address that the world knows, not this machine's"],
    [!isOwnMachine(settings.mtlsUrl), "mtlsUrl: expected the address that the world knows, not this machine's"],
    [settings.publicUrl !== settings.mtlsUrl, "publicUrl and mtlsUrl: expected two different hosts or ports"],
    [!settings.sampleCustomers, "sampleCustomers: expected false in production"],
    [anchorsAreIcpBrasil(settings, root), "certificates.brcacAnchors, certificates.brsealAnchors: expected files of certs/icp-brasil only"],
    [settings.certificates.acceptedAuthorities.length > 0, "certificates.acceptedAuthorities: expected the authorities that the ecosystem accepts"],
    [isLoopback(settings.listeners.ops.host), "listeners.ops.host: expected a loopback address; the page has no log-in"],
  ];
  return [...broken(rules), ...sandboxFiles(settings, root)];
}

function survivesFailover({ store: { kind, redis } }: Settings): boolean {
  return kind !== "redis" || redis.mode === "standalone" || redis.waitReplicas > 0 || redis.acceptFailoverLoss;
}

function anchorsAreIcpBrasil({ certificates }: Settings, root: string): boolean {
  return [...certificates.brcacAnchors, ...certificates.brsealAnchors].every((file) => liesIn(root, "certs/icp-brasil", file));
}

/** Whoever has the sandbox's keys, which lie there in clear, could speak for what these files name. */
function sandboxFiles({ tls, directory, certificates, tables }: Settings, root: string): string[] {
  const files: Record<string, readonly (string | undefined)[]> = {
    "tls.certificateFile": [tls.certificateFile],
    "directory.caFile": [directory.caFile],
    "certificates.intermediates": certificates.intermediates,
    "tables.resourceServersFile": [tables.resourceServersFile],
    "tables.resourceServerAnchors": tables.resourceServerAnchors,
  };
  const ofSandbox = (file: string | undefined) => file !== undefined && ["certs/local", "certs/directory-sandbox"].some((folder) => liesIn(root, folder, file));
  return Object.entries(files).flatMap(([name, named]) => (named.some(ofSandbox) ? [`${name}: expected no file of a sandbox in production`] : []));
}

function liesIn(root: string, folder: string, file: string): boolean {
  return resolve(root, file).startsWith(resolve(root, folder) + sep);
}

function isSandboxUrl(url: string): boolean {
  return isOwnMachine(url) || new URL(url).hostname.split(".").includes("sandbox");
}

function isOwnMachine(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return isLoopback(host) || host.endsWith(".localhost");
}

function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address.startsWith("127.");
}
