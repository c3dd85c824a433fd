import { createServer as createHttpsServer, type Server } from "node:https";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createAuthority, issueServerCertificate, type Authority } from "../../src/certs/issue-certificate.ts";

const period = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) };

export interface TestServer {
  /** `localhost:port` */
  readonly host: string;
  readonly port: number;
  /** `https://localhost:port/` */
  readonly url: string;
  readonly caPem: string;
  /** Requests so far, as `METHOD path`. */
  readonly requests: string[];
  /** What the next requests get. */
  answer: RequestListener;
  close(): Promise<void>;
}

let authority: Promise<Authority> | undefined;

async function serverCertificate() {
  authority ??= createAuthority({ subject: { commonName: "Test Root" }, ...period });
  const root = await authority;
  const issued = await issueServerCertificate(root, { hosts: ["localhost", "rebind.test", "127.0.0.1"], ...period });
  return { caPem: root.certificatePem, options: { cert: issued.certificatePem, key: issued.privateKeyPem } };
}

/** Starts a real HTTPS server on a free loopback port; `answer` may be replaced at any time. */
export async function startHttpsServer(answer: RequestListener = sendJson({})): Promise<TestServer> {
  const { caPem, options } = await serverCertificate();
  return listening((listener) => createHttpsServer(options, listener), "https", caPem, answer);
}

/** The same over plain HTTP. */
export async function startHttpServer(answer: RequestListener): Promise<TestServer> {
  return listening((listener) => createHttpServer(listener), "http", "", answer);
}

async function listening(
  create: (listener: RequestListener) => Server | ReturnType<typeof createHttpServer>,
  scheme: string,
  caPem: string,
  answer: RequestListener,
): Promise<TestServer> {
  const requests: string[] = [];
  const server = create((request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    void started.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has a port
  const started: TestServer = {
    host: `localhost:${port}`,
    port,
    url: `${scheme}://localhost:${port}/`,
    caPem,
    requests,
    answer,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}

/** Answers 200 (or another status) with JSON. */
export function sendJson(body: unknown, status = 200, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Never answers. */
export const saysNothing: RequestListener = () => undefined;

/** Sends a byte now and then, for ever. */
export const trickles: RequestListener = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const timer = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(timer));
};

/** Sends as fast as it can, for ever, without saying how much. */
export const pours: RequestListener = (_request, response) => {
  const block = Buffer.alloc(64 * 1024, 0x20);
  const pour = () => {
    while (!response.destroyed && response.write(block));
  };
  response.on("drain", pour);
  pour();
};
