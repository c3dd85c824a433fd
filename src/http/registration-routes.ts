import { setTimeout as wait } from "node:timers/promises";
import type { AuditActor } from "../kernel/audit-entry.ts";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { newClientId, newToken, routeOf, routeOfSoftware, sha256, type Randomness } from "../kernel/identifiers.ts";
import { refusalCatalogue } from "../kernel/refusal-catalogue.ts";
import { endpointPaths, recoverUrl, registrationClientUri, type Realm } from "../oidc/endpoints.ts";
import { ClientChangedMeanwhile, wordOfDirectory, type ChangedBy, type ClientLifecycle, type StatementTaken } from "../policy/registration/client-lifecycle.ts";
import { registeredMembers } from "../policy/registration/client-metadata.ts";
import {
  certificateGate,
  decideManagement,
  decideRegistration,
  type AcceptedStatement,
  type Refused,
  type StatementCall,
} from "../policy/registration/decide-registration.ts";
import { duplicateOf } from "../policy/registration/metadata-checks.ts";
import { heldProducts, suspendedSoftware } from "../policy/registration/operator-decision.ts";
import type { RegistrationFactsSource } from "../policy/registration/registration-facts.ts";
import type { ClientRecord, ClientRecords, OperatorDecision } from "../store/client-records.ts";
import { bearerToken } from "./bearer-token.ts";
import type { DirectCall, DirectHandler, DirectRoutes } from "./direct-routes.ts";
import type { JsonAnswer } from "./json-answer.ts";
import type { JudgeClientCertificate, JudgedCertificate } from "./judge-client-certificate.ts";
import type { CallerAddress } from "./caller-address.ts";
import type { RateLimit } from "./rate-limit.ts";
import { readJsonBody, type JsonBody } from "./read-body.ts";
import { refusalAnswer, reportBody } from "./refusal-answer.ts";

