import { setTimeout as wait } from "node:timers/promises";
import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import type { AuditActor } from "../kernel/audit-entry.ts";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { newClientId, newToken, routeOfSoftware, sha256, type Randomness } from "../kernel/identifiers.ts";
import type { Log } from "../kernel/log.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { refusalCatalogue } from "../kernel/refusal-catalogue.ts";
import { engineClient } from "../oidc/client-adapter.ts";
import { endpointPaths, recoverUrl, registrationClientUri, type Realm } from "../oidc/endpoints.ts";
import type { RegistrationUnit } from "../oidc/registration-unit.ts";
import { ClientChangedMeanwhile, type ChangedBy, type ClientLifecycle } from "../policy/registration/client-lifecycle.ts";
import {
  decideManagement,
  decideRegistration,
  type AcceptedStatement,
  type Refused,
  type StatementCall,
} from "../policy/registration/decide-registration.ts";
import { duplicateOf } from "../policy/registration/metadata-checks.ts";
import type { RegistrationFactsSource } from "../policy/registration/registration-facts.ts";
import type { ClientRecord, ClientRecords } from "../store/client-records.ts";
import { showCertificateToEngine, type JudgeClientCertificate, type JudgedCertificate } from "./judge-client-certificate.ts";
import type { RateLimit } from "./rate-limit.ts";
import { readJsonBody, type JsonBody } from "./read-body.ts";
import { answerRefusals, reportBody } from "./refusal-answer.ts";
import { logAlso } from "./request-log.ts";
import { unmarkedContext } from "./unmarked-context.ts";

