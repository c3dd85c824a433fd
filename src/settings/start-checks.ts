import { BlockList, isIP } from "node:net";
import { normalize } from "node:path";
import type { Settings } from "./settings-schema.ts";

/** Combinations that are each legal by themselves and unsafe together: they stop the start. */
export function startProblems(settings: Settings): string[] {
  return [...serverCertificate(settings), ...secretKey(settings), ...proxies(settings), ...customers(settings), ...redis(settings), ...production(settings)];
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

function redis({ store }: Settings): string[] {
  if (store.kind !== "redis" || store.redis.mode === "standalone" || store.redis.nodes.length > 0) {
    return [];
  }
  return [`store.redis.nodes: expected at least one node in mode ${store.redis.mode}`];
}

/** What a bank must not run in production. */
function production(settings: Settings): string[] {
  if (settings.profile !== "production") {
    return [];
  }
  const rules: [boolean, string][] = [
    [settings.directory.environment === "production", "directory.environment: expected production in this profile"],
    [!settings.directory.allowPrivateAddresses, "directory.allowPrivateAddresses: expected false in production"],
    [settings.tls.localAuthorityDirectory === undefined, "tls.localAuthorityDirectory: production needs a real server certificate"],
    [!settings.secrets.createMissingKeyFile, "secrets.createMissingKeyFile: production needs a key of the operator's making"],
    [settings.certificates.whenRevocationUnknown === "refuse", "certificates.whenRevocationUnknown: expected refuse in production"],
    [settings.registration.statementMaxAgeSeconds <= 300, "registration.statementMaxAgeSeconds: expected at most 300 in production (DCR 7.1-3)"],
    [settings.tokens.assertionMaxSeconds <= 600, "tokens.assertionMaxSeconds: expected at most 600 in production"],
    [settings.registration.requestsPerMinute > 0, "registration.requestsPerMinute: expected a limit in production"],
    [settings.store.redis.requirePersistence, "store.redis.requirePersistence: expected true in production"],
    [settings.publicUrl !== settings.mtlsUrl, "publicUrl and mtlsUrl: expected two different hosts or ports"],
    [!settings.sampleCustomers, "sampleCustomers: expected false in production"],
    [anchorsAreIcpBrasil(settings), "certificates.brcacAnchors, certificates.brsealAnchors: expected files of certs/icp-brasil only"],
    [settings.certificates.acceptedAuthorities.length > 0, "certificates.acceptedAuthorities: expected the authorities that the ecosystem accepts"],
    [isLoopback(settings.listeners.ops.host), "listeners.ops.host: expected a loopback address; the page has no log-in"],
  ];
  return rules.filter(([holds]) => !holds).map(([, problem]) => problem);
}

function anchorsAreIcpBrasil({ certificates }: Settings): boolean {
  return [...certificates.brcacAnchors, ...certificates.brsealAnchors].every((file) => /(^|\/)certs\/icp-brasil\//.test(normalize(file)));
}

function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address.startsWith("127.");
}
