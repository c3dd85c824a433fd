import { constants } from "node:crypto";
import type { ServerOptions } from "node:https";

/**
 * What every TLS listener of the house has in common. RSA server certificates; TLS 1.2 with only the two
 * ECDHE_RSA AES-GCM suites, and TLS 1.3 (FAPI-BR 6.2.2). No session tickets, no resumption, no renegotiation.
 */
export function tlsListenerOptions(server: { certPem: string; keyPem: string }): ServerOptions {
  return {
    cert: server.certPem,
    key: server.keyPem,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: [
      "TLS_AES_256_GCM_SHA384",
      "TLS_AES_128_GCM_SHA256",
      "TLS_CHACHA20_POLY1305_SHA256",
      "ECDHE-RSA-AES128-GCM-SHA256",
      "ECDHE-RSA-AES256-GCM-SHA384",
    ].join(":"),
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    sessionTimeout: 1,
    // Long-lived connections spare the handshake, which costs more than ten requests.
    keepAliveTimeout: 75_000,
    headersTimeout: 30_000,
    requestTimeout: 60_000,
    maxHeaderSize: 16_384,
  };
}

/**
 * Asks for the client's certificate and lets every one through to the application, which judges it and can say why.
 * There is deliberately no `ca`: with it Node answers for us, and says no more than UNSPECIFIED.
 */
export const askForClientCertificate = { requestCert: true, rejectUnauthorized: false } as const;
