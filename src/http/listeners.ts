import { createServer as createHttpServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { listening, type ListenAddress } from "../kernel/listening.ts";
import { answerMalformedInJson, hostIsJudgedHere, wellFormedOnly } from "../kernel/malformed-requests.ts";
import { askForClientCertificate, tlsListenerOptions } from "../kernel/tls-options.ts";

export interface Listener {
  readonly port: number;
  /** Takes no new connection, lets the requests under way finish, then closes what is left. */
  stop(graceMilliseconds: number): Promise<void>;
}

/** Listens with TLS; with `clientCertificate` every client is asked for one, and any or none is let through. */
export function listenTls(
  handler: RequestListener,
  address: ListenAddress,
  tls: { certPem: string; keyPem: string; clientCertificate: boolean },
): Promise<Listener> {
  const options = { ...tlsListenerOptions(tls), ...(tls.clientCertificate ? askForClientCertificate : {}) };
  return listen(createHttpsServer({ ...options, ...hostIsJudgedHere }, wellFormedOnly(handler)), address);
}

/** Listens without TLS: for the operator's own machine only. */
export function listenPlain(handler: RequestListener, address: ListenAddress): Promise<Listener> {
  return listen(createHttpServer(hostIsJudgedHere, wellFormedOnly(handler)), address);
}

async function listen(server: Server, address: ListenAddress): Promise<Listener> {
  answerMalformedInJson(server);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await listening(server, address);
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
