import { failed, notRun, passed, runChecks, type CheckReport } from "../check.ts";
import type { CertificateVerdict } from "../trust/judge-certificate.ts";
import { bodyGate, certificateGate } from "./decide-registration.ts";
import { gatherFacts } from "./gather-facts.ts";
import { checksWithoutBody, registrationChecks } from "./registration-checks.ts";
import type { RegistrationFacts, RegistrationFactsSource } from "./registration-facts.ts";
import { readRegistrationRequest } from "./registration-request.ts";
import { statementGate } from "./statement-checks.ts";

/**
 * Judges a software statement over a certificate before there is a body: the gates and checks of a registration, in
 * their order; those that look at the body are listed as not run.
 */
export async function judgeStatement(
  call: { readonly certificate: CertificateVerdict; readonly statement: string },
  source: RegistrationFactsSource,
): Promise<CheckReport[]> {
  const all = registrationChecks.register;
  if (!call.certificate.ok) {
    return [...failed(certificateGate, call.certificate.refusals), ...notRun([bodyGate, ...statementGate, ...all])];
  }
  const { brcac } = call.certificate;
  const ahead = [...passed([certificateGate]), ...notRun([bodyGate])];
  const body = readRegistrationRequest({ software_statement: call.statement });
  const reading = await source.statement(body);
  const gate = runChecks(statementGate, reading);
  if (!reading.verified) {
    return [...ahead, ...gate, ...notRun(all)];
  }
  const facts = await gatherFacts(source, { brcac, body, statement: reading.statement, updated: undefined });
  const without = new Set(checksWithoutBody);
  return [...ahead, ...gate, ...all.flatMap((check) => (without.has(check) ? runChecks<RegistrationFacts>([check], facts) : notRun([check])))];
}
