import { readBrcac } from "../certs/brcac.ts";
import { readBrseal } from "../certs/brseal.ts";
import { reportBody } from "../http/refusal-answer.ts";
import type { Realm } from "../oidc/endpoints.ts";
import { answerOf } from "./doctor-text.ts";
import type { ExaminedCertificate, Examination } from "./examine-papers.ts";

/** An examination for programs; checks have the form of the server's own answers, times are ISO 8601, UTC. */
export function doctorJson(examination: Examination, realm: Realm): Record<string, unknown> {
  const { certificate, seal, directory, statement, registration, metadata, accepted } = examination;
  return {
    accepted,
    ...(accepted ? {} : { answer: answerOf(examination) }),
    certificate: certificateBody(certificate, "brcac", realm),
    ...(seal && { seal: certificateBody(seal, "brseal", realm) }),
    directory: {
      url: directory.url,
      answers: directory.ageSeconds !== undefined && directory.failure === undefined,
      age_seconds: directory.ageSeconds,
      ...(directory.failure && { failure: `${directory.failure.reason}: ${directory.failure.detail}` }),
    },
    ...(statement && { statement }),
    ...(registration && { checks: registration.map((report) => reportBody(report, realm)) }),
    ...(metadata && { metadata }),
  };
}

function certificateBody({ gathered, checks, warnings }: ExaminedCertificate, kind: "brcac" | "brseal", realm: Realm): Record<string, unknown> {
  const judged = { checks: checks.map((report) => reportBody(report, realm)), warnings };
  if (gathered.state !== "read") {
    return judged;
  }
  const { certificate, now, chain, revocations } = gathered.facts;
  const holder = kind === "brcac" ? readBrcac(certificate) : readBrseal(certificate);
  return {
    subject: certificate.subjectText,
    issuer: certificate.issuerText,
    ...("generation" in holder && { generation: holder.generation }),
    ...("softwareId" in holder && { software_id: holder.softwareId }),
    ...(holder.organisationId !== undefined && { organisation_id: holder.organisationId }),
    key: { type: certificate.keyType, bits: certificate.keySize, digest: certificate.signatureDigest },
    thumbprint: certificate.thumbprint,
    not_before: isoTime(certificate.notBefore),
    not_after: isoTime(certificate.notAfter),
    days_left: Math.floor((certificate.notAfter - now) / 86_400_000),
    chain: chain.ok ? chain.path.map(({ subjectText }) => subjectText) : [],
    revocation: revocations.map(({ certificate: link, revocation }) => ({
      subject: link.subjectText,
      state: revocation.state,
      ...(revocation.state === "unknown" ? { why: revocation.why } : { list_of: isoTime(revocation.asOf), list_age_seconds: Math.round((now - revocation.asOf) / 1_000) }),
    })),
    ...judged,
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
