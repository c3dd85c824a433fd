import { createServer, request, type RequestOptions } from "node:https";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SandboxDirectory, SandboxTpp } from "./sandbox.ts";

/** A keystore of its own address that hands on what the sandbox directory says, counts, and may be told to lie. */
export interface KeystoreBetween {
  /** For the setting `directory.keystoreUrl`. */
  readonly url: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  /** Answers a path by itself from now on, instead of handing on; undefined: hands on again. */
  answer(path: string, listener: RequestListener | undefined): void;
  /** Keeps whoever asks for a TPP's keys waiting; resolves once somebody does, with what lets the answer go. */
  held(tpp: SandboxTpp): Promise<() => void>;
  /** What a TPP registers with so that its keys are asked for here. */
  registration(tpp: SandboxTpp): Promise<{ software_statement: string; jwks_uri: string }>;
  jwksPath(tpp: SandboxTpp): string;
  stop(): Promise<void>;
}

/** Starts it on a free port with a certificate of the sandbox's local authority. */
export async function startKeystoreBetween(directory: SandboxDirectory): Promise<KeystoreBetween> {
  const { certPem, keyPem } = await directory.localAuthority.serverCertificate("keystore-between", ["localhost"]);
  const asked: string[] = [];
  const answers = new Map<string, RequestListener>();
  const upstream = (path: string): RequestOptions => ({ ...addressOf(directory.urls.keystore), path, ca: directory.localAuthority.caPem, agent: false });

  const server = createServer({ cert: certPem, key: keyPem }, (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const path = incoming.url ?? "/";
    asked.push(path);
    const own = answers.get(path);
    if (own) {
      void own(incoming, outgoing);
      return;
    }
    handOn(path, outgoing);
  });
  const handOn = (path: string, outgoing: ServerResponse): void => {
    const handedOn = request(upstream(path), (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    handedOn.on("error", () => outgoing.destroy());
    handedOn.end();
  };
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  const jwksPath = (tpp: SandboxTpp) => new URL(tpp.description.jwks_uri).pathname;

  return {
    url,
    asked,
    jwksPath,
    answer(path, listener) {
      if (listener) answers.set(path, listener);
      else answers.delete(path);
    },
    held: (tpp) =>
      new Promise((asked) => {
        const path = jwksPath(tpp);
        answers.set(path, (_incoming, outgoing) => asked(() => handOn(path, outgoing)));
      }),
    async registration(tpp) {
      const jwks_uri = new URL(jwksPath(tpp), url).href;
      return { jwks_uri, software_statement: await tpp.statement({ claims: { software_jwks_uri: jwks_uri } }) };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function addressOf(url: string): { hostname: string; port: string } {
  const { hostname, port } = new URL(url);
  return { hostname, port };
}

/** Answers with JSON. */
export function answersJson(body: unknown, status = 200): RequestListener {
  return (_incoming, outgoing) => {
    outgoing.writeHead(status, { "content-type": "application/json" });
    outgoing.end(JSON.stringify(body));
  };
}
