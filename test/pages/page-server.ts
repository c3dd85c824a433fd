import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOrCreateLocalAuthority } from "../../src/certs/local-authority.ts";
import { pageSecurityPolicy } from "../../src/http/pages/page-security.ts";
import { stylesheet } from "../../src/http/pages/stylesheet.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { tlsListenerOptions } from "../../src/kernel/tls-options.ts";
import { samplePages } from "./sample-pages.ts";

export interface PageServer {
  readonly origin: string;
  /** What was posted, as it came. */
  readonly posted: string[];
  close(): Promise<void>;
}

/**
 * Serves the sample pages at `/pt/<name>` and `/en/<name>` with the policy that they are made for. What is posted is
 * answered by a redirect to the address given, or by the plain word "posted"; `/callback` redirects there as well.
 */
export async function openPageServer(options: { redirectTo?: string } = {}): Promise<PageServer> {
  const folder = await mkdtemp(join(tmpdir(), "porteiro-pages-"));
  const authority = await loadOrCreateLocalAuthority({ folder, clock: systemClock });
  const tls = await authority.serverCertificate("pages", ["localhost"]);
  const pages = { pt: samplePages("pt"), en: samplePages("en") };
  const posted: string[] = [];
  const server: Server = createServer(tlsListenerOptions(tls), (request, answer) => {
    const path = new URL(request.url ?? "/", "https://localhost").pathname;
    if (path === stylesheet.path) {
      answer.writeHead(200, { "content-type": stylesheet.type, "cache-control": stylesheet.cacheControl }).end(stylesheet.text);
      return;
    }
    if (request.method === "POST") {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        posted.push(Buffer.concat(parts).toString("utf8"));
        if (options.redirectTo === undefined) answer.writeHead(200, { "content-type": "text/plain" }).end("posted");
        else answer.writeHead(303, { location: options.redirectTo }).end();
      });
      return;
    }
    if (path === "/callback" && options.redirectTo !== undefined) {
      answer.writeHead(303, { location: options.redirectTo }).end();
      return;
    }
    const [, language, name = ""] = path.split("/");
    const page = language === "pt" || language === "en" ? pages[language][name] : undefined;
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": pageSecurityPolicy("lead-to-the-tpp") };
    answer.writeHead(page === undefined ? 404 : 200, headers).end(page ?? "no such page");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `https://localhost:${port}`,
    posted,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