export interface RegistrationRoutesNeeds {
  readonly realm: Realm;
  readonly facts: RegistrationFactsSource;
  readonly lifecycle: ClientLifecycle;
  readonly clients: ClientRecords;
  readonly judgeCertificate: JudgeClientCertificate;
  readonly rateLimit: RateLimit;
  /** The engine, mounted under the realm's path. */
  readonly engine: Middleware;
  readonly maxBodyBytes: number;
  /** Scopes of the bank's products that a client gets with its registration. */
  readonly productScopes: readonly string[];
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** How often a call is decided anew when another changed the same client in between. */
const attempts = 30;

/** Dynamic client registration and its management (RFC 7591, RFC 7592) in both address forms of RFC 7592 appendix B. */
export function addRegistrationRoutes(router: Router, needs: RegistrationRoutesNeeds): void {
  const { realm } = needs;
  const path = `${realm.path}${endpointPaths.registration}`;
  const guarded = (handler: (ctx: Context, certificate: JudgedCertificate) => Promise<void>): Middleware => async (ctx) => {
    const certificate = await needs.judgeCertificate(ctx.req);
    showCertificateToEngine(ctx, certificate);
    const wait = needs.rateLimit.take(certificate.presented?.thumbprint ?? ctx.ip);
    if (wait > 0) {
      ctx.set("retry-after", String(wait));
      answerRefusals(ctx, realm, [{ code: "rate-limit.exceeded", expected: "fewer calls a minute", received: "too many" }]);
      return;
    }
    await handler(ctx, certificate);
  };

  router.post(path, guarded((ctx, certificate) => register(ctx, certificate, needs)));
  router.post(`${path}/check`, guarded((ctx, certificate) => dryRun(ctx, certificate, needs)));
  router.post(`${path}/recover`, guarded((ctx, certificate) => recover(ctx, certificate, needs)));
  for (const address of [path, `${path}/:clientId`]) {
    router.get(address, guarded((ctx, certificate) => show(ctx, certificate, needs)));
    router.put(address, guarded((ctx, certificate) => update(ctx, certificate, needs)));
    router.delete(address, guarded((ctx, certificate) => remove(ctx, certificate, needs)));
  }
}

async function register(ctx: Context, certificate: JudgedCertificate, needs: RegistrationRoutesNeeds): Promise<void> {
  const { realm, lifecycle } = needs;
  const body = await bodyOf(ctx, needs);
  const decision = await decideRegistration({ certificate: certificate.verdict, operation: "register", body }, needs.facts);
  if (!decision.accepted) {
    refuse(ctx, needs, decision);
    return;
  }
  const route = routeOfSoftware(realm.name, decision.facts.statement.softwareId);
  const fresh = { clientId: newClientId(route, needs.randomness), registrationToken: newToken(route, needs.randomness) };
  const unit: RegistrationUnit = { decision, fresh };
  const stored = await runEngine(ctx, needs, unit, { ...decision.metadata, software_statement: decision.statementJwt });
  if (!stored) {
    return;
  }
  const record = newRecord(decision, stored, fresh, needs);
  if (!(await lifecycle.register(record, decision.statementJwt, changedBy(ctx, certificate)))) {
    const winner = await needs.clients.findByRoute(route);
    answerRefusals(ctx, realm, [duplicateOf(winner?.record.clientId ?? "another one", recoverUrl(realm))]);
    return;
  }
  logAlso(ctx, { clientId: fresh.clientId });
}

async function update(ctx: Context, certificate: JudgedCertificate, needs: RegistrationRoutesNeeds): Promise<void> {
  const body = await bodyOf(ctx, needs);
  await withFreshDecision(ctx, needs, async () => {
    const call = { certificate: certificate.verdict, operation: "update", body, management: managementOf(ctx) } as const;
    const decision = await decideRegistration(call, needs.facts);
    const client = decision.accepted ? decision.facts.updated : undefined;
    if (!decision.accepted || !client) {
      await suspendIfInactive(ctx, certificate, needs, decision as Refused);
      refuse(ctx, needs, decision as Refused);
      return;
    }
    const registrationToken = call.management.token ?? "";
    const known = { clientId: client.record.clientId, metadata: engineClient(client.record), registrationToken };
    const properties = { ...decision.metadata, client_id: client.record.clientId, software_statement: decision.statementJwt };
    const stored = await runEngine(ctx, needs, { decision, known }, properties);
    if (stored) {
      await needs.lifecycle.update(client, storedMetadata(stored), decision.statementJwt, changedBy(ctx, certificate));
      logAlso(ctx, { clientId: client.record.clientId });
    }
  });
}

/** GET: certificate and registration access token decide (D12), the engine's own action answers. */
async function show(ctx: Context, certificate: JudgedCertificate, needs: RegistrationRoutesNeeds): Promise<void> {
  const management = managementOf(ctx);
  const decision = await decideManagement({ certificate: certificate.verdict, management }, needs.facts);
  if (!decision.accepted) {
    refuse(ctx, needs, decision);
    return;
  }
  const { record } = decision.client;
  const software_statement = await needs.clients.statementOf(record.clientId);
  const metadata = { ...engineClient(record), ...(software_statement === undefined ? {} : { software_statement }) };
  const known = { clientId: record.clientId, metadata, registrationToken: management.token ?? "" };
  await runEngine(ctx, needs, { decision, known });
  logAlso(ctx, { clientId: record.clientId });
}

/** DELETE: decided like GET. Nothing is left for the engine to do, which would only build the client once more. */
async function remove(ctx: Context, certificate: JudgedCertificate, needs: RegistrationRoutesNeeds): Promise<void> {
  await withFreshDecision(ctx, needs, async () => {
    const decision = await decideManagement({ certificate: certificate.verdict, management: managementOf(ctx) }, needs.facts);
    if (!decision.accepted) {
      refuse(ctx, needs, decision);
      return;
    }
    await needs.lifecycle.remove(decision.client, changedBy(ctx, certificate));
    noStore(ctx);
    ctx.status = 204;
    logAlso(ctx, { clientId: decision.client.record.clientId });
  });
}

/** A new registration access token for a TPP that lost its own, against certificate and a fresh statement. */
async function recover(ctx: Context, certificate: JudgedCertificate, needs: RegistrationRoutesNeeds): Promise<void> {
  const { realm } = needs;
  const body = await bodyOf(ctx, needs);
  await withFreshDecision(ctx, needs, async () => {
    const decision = await decideRegistration({ certificate: certificate.verdict, operation: "recover", body }, needs.facts);
    const client = decision.accepted ? decision.facts.existing : undefined;
    if (!decision.accepted || !client) {
      refuse(ctx, needs, decision as Refused);
      return;
    }
    const { token } = await needs.lifecycle.recover(client, decision.statementJwt, changedBy(ctx, certificate));
    const { clientId } = client.record;
    noStore(ctx);
    ctx.body = {
      ...engineClient(client.record),
      software_statement: decision.statementJwt,
      registration_client_uri: registrationClientUri(realm, clientId),
      registration_access_token: token,
    };
    logAlso(ctx, { clientId });
  });
}

/**
 * Judges the body as the real call would, and stores nothing. With a registration access token and a `client_id` in
 * the body it is judged as an update of that client.
 */
async function dryRun(ctx: Context, certificate: JudgedCertificate, needs: RegistrationRoutesNeeds): Promise<void> {
  const { realm } = needs;
  const body = await bodyOf(ctx, needs);
  const call: StatementCall = { certificate: certificate.verdict, ...dryRunOperation(ctx, body), body };
  const decision = await decideRegistration(call, needs.facts);
  const first = decision.accepted ? undefined : refusalCatalogue[decision.refusals[0].code];
  noStore(ctx);
  ctx.body = {
    accepted: decision.accepted,
    operation: call.operation,
    answer: first ? { status: first.status, error: first.error } : { status: call.operation === "register" ? 201 : 200, metadata: (decision as AcceptedStatement).metadata },
    checks: decision.reports.map((report) => reportBody(report, realm)),
  };
}

function dryRunOperation(ctx: Context, body: JsonBody): Pick<StatementCall, "operation" | "management"> {
  const clientId = "json" in body ? body.json["client_id"] : undefined;
  const token = bearerOf(ctx);
  return typeof clientId === "string" && token !== undefined ? { operation: "update", management: { clientId, token } } : { operation: "register" };
}

/** Lets the engine's own action answer; gives what it wants stored, or undefined when it refused or stores nothing. */
async function runEngine(
  ctx: Context,
  needs: RegistrationRoutesNeeds,
  unit: RegistrationUnit,
  body?: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  ctx.state["registration"] = unit;
  if (unit.known) {
    ctx.path = `${needs.realm.path}${endpointPaths.registration}/${unit.known.clientId}`;
  }
  // Read and judged before; the engine takes a parsed body from here (its types know nothing of it).
  (ctx.request as { body?: unknown }).body = body;
  await needs.engine(unmarkedContext(ctx), () => Promise.resolve());
  if (ctx.status >= 400) {
    needs.log.warn({ requestId: ctx.state["requestId"] as string, answer: ctx.body }, "the engine refused what the checks accepted");
    return undefined;
  }
  return unit.stored;
}

function newRecord(
  { facts }: AcceptedStatement,
  stored: Readonly<Record<string, unknown>>,
  fresh: { clientId: string; registrationToken: string },
  needs: RegistrationRoutesNeeds,
): ClientRecord {
  const now = epochSeconds(needs.clock);
  const issuedAt = stored["client_id_issued_at"];
  return {
    realm: needs.realm.name,
    clientId: fresh.clientId,
    softwareId: facts.statement.softwareId,
    organisationId: facts.statement.organisation.id,
    ...(facts.statement.organisation.name === undefined ? {} : { organisationName: facts.statement.organisation.name }),
    metadata: storedMetadata(stored),
    status: "active",
    productScopes: needs.productScopes,
    registrationTokenHash: sha256(fresh.registrationToken),
    registeredAt: typeof issuedAt === "number" ? issuedAt : now,
    updatedAt: now,
  };
}

/** The statement lies beside the record, so that no other request has to read its kilobytes. */
function storedMetadata(stored: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { client_id: _id, client_id_issued_at: _at, software_statement: _statement, ...metadata } = stored;
  return metadata;
}

async function suspendIfInactive(ctx: Context, certificate: JudgedCertificate, needs: RegistrationRoutesNeeds, decision: Refused): Promise<void> {
  const { inactive } = decision;
  if (inactive && inactive.client.record.status === "active") {
    const reason = `${inactive.reason.code}: ${inactive.reason.received}`;
    await needs.lifecycle.suspend(inactive.client, { by: "statement", reason }, changedBy(ctx, certificate));
  }
}

/** Decides anew when the client was changed between decision and commit; the last to commit wins. */
async function withFreshDecision(ctx: Context, { realm, randomness }: RegistrationRoutesNeeds, attempt: () => Promise<void>): Promise<void> {
  for (let left = attempts; left > 0; left -= 1) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!(error instanceof ClientChangedMeanwhile)) {
        throw error;
      }
    }
    // Apart from the others who lost: else all of them would meet again.
    await wait(randomness(1).readUInt8() / 8);
  }
  answerRefusals(ctx, realm, [{ code: "store.unavailable", expected: "a client at rest", received: "one that changes all the time" }]);
}

