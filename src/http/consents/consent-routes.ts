import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import type { Clock } from "../../kernel/clock.ts";
import { routeOf } from "../../kernel/identifiers.ts";
import type { Log } from "../../kernel/log.ts";
import { consentData, consentReadData, createConsentSchema, extendConsentSchema, extensionData, toConsentRequest, toExtensionRequest } from "../../policy/consent/consent-schemas.ts";
import type { Consents } from "../../policy/consent/consents.ts";
import { routeOfConsent, type ConsentRecord } from "../../store/consent-records.ts";
import type { RateLimit } from "../rate-limit.ts";
import { logAlso } from "../request-log.ts";
import { answerConsent, answerProblems, ConsentRefusal, metaNow, refusal, setCommonHeaders } from "./consent-answer.ts";
import { callingForCustomer, callingTpp, contextOf, type AuthorizeCaller, type ConsentCaller } from "./consent-caller.ts";
import { consentIdOf, pageLinks, readBody, readPaging, requiredHeader, requireInteractionId, requireJsonAccepted, sentConsentId } from "./consent-input.ts";

/** Where the API lies, on the mutual-TLS listener. */
export const consentsBasePath = "/open-banking/consents/v3";
const consentsPath = `${consentsBasePath}/consents`;

export interface ConsentRoutesNeeds {
  readonly consents: Consents;
  readonly authorize: AuthorizeCaller;
  /** Scheme, host and port under which TPPs reach this listener, without a slash at the end. */
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Calls of one caller, before anything about it is believed; beyond it 429. */
  readonly callerLimit: RateLimit;
  /** Whom that counts: the certificate that the call came with, or else the address; undefined where a proxy tells neither. */
  readonly callerOf: (ctx: Context) => string | undefined;
  /** Calls of one client; beyond it 429. */
  readonly clientLimit: RateLimit;
  /** Calls of all clients together, those that are let in; beyond it 529. */
  readonly overallLimit: RateLimit;
  /** Whether the store is out of reach: 504 instead of 500. */
  readonly isUnavailable: (error: unknown) => boolean;
}

const retryAfterSeconds = 5;

/**
 * The Consents API 3.3.1 of Open Finance Brasil, for the mutual-TLS application. `requestLog` must stand in front: it
 * gives every request its id and returns it in `x-fapi-interaction-id`.
 */
export function addConsentRoutes(router: Router, needs: ConsentRoutesNeeds): void {
  const call = (handle: Handle): Middleware => answered(needs, (ctx) => handle(ctx, needs));
  router.post(consentsPath, call(createConsent));
  router.get(`${consentsPath}/:consentId`, call(readConsent));
  router.delete(`${consentsPath}/:consentId`, call(deleteConsent));
  router.post(`${consentsPath}/:consentId/extends`, call(extendConsent));
  router.get(`${consentsPath}/:consentId/extensions`, call(listExtensions));
  for (const [path, allowed] of [
    [consentsPath, "POST"],
    [`${consentsPath}/:consentId`, "GET, HEAD, DELETE"],
    [`${consentsPath}/:consentId/extends`, "POST"],
    [`${consentsPath}/:consentId/extensions`, "GET, HEAD"],
  ] as const) {
    router.all(path, call(otherMethod(allowed)));
  }
  router.all(`${consentsBasePath}{/*rest}`, call(nothingHere));
}

type Handle = (ctx: Context, needs: ConsentRoutesNeeds) => Promise<void>;

/** Runs one operation and turns whatever it throws into the contract's envelope. */
function answered(needs: ConsentRoutesNeeds, handle: (ctx: Context) => Promise<void>): Middleware {
  return async (ctx) => {
    setCommonHeaders(ctx);
    try {
      const caller = needs.callerOf(ctx);
      if (caller !== undefined) {
        takeFrom(ctx, needs.callerLimit, caller, "LIMITE_EXCEDIDO");
      }
      await handle(ctx);
    } catch (error) {
      answerProblems(ctx, problemsOf(error, ctx, needs), needs.clock);
    }
  };
}

function problemsOf(error: unknown, ctx: Context, { log, isUnavailable }: ConsentRoutesNeeds): ConsentRefusal["problems"] {
  if (error instanceof ConsentRefusal) {
    return error.problems;
  }
  const status = (error as { status?: unknown }).status;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return [{ code: "REQUISICAO_MALFORMADA", detail: "A requisição não pôde ser lida." }];
  }
  const requestId = String(ctx.state["requestId"]);
  if (isUnavailable(error)) {
    log.error({ err: error, requestId }, "store unavailable");
    ctx.set("retry-after", String(retryAfterSeconds));
    return [{ code: "TEMPO_ESGOTADO", detail: "A operação não foi confirmada a tempo. Consulte o consentimento e tente de novo." }];
  }
  log.error({ err: error, requestId }, "unexpected error");
  return [{ code: "ERRO_INTERNO", detail: `Erro inesperado; informe à instituição o identificador ${requestId}.` }];
}

function takeFrom(ctx: Context, limit: RateLimit, caller: string, code: "LIMITE_EXCEDIDO" | "SOBRECARGA"): void {
  const seconds = limit.take(caller);
  if (seconds > 0) {
    ctx.set("retry-after", String(seconds));
    throw refusal(code, `Há requisições demais neste momento. Tente de novo em ${seconds} s.`);
  }
}

