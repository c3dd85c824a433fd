import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type Koa from "koa";
import { listening } from "../kernel/listening.ts";
import { answerMalformedInJson, hostIsJudgedHere, wellFormedOnly } from "../kernel/malformed-requests.ts";
import { askForClientCertificate, tlsListenerOptions } from "../kernel/tls-options.ts";
import type { GuardedState } from "./token-guard.ts";

export interface BankServerNeeds {
  readonly app: Koa<GuardedState>;
  /** The listener's own certificate (with intermediates) and RSA key, PEM. */
  readonly certPem: string;
  readonly keyPem: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How long calls under way may go on after stop, in milliseconds. */
  readonly stopTimeoutMs: number;
}

export interface BankServer {
  readonly port: number;
  /** Takes no new connection, lets the calls under way end, then closes; resolves when all is closed. */
  readonly stop: () => Promise<void>;
}

/** Starts the bank's HTTPS listener; resolves when it listens, rejects when it cannot. */
export async function startBankServer(needs: BankServerNeeds): Promise<BankServer> {
  const handle = needs.app.callback();
  const underWay = new Set<ServerResponse>();
  const answer = wellFormedOnly((request, response) => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
    void handle(request, response);
  });
  const server = createServer({ ...tlsListenerOptions(needs), ...askForClientCertificate, ...hostIsJudgedHere }, answer);
  answerMalformedInJson(server);
  await listening(server, { host: needs.host, port: needs.port, givenBy: "--port" });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : needs.port;

  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const lastCall = setTimeout(() => server.closeAllConnections(), needs.stopTimeoutMs);
    server.closeIdleConnections();
    // Else a kept-alive connection would hold up the stop long after its last answer.
    for (const response of underWay) if (!response.headersSent) response.setHeader("Connection", "close");
    await closed;
    clearTimeout(lastCall);
  }
  return { port, stop };
}
