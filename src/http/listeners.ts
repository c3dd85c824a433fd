import { createServer as createHttpServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { answerParserErrorsInJson } from "../kernel/http-parser-errors.ts";
import { askForClientCertificate, tlsListenerOptions } from "../kernel/tls-options.ts";

export interface Listener {
  readonly port: number;
  /** Takes no new connection, lets the requests under way finish, then closes what is left. */
  stop(graceMilliseconds: number): Promise<void>;
}

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}

/** Listens with TLS; with `clientCertificate` every client is asked for one, and any or none is let through. */
export function listenTls(
  handler: RequestListener,
  address: ListenerAddress,
  tls: { certPem: string; keyPem: string; clientCertificate: boolean },
): Promise<Listener> {
  const options = { ...tlsListenerOptions(tls), ...(tls.clientCertificate ? askForClientCertificate : {}) };
  return listen(createHttpsServer({ ...options, ...hostIsJudgedHere }, requireHost(handler)), address);
}

/** Listens without TLS: for the operator's own machine only. */
export function listenPlain(handler: RequestListener, address: ListenerAddress): Promise<Listener> {
  return listen(createHttpServer(hostIsJudgedHere, requireHost(handler)), address);
}

/** Node would answer a request without Host with an empty 400. */
const hostIsJudgedHere = { requireHostHeader: false } as const;

/** RFC 9112 section 3.2: a request of HTTP/1.1 names its host. Nothing here is ever decided by that name. */
function requireHost(handler: RequestListener): RequestListener {
  return (request, response) => {
    if (request.httpVersion === "1.1" && request.headers.host === undefined) {
      refuseConnection(response, 400, "The request has no Host header. HTTP/1.1 demands one.");
      return;
    }
    handler(request, response);
  };
}

function refuseConnection(response: ServerResponse, status: number, description: string): void {
  const body = JSON.stringify({ error: "invalid_request", error_description: description });
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    connection: "close",
  });
  response.end(body);
}

async function listen(server: Server, { host, port }: ListenerAddress): Promise<Listener> {
  answerParserErrorsInJson(server);
  // Here too Node's own answer would be empty.
  server.on("checkExpectation", (_request, response: ServerResponse) => {
    refuseConnection(response, 417, "The Expect header asks for something else than 100-continue.");
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop(graceMilliseconds) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Node leaves a connection open that was answering at this moment: it goes with its next answer, or soon by itself.
      server.prependListener("request", (_request, response: ServerResponse) => response.setHeader("connection", "close"));
      server.keepAliveTimeout = 1;
      const force = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMilliseconds);
      await closed;
      clearTimeout(force);
    },
  };
}
