import { createHash, randomUUID, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type RequestOptions, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { createBankApp, type BankSettings } from "../../src/bank/bank-app.ts";
import { startBankServer, type BankServer } from "../../src/bank/bank-server.ts";
import { createSampleData } from "../../src/bank/sample-data.ts";
import { createIntrospection } from "../../src/bank/token-introspection.ts";
import {
  createAuthority,
  issueBrcac,
  issueServerCertificate,
  type IssuedCertificate,
} from "../../src/certs/issue-certificate.ts";
import { systemClock, type Clock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";

/** What a call came back with. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  /** The parsed JSON body; undefined when empty. */
  readonly body: Record<string, unknown> | undefined;
}

export interface Call {
  readonly path: string;
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  /** The client certificate to connect with; the first TPP's unless said otherwise. */
  readonly certificate?: IssuedCertificate | "none";
}

/** How the other side, an authorization server, answers introspection. */
export type AnswerIntrospection = (token: string) => { status: number; body: string } | "hang" | "reset";

export type BankBench = Awaited<ReturnType<typeof openBank>>;

export function thumbprintOf(certificate: IssuedCertificate): string {
  return createHash("sha256").update(new X509Certificate(certificate.certificatePem).raw).digest("base64url");
}

/** Certificates, a peer that speaks the introspection contract, and a bank that asks it; all on real TLS sockets. */
export async function openBank(
  options: { timeoutMs?: number; clock?: Clock; openFinance?: NonNullable<BankSettings["openFinance"]>; closedAccounts?: readonly string[] } = {},
) {
  const now = Date.now();
  const validity = { notBefore: new Date(now - 3_600_000), notAfter: new Date(now + 86_400_000) };
  const authority = await createAuthority({ subject: { commonName: "AC do Teste" }, ...validity });
  const brcac = (softwareId: string) =>
    issueBrcac(authority, {
      ...validity,
      organisationId: "0c6a6f4b-0000-4000-8000-000000000001",
      softwareId,
      cnpj: "00011122000183",
      legalName: "TPP de Teste",
      commonName: "tpp.example",
    });
  const [server, tpp, otherTpp, bankClient] = await Promise.all([
    issueServerCertificate(authority, { ...validity, hosts: ["localhost"] }),
    brcac(randomUUID()),
    brcac(randomUUID()),
    brcac(randomUUID()),
  ]);

  const peer = await openIntrospectionPeer(server, bankClient);
  const introspection = createIntrospection({
    introspectionUrl: `https://localhost:${peer.port}/token/introspection`,
    certificatePem: bankClient.certificatePem,
    keyPem: bankClient.privateKeyPem,
    caPem: authority.certificatePem,
    timeoutMs: options.timeoutMs ?? 5_000,
  });
  const logLines: string[] = [];
  const logStream = new PassThrough();
  logStream.on("data", (chunk: Buffer) => logLines.push(...chunk.toString().trim().split("\n")));
  const sampleData = createSampleData("a key of the test", options.closedAccounts);
  const app = createBankApp({
    introspect: introspection.introspect,
    sampleData,
    clock: options.clock ?? systemClock,
    log: createLog("info", logStream),
    newRequestId: randomUUID,
    settings: { institutionId: "00016", publicUrl: "https://localhost:7445", ...(options.openFinance && { openFinance: options.openFinance }) },
  });
  const bank = await startBankServer({
    app,
    certPem: server.certificatePem,
    keyPem: server.privateKeyPem,
    host: "localhost",
    port: 0,
    stopTimeoutMs: 5_000,
  });

  return {
    tpp,
    otherTpp,
    peer,
    introspection,
    logLines,
    sampleData,
    port: bank.port,
    caPem: authority.certificatePem,
    call: (call: Call) => callBank(bank, authority.certificatePem, tpp, call),
    stopBank: bank.stop,
    close: async () => {
      introspection.close();
      await bank.stop();
      peer.stop();
    },
  };
}

async function openIntrospectionPeer(certificate: IssuedCertificate, accepted: IssuedCertificate) {
  const tokens = new Map<string, object>();
  const asked: string[] = [];
  let connections = 0;
  const fromTokens: AnswerIntrospection = (token) => ({
    status: 200,
    body: JSON.stringify(tokens.get(token) ?? { active: false }),
  });
  const state = { answer: fromTokens };
  const server: Server = createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem, requestCert: true, rejectUnauthorized: false },
    async (req, res) => {
      const chunks: Buffer[] = await req.toArray();
      const token = new URLSearchParams(Buffer.concat(chunks).toString()).get("token") ?? "";
      asked.push(token);
      const presented = (req.socket as import("node:tls").TLSSocket).getPeerX509Certificate()?.raw; // an https server's socket
      if (presented === undefined || !presented.equals(new X509Certificate(accepted.certificatePem).raw)) {
        res.writeHead(401).end();
        return;
      }
      const answer = state.answer(token);
      if (answer === "hang") return;
      if (answer === "reset") {
        req.socket.destroy();
        return;
      }
      res.writeHead(answer.status, { "Content-Type": "application/json" }).end(answer.body);
    },
  );
  server.on("secureConnection", () => {
    connections += 1;
  });
  server.listen(0, "localhost");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    asked,
    connections: () => connections,
    answerWith: (answer?: AnswerIntrospection) => {
      state.answer = answer ?? fromTokens;
    },
    /** Makes a token live, bound to the certificate, with the scopes. */
    grant: (bound: IssuedCertificate, scope: string, over: object = {}): string => {
      const token = randomUUID();
      const exp = Math.floor(Date.now() / 1000) + 300;
      tokens.set(token, {
        active: true,
        client_id: "client-1",
        scope,
        exp,
        cnf: { "x5t#S256": thumbprintOf(bound) },
        ...over,
      });
      return token;
    },
    revoke: (token: string) => tokens.delete(token),
    confirmation: (bound: IssuedCertificate) => ({ "x5t#S256": thumbprintOf(bound) }),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function callBank(bank: BankServer, caPem: string, tpp: IssuedCertificate, call: Call): Promise<Answer> {
  const certificate = call.certificate ?? tpp;
  const options: RequestOptions = {
    host: "localhost",
    // Else a Host header of the call would name the certificate to expect.
    servername: "localhost",
    port: bank.port,
    ca: caPem,
    method: call.method ?? "GET",
    path: call.path,
    agent: false,
    headers: { ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }), ...call.headers },
    ...(certificate !== "none" && { cert: certificate.certificatePem, key: certificate.privateKeyPem }),
  };
  const sent = request(options);
  sent.end(call.body);
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage]; // what "response" carries
  const text = Buffer.concat(await response.toArray()).toString();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    body: text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>), // an object in every API here
  };
}
