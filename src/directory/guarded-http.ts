import type { LookupAddress } from "node:dns";
import { lookup as systemLookup } from "node:dns/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { createSecureContext, getCACertificates } from "node:tls";
import type { Readable } from "node:stream";
import { callbackify } from "node:util";
import axios, { type AxiosResponse } from "axios";
import type { Log } from "../kernel/log.ts";
import { isAllowedAddress } from "./allowed-address.ts";
import { OutgoingFailed, OutgoingRefused } from "./outgoing-errors.ts";

export interface GuardedHttpNeeds {
  /** Hosts that may be asked over https, each as `host` (port 443) or `host:port`; compared exactly. */
  readonly allowedHosts: readonly string[];
  /** Hosts that may also be asked over http, in the same form (`host` is port 80): CRLs are published so. */
  readonly plainHttpHosts?: readonly string[];
  /** Whether loopback, private, unique-local and carrier-grade NAT addresses may be reached. */
  readonly allowPrivateAddresses: boolean;
  /** Milliseconds for the whole call: name look-up, connection, TLS and the last byte of the body. */
  readonly timeoutMs: number;
  /** Largest body in bytes that a call accepts unless it names its own limit. */
  readonly maxBytes: number;
  /** Authorities trusted beside Node's own roots (PEM, one or more certificates). */
  readonly caPem?: string;
  /** Shown to hosts that ask for a certificate. */
  readonly clientCertificate?: { readonly certPem: string; readonly keyPem: string };
  readonly log: Log;
  /** Every address of a host name; the operating system's resolver unless given. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
}

export interface OutgoingAnswer {
  /** Always 2xx. */
  readonly status: number;
  /** Names in lower case; several values of one name joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface GuardedHttp {
  /**
   * Gets a URL and returns its 2xx answer with the complete body.
   * @throws OutgoingRefused when the policy forbids the call; nothing was sent then.
   * @throws OutgoingFailed when it was made and brought nothing usable: network, TLS, time-out, redirect, other
   *   status, a body over the limit, or a compressed one (none is asked for, so that nothing can swell here).
   */
  get(url: string, options: { accept: string; maxBytes?: number }): Promise<OutgoingAnswer>;
  /** Closes the kept connections. */
  close(): void;
}

const connectionsPerHost = 64;
const idleConnectionsPerHost = 8;

