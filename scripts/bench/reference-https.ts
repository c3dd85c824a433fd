/**
 * The first reference: Node's own https server with mutual TLS and nothing else, which answers every request with the
 * same JSON. What it reaches is what this machine allows. Takes the path of its settings, prints `ready <port>`.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { tlsListenerOptions } from "../../src/kernel/tls-options.ts";

export interface ReferenceTls {
  readonly certPem: string;
  readonly keyPem: string;
  /** Client certificates must come from here. */
  readonly caPem: string;
}

const settings: ReferenceTls = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const answer = Buffer.from('{"active":true,"client_id":"00000000-0000-4000-8000-000000000000","scope":"consents"}');

const server = createServer(
  { ...tlsListenerOptions(settings), ca: settings.caPem, requestCert: true, rejectUnauthorized: true },
  (request, response) => {
    request.resume();
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": answer.length });
    response.end(answer);
  },
);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Expected a TCP address");
  console.log(`ready ${address.port}`);
});
process.once("SIGTERM", () => process.exit(0));
