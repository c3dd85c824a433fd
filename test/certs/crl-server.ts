import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import axios from "axios";

/** A place where revocation lists lie: what a path answers can be changed at any time, and calls are counted. */
export interface CrlServer {
  readonly url: (path: string) => string;
  /** What lies at a path; a number is an HTTP status; a promise is waited for. */
  readonly lies: Map<string, Buffer | number | Promise<Buffer>>;
  readonly calls: string[];
  readonly fetch: (url: string) => Promise<Buffer>;
  close(): Promise<void>;
}

export async function startCrlServer(): Promise<CrlServer> {
  const lies: CrlServer["lies"] = new Map();
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    calls.push(path);
    void Promise.resolve(lies.get(path) ?? 404).then((answer) => {
      if (typeof answer === "number") response.writeHead(answer).end();
      else response.end(answer);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // A listening TCP server has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    lies,
    calls,
    fetch: async (url) => {
      const { data } = await axios.get<ArrayBuffer>(url, { responseType: "arraybuffer", proxy: false });
      return Buffer.from(data);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
