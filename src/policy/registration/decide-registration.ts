import type { Refusal } from "../../kernel/refusal.ts";
import type { VersionedClient } from "../../store/client-records.ts";
import type { AcceptedBrcac, CertificateVerdict } from "../trust/judge-certificate.ts";
import { failed, failuresIn, notRun, passed, runChecks, type CheckReport } from "../check.ts";
import { clientMetadata } from "./client-metadata.ts";
import { gatherFacts } from "./gather-facts.ts";
import { grantedScope } from "./metadata-checks.ts";
import { registrationChecks, type StatementOperation } from "./registration-checks.ts";
import type { RegistrationFacts, RegistrationFactsSource } from "./registration-facts.ts";
import { readRegistrationRequest } from "./registration-request.ts";
import { stateChecks, statementGate } from "./statement-checks.ts";

/** What came in, before anything is believed of it. */
export interface RegistrationCall {
  readonly certificate: CertificateVerdict;
  /** Present on management calls: the client of the address and the bearer token. */
  readonly management?: { readonly clientId: string; readonly token: string | undefined };
}

export interface StatementCall extends RegistrationCall {
  readonly operation: StatementOperation;
  /** The parsed body, or why it could not be read. */
  readonly body: { readonly json: Readonly<Record<string, unknown>> } | { readonly unreadable: Refusal };
}

/** Refused; nothing has been stored or used up. */
export interface Refused {
  readonly accepted: false;
  readonly reports: readonly CheckReport[];
  readonly refusals: readonly [Refusal, ...Refusal[]];
  /** The registered client that the call was proven to come from, where its statement says that it is not active. */
  readonly inactive?: { readonly client: VersionedClient; readonly reason: Refusal };
}

/** Accepted: what is to be registered. The one thing without which nothing is stored. */
export interface AcceptedStatement {
  readonly accepted: true;
  readonly operation: StatementOperation;
  readonly reports: readonly CheckReport[];
  readonly facts: RegistrationFacts;
  readonly brcac: AcceptedBrcac;
  readonly statementJwt: string;
  /** RFC 7591 members to register, without the statement. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface AcceptedManagement {
  readonly accepted: true;
  readonly brcac: AcceptedBrcac;
  readonly client: VersionedClient;
}

export const certificateGate = { name: "certificate-is-accepted", clause: "DCR 7.1-1" } as const;
const tokenGate = { name: "registration-access-token-opens-the-client", clause: "RFC 7592 2, DCR 9.3.2-2" } as const;
export const bodyGate = { name: "body-is-a-json-object", clause: "RFC 7591 3.1" } as const;

/**
 * Judges a call that carries a software statement: registration, update, or recovery. Gate by gate: certificate,
 * registration access token, body, statement signature, everything else. A gate lists all its own failures, and what
 * stands behind a failed one is listed as not run.
 */
export async function decideRegistration(
  call: StatementCall,
  source: RegistrationFactsSource,
): Promise<AcceptedStatement | Refused> {
  const { operation } = call;
  const checks = registrationChecks[operation];
  const ahead = call.management ? [tokenGate] : [];
  const reports: CheckReport[] = [];
  const stop = (failures: readonly CheckReport[], behind: readonly { name: string; clause: string }[]): Refused =>
    refused([...reports, ...failures, ...notRun(behind)]);

  if (!call.certificate.ok) {
    return stop(failed(certificateGate, call.certificate.refusals), [...ahead, bodyGate, ...statementGate, ...checks]);
  }
  const { brcac } = call.certificate;
  reports.push(...passed([certificateGate]));

  let updated: VersionedClient | undefined;
  if (call.management) {
    const fact = await source.registrationToken(call.management.clientId, call.management.token, brcac);
    if (!fact.opens) {
      return stop(failed(tokenGate, [fact.refusal]), [bodyGate, ...statementGate, ...checks]);
    }
    updated = fact.client;
    reports.push(...passed([tokenGate]));
  }

  if ("unreadable" in call.body) {
    return stop(failed(bodyGate, [call.body.unreadable]), [...statementGate, ...checks]);
  }
  reports.push(...passed([bodyGate]));
  const body = readRegistrationRequest(call.body.json);

  const reading = await source.statement(body);
  const statementReports = runChecks(statementGate, reading);
  if (!reading.verified) {
    return stop(statementReports, checks);
  }
  reports.push(...statementReports);

  const facts = await gatherFacts(source, { brcac, body, statement: reading.statement, updated });
  reports.push(...runChecks<RegistrationFacts>(checks, facts));
  if (failuresIn(reports).length > 0) {
    return withInactive(refused(reports), facts);
  }
  const statementJwt = body.request.software_statement ?? "";
  const metadata = clientMetadata(facts.statement, body.request, grantedScope(facts));
  return { accepted: true, operation, reports, facts, brcac, statementJwt, metadata };
}

/** Judges a call that reads or deletes a registration (D12): certificate and registration access token. */
export async function decideManagement(
  call: RegistrationCall & { readonly management: { readonly clientId: string; readonly token: string | undefined } },
  source: RegistrationFactsSource,
): Promise<AcceptedManagement | Refused> {
  if (!call.certificate.ok) {
    return refused([...failed(certificateGate, call.certificate.refusals), ...notRun([tokenGate])]);
  }
  const { brcac } = call.certificate;
  const fact = await source.registrationToken(call.management.clientId, call.management.token, brcac);
  return fact.opens
    ? { accepted: true, brcac, client: fact.client }
    : refused([...passed([certificateGate]), ...failed(tokenGate, [fact.refusal])]);
}

function refused(reports: readonly CheckReport[]): Refused {
  const [first, ...rest] = failuresIn(reports);
  if (first === undefined) {
    throw new Error("a refusal needs a failed check");
  }
  return { accepted: false, reports, refusals: [first, ...rest] };
}

/**
 * A genuine, fresh statement of the registered software over its own certificate is the directory's own word: when it
 * says that the organisation, the software or every role is no longer active, the client is to be suspended.
 */
function withInactive(decision: Refused, facts: RegistrationFacts): Refused {
  const client = facts.updated;
  const [reason] = failuresIn(runChecks(stateChecks, facts));
  const onlyState = failuresIn(runChecks(registrationChecks.recover, facts)).every(({ code }) => isStateCode(code));
  return client && reason && onlyState ? { ...decision, inactive: { client, reason } } : decision;
}

function isStateCode(code: string): boolean {
  return ["organisation.not-active", "software.not-active", "role.none-active"].includes(code);
}
