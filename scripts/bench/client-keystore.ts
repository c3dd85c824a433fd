import { once } from "node:events";
import { createServer } from "node:https";
import { tlsListenerOptions } from "../../src/kernel/tls-options.ts";
import { jwksPath, type BenchClient } from "./ecosystem.ts";

export interface ClientKeystore {
  /** Without a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Publishes the JWKS of every client of the bench, as the directory's keystore does for its TPPs. */
export async function startClientKeystore(
  tls: { readonly certPem: string; readonly keyPem: string },
  clients: readonly BenchClient[],
): Promise<ClientKeystore> {
  const byPath = new Map(clients.map((client) => [jwksPath(client), JSON.stringify({ keys: client.publicJwks })]));
  const server = createServer(tlsListenerOptions(tls), (request, response) => {
    const body = byPath.get(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200, { "Content-Type": "application/jwk-set+json" });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Expected a TCP address");
  return {
    url: `https://localhost:${address.port}`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