/** Makes the only client through which the server asks anything of the outside world. */
export function createGuardedHttp(needs: GuardedHttpNeeds): GuardedHttp {
  const secureHosts = new Set(needs.allowedHosts.map((host) => host.toLowerCase()));
  const plainHosts = new Set((needs.plainHttpHosts ?? []).map((host) => host.toLowerCase()));
  const pool = {
    keepAlive: true,
    maxSockets: connectionsPerHost,
    maxFreeSockets: idleConnectionsPerHost,
    lookup: guardedLookup(needs),
  };
  const httpAgent = new HttpAgent(pool);
  // One context for all connections: reading some 150 roots anew for each would cost milliseconds.
  const httpsAgent = new HttpsAgent({ ...pool, rejectUnauthorized: true, secureContext: secureContextOf(needs) });

  async function get(url: string, options: { accept: string; maxBytes?: number }): Promise<OutgoingAnswer> {
    const target = judgedUrl(url, secureHosts, plainHosts, needs.allowPrivateAddresses);
    const signal = AbortSignal.timeout(needs.timeoutMs);
    try {
      const response = await axios.get<Readable>(target.href, {
        httpAgent,
        httpsAgent,
        signal,
        proxy: false,
        maxRedirects: 0,
        decompress: false,
        responseType: "stream",
        validateStatus: () => true,
        headers: { Accept: options.accept, "Accept-Encoding": "identity", "User-Agent": "porteiro" },
      });
      const answer = await usableAnswer(response, target, options.maxBytes ?? needs.maxBytes);
      needs.log.debug({ host: target.host, path: target.pathname, bytes: answer.body.length }, "outgoing call answered");
      return answer;
    } catch (error) {
      const failure = signal.aborted ? timedOut(target, needs.timeoutMs) : failureOf(error, target);
      needs.log.debug({ host: target.host, path: target.pathname, reason: failure.reason }, "outgoing call failed");
      throw failure;
    }
  }

  return {
    get,
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

function secureContextOf(needs: GuardedHttpNeeds) {
  return createSecureContext({
    minVersion: "TLSv1.2",
    ca: [...getCACertificates("default"), ...(needs.caPem === undefined ? [] : [needs.caPem])],
    ...(needs.clientCertificate && { cert: needs.clientCertificate.certPem, key: needs.clientCertificate.keyPem }),
  });
}

/**
 * The look-up of the agents' own connections: an address is judged at the moment of the connection that uses it, so
 * a name that changes its answer between a check and a connection (DNS rebinding) gains nothing.
 */
function guardedLookup(needs: GuardedHttpNeeds): LookupFunction {
  const resolve = needs.resolve ?? systemAddresses;

  async function allowedAddresses(hostname: string): Promise<LookupAddress[]> {
    const addresses = await resolve(hostname);
    const allowed = addresses.filter((address) => isAllowedAddress(address, needs.allowPrivateAddresses));
    if (allowed.length === 0) throw addressRefused(hostname);
    return allowed.map((address) => ({ address, family: isIP(address) }));
  }

  const judged = callbackify(allowedAddresses);
  return (hostname, options, callback) => {
    judged(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) callback(error ?? addressRefused(hostname), "");
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

async function systemAddresses(hostname: string): Promise<readonly string[]> {
  const found = await systemLookup(hostname, { all: true });
  return found.map(({ address }) => address);
}

/** The URL, when the policy allows to ask it. IP literals are judged here: no look-up ever sees them. */
function judgedUrl(
  url: string,
  secureHosts: ReadonlySet<string>,
  plainHosts: ReadonlySet<string>,
  allowPrivateAddresses: boolean,
): URL {
  const target = URL.parse(url);
  if (target === null) throw new OutgoingRefused("url-malformed", "Expected an absolute https URL, received none");
  if (target.username !== "" || target.password !== "") {
    throw new OutgoingRefused("url-credentials", `Expected a URL without user name and password for ${target.host}`);
  }
  const hosts = { "https:": secureHosts, "http:": plainHosts }[target.protocol];
  if (hosts === undefined || (target.protocol === "http:" && !isListed(target, hosts) && isListed(target, secureHosts))) {
    throw new OutgoingRefused("scheme", `Expected an https URL, received the scheme ${target.protocol}`);
  }
  if (!isListed(target, hosts)) {
    throw new OutgoingRefused("host-not-allowed", `Expected one of the listed hosts, received ${target.host}`);
  }
  const literal = target.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(literal) !== 0 && !isAllowedAddress(literal, allowPrivateAddresses)) throw addressRefused(target.hostname);
  return target;
}

function isListed(target: URL, hosts: ReadonlySet<string>): boolean {
  const defaultPort = target.protocol === "https:" ? "443" : "80";
  return hosts.has(target.host) || hosts.has(`${target.hostname}:${target.port || defaultPort}`);
}

function addressRefused(hostname: string): OutgoingRefused {
  return new OutgoingRefused("address-not-allowed", `Expected ${hostname} to have a public address, it has none`);
}

async function usableAnswer(response: AxiosResponse<Readable>, target: URL, limit: number): Promise<OutgoingAnswer> {
  const { status } = response;
  const headers = plainHeaders(response);
  const unusable = unusableHead(status, headers, target, limit);
  if (unusable) {
    response.data.destroy();
    throw unusable;
  }
  return { status, headers, body: await readWithin(response.data, limit, target) };
}

function unusableHead(
  status: number,
  headers: Readonly<Record<string, string>>,
  target: URL,
  limit: number,
): OutgoingFailed | undefined {
  if (status >= 300 && status < 400) {
    return new OutgoingFailed("redirect", `Expected ${target.host} to answer itself, it redirects (status ${status})`);
  }
  if (status < 200 || status >= 300) {
    return new OutgoingFailed("status", `Expected status 200 from ${target.host}, received ${status}`, status);
  }
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
    return new OutgoingFailed("encoding", `Expected an uncompressed body from ${target.host}, received another encoding`);
  }
  if (Number(headers["content-length"] ?? 0) > limit) return tooLarge(target, limit);
  return undefined;
}

function plainHeaders(response: AxiosResponse): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

async function readWithin(stream: Readable, limit: number, target: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream and with it the connection.
    if (size > limit) throw tooLarge(target, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(target: URL, limit: number): OutgoingFailed {
  return new OutgoingFailed("size", `Expected at most ${limit} bytes from ${target.host}, received more`);
}

function timedOut(target: URL, timeoutMs: number): OutgoingFailed {
  return new OutgoingFailed("timeout", `Expected a complete answer from ${target.host} within ${timeoutMs} ms`);
}

function failureOf(error: unknown, target: URL): OutgoingRefused | OutgoingFailed {
  const ours = [error, error instanceof Error ? error.cause : undefined].find(
    (one) => one instanceof OutgoingRefused || one instanceof OutgoingFailed,
  );
  if (ours) return ours;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  const reason = isTlsCode(code) ? "tls" : "network";
  return new OutgoingFailed(reason, `Expected an answer from ${target.host}, the connection failed (${code})`);
}

/** Node's TLS errors: its own `ERR_TLS_` and `ERR_SSL_` codes, `EPROTO`, and OpenSSL's verdicts on a certificate. */
function isTlsCode(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|EPROTO$)|CERT|SIGNATURE|ISSUER|_CA$/.test(code);
}