function refuse(ctx: Context, { realm }: RegistrationRoutesNeeds, decision: Refused): void {
  answerRefusals(ctx, realm, decision.refusals as readonly [Refusal, ...Refusal[]], decision.reports);
}

async function bodyOf(ctx: Context, needs: RegistrationRoutesNeeds): Promise<JsonBody> {
  return readJsonBody(ctx.req, { maxBytes: needs.maxBodyBytes });
}

function managementOf(ctx: Context): { clientId: string; token: string | undefined } {
  const inQuery = ctx.query["client_id"];
  const clientId = (ctx["params"] as { clientId?: string } | undefined)?.clientId ?? (typeof inQuery === "string" ? inQuery : "");
  return { clientId, token: bearerOf(ctx) };
}

function bearerOf(ctx: Context): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(ctx.get("authorization"))?.[1];
}

function changedBy(ctx: Context, { verdict, presented }: JudgedCertificate): ChangedBy {
  const actor: AuditActor = verdict.ok
    ? { kind: "tpp", softwareId: verdict.brcac.softwareId, organisationId: verdict.brcac.organisationId, certificate: presented?.thumbprint ?? "" }
    : { kind: "tpp" };
  return { actor, requestId: String(ctx.state["requestId"]) };
}

function noStore(ctx: Context): void {
  ctx.set("cache-control", "no-store");
}