/** What every operation asks of its caller, once it is known who calls. */
function admit(ctx: Context, needs: ConsentRoutesNeeds, caller: ConsentCaller): void {
  logAlso(ctx, { clientId: caller.clientId });
  takeFrom(ctx, needs.clientLimit, caller.clientId, "LIMITE_EXCEDIDO");
  takeFrom(ctx, needs.overallLimit, "all", "SOBRECARGA");
  requireInteractionId(ctx);
  requireJsonAccepted(ctx);
}

async function createConsent(ctx: Context, needs: ConsentRoutesNeeds): Promise<void> {
  const caller = await callingTpp(ctx, needs.authorize);
  admit(ctx, needs, caller);
  const request = toConsentRequest(await readBody(ctx, createConsentSchema));
  const creation = await needs.consents.create(caller.clientId, request, contextOf(ctx, caller));
  if (creation.done) {
    answerConsent(ctx, 201, consentData(creation.consent), urlOf(needs, creation.consent), needs.clock);
  } else if (creation.problems === "client-gone") {
    throw refusal("NAO_AUTENTICADO", "O cliente deste token não está mais registrado.");
  } else {
    throw new ConsentRefusal(creation.problems);
  }
}

async function readConsent(ctx: Context, needs: ConsentRoutesNeeds): Promise<void> {
  const caller = await callingTpp(ctx, needs.authorize);
  admit(ctx, needs, caller);
  const consent = await ownConsent(ctx, needs, caller);
  answerConsent(ctx, 200, consentReadData(consent), urlOf(needs, consent), needs.clock);
}

async function deleteConsent(ctx: Context, needs: ConsentRoutesNeeds): Promise<void> {
  const caller = await callingTpp(ctx, needs.authorize);
  admit(ctx, needs, caller);
  const consent = await ownConsent(ctx, needs, caller);
  const change = await needs.consents.remove(consent.consentId, contextOf(ctx, caller));
  if (!change.done) {
    throw refusal("CONSENTIMENTO_EM_STATUS_REJEITADO", "Este consentimento já está REJECTED; não há mais nada a revogar.");
  }
  ctx.status = 204;
}

async function extendConsent(ctx: Context, needs: ConsentRoutesNeeds): Promise<void> {
  const caller = await callingForCustomer(ctx, needs.authorize, sentConsentId(ctx));
  admit(ctx, needs, caller);
  const { consentId } = await ownConsent(ctx, needs, caller);
  const from = {
    customerIpAddress: requiredHeader(ctx, "x-fapi-customer-ip-address", 100),
    customerUserAgent: requiredHeader(ctx, "x-customer-user-agent", 255),
  };
  const request = toExtensionRequest(await readBody(ctx, extendConsentSchema), from);
  const extension = await needs.consents.extend(consentId, request, contextOf(ctx, caller));
  if (!extension.done) {
    throw new ConsentRefusal([extension.problem]);
  }
  answerConsent(ctx, 201, consentData(extension.consent), urlOf(needs, extension.consent), needs.clock);
}

async function listExtensions(ctx: Context, needs: ConsentRoutesNeeds): Promise<void> {
  const caller = await callingTpp(ctx, needs.authorize);
  admit(ctx, needs, caller);
  const consent = await ownConsent(ctx, needs, caller);
  const paging = readPaging(ctx);
  const { page, pageSize } = paging;
  const totalPages = Math.ceil(consent.extensions / pageSize);
  const extensions = await needs.consents.extensions(consent, { skip: (page - 1) * pageSize, limit: pageSize });
  ctx.body = {
    data: extensions.map(extensionData),
    links: pageLinks(`${urlOf(needs, consent)}/extensions`, paging, totalPages),
    meta: { totalRecords: consent.extensions, totalPages, ...metaNow(needs.clock) },
  };
}

/**
 * The consent of the address, which is the caller's own. Another TPP's id is refused by its form alone, so that the
 * answer does not tell whether there is such a consent.
 */
async function ownConsent(ctx: Context, { consents }: ConsentRoutesNeeds, { clientId }: ConsentCaller): Promise<ConsentRecord> {
  const consentId = consentIdOf(ctx);
  const route = routeOfConsent(consentId);
  if (route !== undefined && route !== routeOf(clientId)) {
    throw notYours();
  }
  const consent = await consents.find(consentId);
  if (consent === undefined) {
    throw refusal("CONSENTIMENTO_NAO_ENCONTRADO", "Este consentimento não existe. Confira o consentId.");
  }
  // The same software registered anew is another client: what it held before has ended.
  if (consent.clientId !== clientId) {
    throw notYours();
  }
  return consent;
}

function notYours(): ConsentRefusal {
  return refusal("ACESSO_NEGADO", "Este consentimento não foi criado por este cliente.");
}

function urlOf({ baseUrl }: ConsentRoutesNeeds, { consentId }: ConsentRecord): string {
  return `${baseUrl}${consentsPath}/${consentId}`;
}

function otherMethod(allowed: string): Handle {
  return async (ctx) => {
    ctx.set("allow", allowed);
    throw refusal("METODO_NAO_PERMITIDO", `Este endereço aceita ${allowed}.`);
  };
}

const nothingHere: Handle = async () => {
  throw refusal("ENDERECO_NAO_ENCONTRADO", `A API de consentimentos ${consentsPath} não tem este endereço.`);
};
