import { createHash, X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { IsTrustedProxy } from "./trusted-proxies.ts";

/** The certificate that came with a request, believed to be what the client presented and not judged at all. */
export interface PresentedCertificate {
  readonly leaf: X509Certificate;
  /** What the client sent behind the leaf, in its order. */
  readonly sent: readonly X509Certificate[];
  /** Whether it came by the TLS connection itself: the same object for every request of the connection. */
  readonly ofConnection: boolean;
  /** SHA-256 of the leaf's DER in base64url: `x5t#S256` (RFC 8705 section 3.1). */
  readonly thumbprint: string;
}

export type CertificateReading = PresentedCertificate | "absent" | "unreadable";

export type ReadClientCertificate = (request: IncomingMessage) => CertificateReading;

/** Longer chains than this are nobody's; a hostile one costs memory only up to here. */
const longestChain = 10;

/**
 * Reads the client certificate of a request: from its TLS connection, once a connection; or, when the connection comes
 * from a listed proxy, from the headers Client-Cert and Client-Cert-Chain (RFC 9440). From anybody else the headers
 * mean nothing, and a listed proxy's own certificate is never taken for the client's.
 */
export function createClientCertificateReader(isTrustedProxy: IsTrustedProxy): ReadClientCertificate {
  const bySocket = new WeakMap<object, CertificateReading>();
  return (request) => {
    const socket = request.socket as TLSSocket;
    if (isTrustedProxy(socket.remoteAddress)) {
      return fromHeaders(request);
    }
    const known = bySocket.get(socket);
    if (known !== undefined) {
      return known;
    }
    const reading = fromConnection(socket);
    bySocket.set(socket, reading);
    return reading;
  };
}

function fromConnection(socket: TLSSocket): CertificateReading {
  if (typeof socket.getPeerX509Certificate !== "function") {
    return "absent";
  }
  try {
    const leaf = socket.getPeerX509Certificate();
    if (!leaf) {
      return "absent";
    }
    const sent: X509Certificate[] = [];
    for (let next = leaf.issuerCertificate; next && sent.length < longestChain; next = next.issuerCertificate) {
      sent.push(next);
    }
    return presented(leaf, sent, true);
  } catch {
    return "unreadable";
  }
}

function fromHeaders(request: IncomingMessage): CertificateReading {
  const leaf = headerText(request, "client-cert");
  if (leaf === undefined) {
    return "absent";
  }
  try {
    const chain = (headerText(request, "client-cert-chain") ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "");
    return presented(certificateOf(leaf), chain.slice(0, longestChain).map(certificateOf), false);
  } catch {
    return "unreadable";
  }
}

/** A byte sequence of structured fields (RFC 8941 section 3.3.5): base64 between colons. */
function certificateOf(item: string): X509Certificate {
  const base64 = /^:([A-Za-z0-9+/=]+):$/.exec(item.trim())?.[1];
  if (base64 === undefined) {
    throw new Error("not a byte sequence");
  }
  return new X509Certificate(Buffer.from(base64, "base64"));
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function presented(leaf: X509Certificate, sent: readonly X509Certificate[], ofConnection: boolean): PresentedCertificate {
  return { leaf, sent, ofConnection, thumbprint: createHash("sha256").update(leaf.raw).digest("base64url") };
}