export interface RegistrationRoutesNeeds {
  readonly realm: Realm;
  readonly facts: RegistrationFactsSource;
  readonly lifecycle: ClientLifecycle;
  readonly clients: ClientRecords;
  readonly judgeCertificate: JudgeClientCertificate;
  readonly rateLimit: RateLimit;
  readonly callerAddress: CallerAddress;
  readonly maxBodyBytes: number;
  /** Scopes of the bank's products that a client gets with its registration. */
  readonly productScopes: readonly string[];
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** A call whose certificate has been judged. */
interface RegistrationCall extends DirectCall {
  readonly certificate: JudgedCertificate;
}

type Handler = (call: RegistrationCall, needs: RegistrationRoutesNeeds) => Promise<JsonAnswer>;

/** How often a call is decided anew when another changed the same client in between. */
const attempts = 30;

/** Dynamic client registration and its management (RFC 7591, RFC 7592) in both address forms of RFC 7592 appendix B. */
export function registrationHandlers(needs: RegistrationRoutesNeeds): DirectRoutes {
  const path = registrationPath(needs.realm);
  const guarded = (handler: Handler): DirectHandler => async (direct) => {
    const certificate = await needs.judgeCertificate(direct.request);
    // Only a certificate that is accepted says who calls: of the others anybody makes as many as he likes.
    const accepted = certificate.verdict.ok ? certificate.presented : undefined;
    const caller = accepted?.thumbprint ?? needs.callerAddress(direct.request);
    const seconds = caller === undefined ? 0 : needs.rateLimit.take(caller);
    if (seconds > 0) {
      const { headers, ...answer } = refusalAnswer(needs.realm, [{ code: "rate-limit.exceeded", expected: "fewer calls a minute", received: "too many" }]);
      return { ...answer, headers: { ...headers, "retry-after": String(seconds) } };
    }
    return handler({ ...direct, certificate }, needs);
  };
  const management = { GET: guarded(show), PUT: guarded(update), DELETE: guarded(remove) };
  return {
    [path]: { POST: guarded(register), ...management },
    [`${path}/check`]: { POST: guarded(dryRun) },
    [`${path}/recover`]: { POST: guarded(recover) },
    [`${path}/:clientId`]: management,
  };
}

async function register(call: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JsonAnswer> {
  const { realm, clients, lifecycle } = needs;
  const { answer, accepted } = await judgeRegistration(call, needs);
  if (!accepted) {
    return answer;
  }
  const { record, statementJwt, decision } = accepted;
  if (!(await lifecycle.register(record, statementJwt, changedBy(call), decision))) {
    const now = await clients.findAtRoute(routeOfSoftware(realm.name, record.softwareId));
    const duplicate = duplicateOf(now.client?.record.clientId ?? "another one", recoverUrl(realm));
    return refusalAnswer(realm, [now.decision?.suspension ? suspendedSoftware() : duplicate]);
  }
  return answer;
}

interface JudgedRegistration {
  readonly answer: JsonAnswer;
  /** What has to be stored before the answer may be given. */
  readonly accepted?: { readonly record: ClientRecord; readonly statementJwt: string; readonly decision: OperatorDecision | undefined };
}

/** Apart from the commit, so that nothing of body, facts and decision is kept while it is under way. */
async function judgeRegistration(call: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JudgedRegistration> {
  const body = await bodyOf(call, needs);
  const decision = await decideRegistration({ certificate: call.certificate.verdict, operation: "register", body }, needs.facts);
  if (!decision.accepted) {
    return { answer: refuse(decision, needs) };
  }
  const { statementJwt } = decision;
  const route = routeOfSoftware(needs.realm.name, decision.facts.statement.softwareId);
  const token = newToken(route, needs.randomness);
  const record = newRecord(decision, { clientId: newClientId(route, needs.randomness), registrationToken: token }, needs);
  return { answer: registered(201, record, { token, statementJwt }, needs), accepted: { record, statementJwt, decision: decision.facts.decision } };
}

async function update(call: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JsonAnswer> {
  const body = await bodyOf(call, needs);
  const management = managementOf(call, needs);
  return withFreshDecision(needs, async () => {
    const decision = await decideRegistration({ certificate: call.certificate.verdict, operation: "update", body, management }, needs.facts);
    const client = decision.accepted ? decision.facts.updated : undefined;
    if (!decision.accepted || !client) {
      await suspendIfInactive(call, needs, decision as Refused);
      return refuse(decision as Refused, needs);
    }
    const { metadata, statementJwt } = decision;
    await needs.lifecycle.update(client, metadata, statementTaken(decision), changedBy(call));
    return registered(200, { ...client.record, metadata }, { token: management.token, statementJwt }, needs);
  });
}

/** GET: certificate and registration access token decide (D12). */
async function show(call: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JsonAnswer> {
  const management = managementOf(call, needs);
  const decision = await decideManagement({ certificate: call.certificate.verdict, management }, needs.facts);
  if (!decision.accepted) {
    return refuse(decision, needs);
  }
  const { record } = decision.client;
  return registered(200, record, { token: management.token, statementJwt: await needs.clients.statementOf(record.clientId) }, needs);
}

/** DELETE: decided like GET. */
async function remove(call: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JsonAnswer> {
  const management = managementOf(call, needs);
  return withFreshDecision(needs, async () => {
    const decision = await decideManagement({ certificate: call.certificate.verdict, management }, needs.facts);
    if (!decision.accepted) {
      return refuse(decision, needs);
    }
    await needs.lifecycle.remove(decision.client, changedBy(call));
    return { status: 204, headers: notStored, logged: { clientId: decision.client.record.clientId } };
  });
}

/** A new registration access token for a TPP that lost its own, against certificate and a fresh statement. */
async function recover(call: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JsonAnswer> {
  const body = await bodyOf(call, needs);
  return withFreshDecision(needs, async () => {
    const decision = await decideRegistration({ certificate: call.certificate.verdict, operation: "recover", body }, needs.facts);
    const client = decision.accepted ? decision.facts.existing : undefined;
    if (!decision.accepted || !client) {
      return refuse(decision as Refused, needs);
    }
    const { token } = await needs.lifecycle.recover(client, statementTaken(decision), changedBy(call));
    return registered(200, client.record, { token, statementJwt: decision.statementJwt }, needs);
  });
}

/**
 * Judges the body as the real call would, and stores nothing. With a registration access token it is judged as an
 * update of that token's client.
 */
async function dryRun(call: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JsonAnswer> {
  const body = await bodyOf(call, needs);
  const judged: StatementCall = { certificate: call.certificate.verdict, ...(await dryRunOperation(call, needs)), body };
  const decision = await decideRegistration(judged, needs.facts);
  const first = decision.accepted ? undefined : refusalCatalogue[decision.refusals[0].code];
  return {
    status: 200,
    headers: notStored,
    body: {
      accepted: decision.accepted,
      operation: judged.operation,
      answer: first ? { status: first.status, error: first.error } : { status: judged.operation === "register" ? 201 : 200, metadata: (decision as AcceptedStatement).metadata },
      checks: withCertificateWarnings(decision.reports.map((report) => reportBody(report, needs.realm)), call.certificate),
    },
  };
}

/** Behind the first check, which is the certificate's: what the doctor says of it too. */
function withCertificateWarnings([gate, ...rest]: readonly Record<string, unknown>[], { verdict }: JudgedCertificate): Record<string, unknown>[] {
  const warnings = verdict.ok ? verdict.warnings : [];
  return [gate ?? {}, ...warnings.map(({ code, message }) => ({ check: certificateGate.name, clause: certificateGate.clause, result: "warning", code, received: message })), ...rest];
}

/** The token's own beginning tells its client, as the address does in the real call. */
async function dryRunOperation(call: RegistrationCall, { clients }: RegistrationRoutesNeeds): Promise<Pick<StatementCall, "operation" | "management">> {
  const token = bearerToken(call.request);
  if (token === undefined) {
    return { operation: "register" };
  }
  const route = routeOf(token);
  const client = route === undefined ? undefined : await clients.findByRoute(route);
  return { operation: "update", management: { clientId: client?.record.clientId ?? "", token } };
}

/** Everything that is registered, and how to manage it (RFC 7591 section 3.2.1, RFC 7592 section 3): what an update takes back. */
function registered(
  status: 200 | 201,
  record: ClientRecord,
  given: { readonly token: string | undefined; readonly statementJwt: string | undefined },
  { realm }: RegistrationRoutesNeeds,
): JsonAnswer {
  const { clientId } = record;
  const { token: registration_access_token, statementJwt: software_statement } = given;
  const body = { ...registeredMembers(record), software_statement, registration_client_uri: registrationClientUri(realm, clientId), registration_access_token };
  return { status, headers: notStored, body, logged: { clientId } };
}

function newRecord({ facts, metadata }: AcceptedStatement, fresh: { clientId: string; registrationToken: string }, needs: RegistrationRoutesNeeds): ClientRecord {
  const now = epochSeconds(needs.clock);
  return {
    realm: needs.realm.name,
    clientId: fresh.clientId,
    softwareId: facts.statement.softwareId,
    organisationId: facts.statement.organisation.id,
    ...(facts.statement.organisation.name === undefined ? {} : { organisationName: facts.statement.organisation.name }),
    // The statement lies beside the record, so that no other request has to read its kilobytes.
    metadata,
    status: "active",
    productScopes: heldProducts(needs.productScopes, facts.decision?.products),
    ...(facts.decision?.products && { products: facts.decision.products }),
    registrationTokenHash: sha256(fresh.registrationToken),
    registeredAt: now,
    updatedAt: now,
  };
}

function statementTaken({ statementJwt, facts }: AcceptedStatement): StatementTaken {
  return { jwt: statementJwt, organisationName: facts.statement.organisation.name };
}

async function suspendIfInactive(call: RegistrationCall, needs: RegistrationRoutesNeeds, { inactive }: Refused): Promise<void> {
  if (inactive && wordOfDirectory(inactive.client.record.suspension)?.by !== "statement") {
    const reason = `${inactive.reason.code}: ${inactive.reason.received}`;
    await needs.lifecycle.suspend(inactive.client, { by: "statement", reason }, changedBy(call));
  }
}

/** Decides anew when the client was changed between decision and commit; the last to commit wins. */
async function withFreshDecision({ realm, randomness }: RegistrationRoutesNeeds, attempt: () => Promise<JsonAnswer>): Promise<JsonAnswer> {
  for (let left = attempts; left > 0; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ClientChangedMeanwhile)) {
        throw error;
      }
    }
    // Apart from the others who lost: else all of them would meet again.
    await wait(randomness(1).readUInt8() / 8);
  }
  return refusalAnswer(realm, [{ code: "store.unavailable", expected: "a client at rest", received: "one that changes all the time" }]);
}

function refuse(decision: Refused, { realm }: RegistrationRoutesNeeds): JsonAnswer {
  return refusalAnswer(realm, decision.refusals, decision.reports);
}

async function bodyOf({ request }: RegistrationCall, needs: RegistrationRoutesNeeds): Promise<JsonBody> {
  return readJsonBody(request, { maxBytes: needs.maxBodyBytes });
}

function registrationPath(realm: Realm): string {
  return `${realm.path}${endpointPaths.registration}`;
}

/** The client of a management call: behind the registration path, or in its parameter `client_id`. */
function managementOf(call: RegistrationCall, { realm }: RegistrationRoutesNeeds): { clientId: string; token: string | undefined } {
  const [path = "", query] = (call.request.url ?? "").split("?", 2);
  const inPath = path.slice(registrationPath(realm).length + 1).replace(/\/$/, "");
  const [inQuery, ...more] = inPath === "" ? new URLSearchParams(query).getAll("client_id") : [];
  return { clientId: inPath || (more.length === 0 && inQuery) || "", token: bearerToken(call.request) };
}

function changedBy({ certificate: { verdict, presented }, requestId }: RegistrationCall): ChangedBy {
  const actor: AuditActor = verdict.ok
    ? { kind: "tpp", softwareId: verdict.brcac.softwareId, organisationId: verdict.brcac.organisationId, certificate: presented?.thumbprint ?? "" }
    : { kind: "tpp" };
  return { actor, requestId };
}

const notStored = { "cache-control": "no-store" } as const;
