import { randomUUID } from "node:crypto";
import { Agent, request } from "node:https";
import { Router } from "@koa/router";
import Koa from "koa";
import { createAuthority, issueServerCertificate, type IssuedCertificate } from "../../src/certs/issue-certificate.ts";
import { addConsentRoutes, consentsBasePath, type ConsentRoutesNeeds } from "../../src/http/consents/consent-routes.ts";
import { listenTls } from "../../src/http/listeners.ts";
import { createRateLimit } from "../../src/http/rate-limit.ts";
import { requestLog } from "../../src/http/request-log.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { createLog } from "../../src/kernel/log.ts";
import { StoreUnavailableError } from "../../src/store/store-unavailable.ts";
import { openConsentBank, type ConsentBank } from "./consent-bank.ts";
import { contractIsAtHand, readOfficialContract, type ContractAnswer } from "./official-contract.ts";

export const baseUrl = "https://mtls.bank.example";
export const consentsPath = `${consentsBasePath}/consents`;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed JSON body; of a 204 and of HEAD there is none. */
  readonly body: AnswerBody;
}

/** What a body may hold; each answer has the members that its operation gives. */
export interface AnswerBody {
  readonly errors: readonly { readonly code: string; readonly title: string; readonly detail: string }[];
  readonly data: {
    readonly consentId: string;
    readonly status: string;
    readonly permissions: readonly string[];
    readonly expirationDateTime?: string;
    readonly rejection?: { readonly rejectedBy: string; readonly reason: { readonly code: string } };
  };
  readonly links: Readonly<Record<string, string>>;
  readonly meta: { readonly requestDateTime: string; readonly totalRecords?: number; readonly totalPages?: number };
}

/** The `data` of a list of extensions. */
export function extensionsIn(body: AnswerBody): { requestDateTime: string; expirationDateTime?: string }[] {
  // A list where every other answer has one object.
  return body.data as unknown as { requestDateTime: string; expirationDateTime?: string }[];
}

export interface Call {
  /** Client id of the calling TPP; left out: no token. */
  readonly client?: string;
  /** Scopes of its token; `consents` unless told. */
  readonly scopes?: readonly string[];
  /** The customer of its token. */
  readonly customer?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** JSON, or a text or bytes to be sent as they are. */
  readonly body?: unknown;
}

export interface ConsentsServer extends ConsentBank {
  call(method: string, path: string, call?: Call): Promise<Answer>;
  stop(): Promise<void>;
}

let fromContract: ((answer: ContractAnswer) => string[]) | undefined;

function departuresFromContract(): (answer: ContractAnswer) => string[] {
  fromContract ??= contractIsAtHand ? readOfficialContract() : () => [];
  return fromContract;
}

let certificate: Promise<IssuedCertificate> | undefined;

async function serverCertificate(): Promise<IssuedCertificate> {
  const validity = { notBefore: new Date(systemClock() - 60_000), notAfter: new Date(systemClock() + 3_600_000) };
  const authority = await createAuthority({ subject: { commonName: "Tests" }, ...validity });
  return issueServerCertificate(authority, { ...validity, hosts: ["localhost"] });
}

/**
 * The Consents API over TLS on a real store. The token is left out: headers of the test say which client calls, with
 * which scopes and for which customer. Every answer is held against the official contract where that is at hand.
 */
export async function startConsentsServer(changes: Partial<ConsentRoutesNeeds> = {}): Promise<ConsentsServer> {
  certificate ??= serverCertificate();
  const { certificatePem, privateKeyPem } = await certificate;
  const bank = await openConsentBank();
  const log = createLog("silent");
  const router = new Router();
  addConsentRoutes(router, {
    consents: bank.consents,
    authorize: async (ctx, scope) => {
      const clientId = ctx.get("test-client");
      if (clientId === "") {
        return { ok: false, status: 401 };
      }
      const customerId = ctx.get("test-customer");
      return ctx.get("test-scopes").split(" ").includes(scope)
        ? { ok: true, caller: { clientId, actor: { kind: "tpp", softwareId: "software" }, ...(customerId !== "" && { customerId }) } }
        : { ok: false, status: 403 };
    },
    baseUrl,
    clock: bank.clock,
    log,
    callerLimit: createRateLimit({ callsPerMinute: 0, clock: bank.clock }),
    callerOf: () => "address",
    clientLimit: createRateLimit({ callsPerMinute: 0, clock: bank.clock }),
    overallLimit: createRateLimit({ callsPerMinute: 0, clock: bank.clock }),
    isUnavailable: (error) => error instanceof StoreUnavailableError,
    ...changes,
  });
  const app = new Koa();
  app.silent = true;
  app.use(requestLog(log));
  app.use(router.routes());
  const listener = await listenTls(app.callback(), { host: "127.0.0.1", port: 0 }, { certPem: certificatePem, keyPem: privateKeyPem, clientCertificate: true });
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const departures = departuresFromContract();

  return {
    ...bank,
    async call(method, path, call = {}) {
      const answer = await send(agent, listener.port, method, path, call);
      const found = method === "HEAD" ? [] : departures({ method, path: path.split("?")[0] ?? "", ...answer });
      if (found.length > 0) {
        throw new Error(`${method} ${path} ${answer.status} departs from the contract: ${found.join("; ")} in ${JSON.stringify(answer.body)}`);
      }
      return answer;
    },
    async stop() {
      agent.destroy();
      await listener.stop(1000);
      await bank.close();
    },
  };
}

function send(agent: Agent, port: number, method: string, path: string, call: Call): Promise<Answer> {
  const { body } = call;
  const payload = body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const headers = {
    "x-fapi-interaction-id": randomUUID(),
    ...(call.client !== undefined && { "test-client": call.client, "test-scopes": (call.scopes ?? ["consents"]).join(" ") }),
    ...(call.customer !== undefined && { "test-customer": call.customer }),
    ...(payload !== undefined && { "content-type": "application/json", "content-length": String(Buffer.byteLength(payload)) }),
    ...call.headers,
  };
  const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string>;
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host: "127.0.0.1", port, method, path, headers: sent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: (text === "" ? undefined : JSON.parse(text)) as AnswerBody });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}
