import { decodeJwt } from "jose";
import { readCertificateChain, UnreadableCertificate } from "../certs/certificate.ts";
import type { RevocationSource } from "../certs/revocation.ts";
import type { TrustAnchors } from "../certs/trust-anchors.ts";
import type { DocumentState } from "../directory/cached-documents.ts";
import type { Keystore } from "../directory/keystore.ts";
import { jsonBodyOf, type JsonBody } from "../http/read-body.ts";
import type { Clock } from "../kernel/clock.ts";
import { failed, failuresIn, passed, type CheckReport } from "../policy/check.ts";
import { certificateGate, decideRegistration } from "../policy/registration/decide-registration.ts";
import { judgeStatement } from "../policy/registration/judge-statement.ts";
import { sealOfOther } from "../policy/registration/key-checks.ts";
import type { RegistrationFactsSource } from "../policy/registration/registration-facts.ts";
import { readRegistrationRequest } from "../policy/registration/registration-request.ts";
import { gatherCertificateFacts, type CertificateInput, type GatheredFacts, type WhenRevocationUnknown } from "../policy/trust/certificate-facts.ts";
import type { CertificateWarning } from "../policy/trust/certificate-warnings.ts";
import { judgeCertificate, judgeSealCertificate, reportCertificate, type CertificateVerdict, type SealVerdict } from "../policy/trust/judge-certificate.ts";

/** What the doctor uses of an installation: the very parts that the server judges with. */
export interface ExaminationNeeds {
  readonly anchors: TrustAnchors;
  readonly sealAnchors: TrustAnchors;
  readonly revocation: RevocationSource;
  readonly whenRevocationUnknown: WhenRevocationUnknown;
  readonly acceptedAuthorities: readonly string[];
  readonly keystore: Keystore;
  readonly facts: RegistrationFactsSource;
  readonly clock: Clock;
  readonly maxBodyBytes: number;
}

/** The files of a TPP as they were read. */
export interface Papers {
  readonly certificate: Buffer;
  /** Further certificates, as the TPP sends them behind its own. */
  readonly chain?: Buffer;
  readonly seal?: Buffer;
  readonly statement?: Buffer;
  readonly body?: Buffer;
}

export interface ExaminedCertificate {
  readonly gathered: GatheredFacts;
  readonly checks: readonly CheckReport[];
  readonly warnings: readonly CertificateWarning[];
}

export interface ExaminedStatement {
  /** Whether the directory's signature stands; claims that are not verified are shown and worth nothing. */
  readonly verified: boolean;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Examination {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly certificate: ExaminedCertificate;
  readonly seal?: ExaminedCertificate;
  readonly directory: DocumentState;
  readonly statement?: ExaminedStatement;
  /** The gates and checks of a registration, when there is a statement or a body. */
  readonly registration?: readonly CheckReport[];
  /** What would be registered, when a body is accepted. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly accepted: boolean;
}

/** Judges a TPP's papers as the server would, and stores nothing of them. */
export async function examinePapers(papers: Papers, needs: ExaminationNeeds): Promise<Examination> {
  const sent = [...certificatesBehind(papers.certificate), ...(papers.chain === undefined ? [] : certificatesIn(papers.chain))];
  const [gathered, examinedSeal] = await Promise.all([
    gather(papers.certificate, sent, needs.anchors, needs),
    papers.seal === undefined ? undefined : gather(papers.seal, [...certificatesBehind(papers.seal), ...sent], needs.sealAnchors, needs),
    needs.keystore.signingKeys(),
  ]);
  const verdict = judgeCertificate(gathered);
  const certificate: ExaminedCertificate = { gathered, checks: reportCertificate(gathered, "brcac"), warnings: warningsOf(verdict) };
  const seal = examinedSeal && examineSeal(examinedSeal, verdict);
  const paper = await examineRegistration(papers, verdict, needs);
  const reports = [...certificate.checks, ...(seal?.checks ?? []), ...(paper.registration ?? [])];
  return {
    at: needs.clock(),
    certificate,
    ...(seal && { seal }),
    directory: needs.keystore.state(),
    ...paper,
    accepted: failuresIn(reports).length === 0,
  };
}

function gather(input: CertificateInput, sent: readonly CertificateInput[], anchors: TrustAnchors, needs: ExaminationNeeds): Promise<GatheredFacts> {
  const { revocation, clock, whenRevocationUnknown, acceptedAuthorities } = needs;
  return gatherCertificateFacts({ anchors, revocation, clock, whenRevocationUnknown, acceptedAuthorities }, input, sent);
}

function examineSeal(gathered: GatheredFacts, brcac: CertificateVerdict): ExaminedCertificate {
  const verdict = judgeSealCertificate(gathered);
  return { gathered, checks: [...reportCertificate(gathered, "brseal"), ...sameOrganisation(verdict, brcac)], warnings: warningsOf(verdict) };
}

/** CS 110, as far as both certificates stand. */
function sameOrganisation(seal: SealVerdict, brcac: CertificateVerdict): CheckReport[] {
  const check = { name: "organisation-is-that-of-the-brcac", clause: "CS 110" };
  if (!seal.ok || !brcac.ok) {
    return [{ check: check.name, clause: check.clause, result: "not-run" }];
  }
  const problem = sealOfOther(seal.brseal, brcac.brcac.organisationId);
  return problem === undefined ? passed([check]) : failed(check, [problem]);
}

function warningsOf(verdict: CertificateVerdict | SealVerdict): readonly CertificateWarning[] {
  return verdict.ok ? verdict.warnings : [];
}

async function examineRegistration(
  papers: Papers,
  certificate: CertificateVerdict,
  { facts, maxBodyBytes }: ExaminationNeeds,
): Promise<Pick<Examination, "statement" | "registration" | "metadata">> {
  const jwt = papers.statement?.toString("utf8").trim();
  if (papers.body === undefined) {
    return jwt === undefined ? {} : { statement: await readStatement(jwt, facts), registration: withoutGate(await judgeStatement({ certificate, statement: jwt }, facts)) };
  }
  const body = withStatement(jsonBodyOf(papers.body, { maxBytes: maxBodyBytes }), jwt);
  const decision = await decideRegistration({ certificate, operation: "register", body }, facts);
  const sent = "json" in body ? body.json["software_statement"] : jwt;
  return {
    ...(typeof sent === "string" && { statement: await readStatement(sent, facts) }),
    registration: withoutGate(decision.reports),
    ...(decision.accepted && { metadata: decision.metadata }),
  };
}

/** What the gate sums up is told of the certificate check by check. */
function withoutGate(reports: readonly CheckReport[]): CheckReport[] {
  return reports.filter(({ check }) => check !== certificateGate.name);
}

/** A statement of its own replaces the body's: bodies are kept, statements live for minutes. */
function withStatement(body: JsonBody, jwt: string | undefined): JsonBody {
  return "json" in body && jwt !== undefined ? { json: { ...body.json, software_statement: jwt } } : body;
}

async function readStatement(jwt: string, facts: RegistrationFactsSource): Promise<ExaminedStatement> {
  const reading = await facts.statement(readRegistrationRequest({ software_statement: jwt }));
  return reading.verified ? { verified: true, claims: reading.raw } : { verified: false, claims: unverifiedClaims(jwt) };
}

function unverifiedClaims(jwt: string): Readonly<Record<string, unknown>> {
  try {
    return decodeJwt(jwt);
  } catch {
    return {};
  }
}

/** What stands in a file behind its first certificate. */
function certificatesBehind(file: Buffer): CertificateInput[] {
  return file.includes("-----BEGIN") ? certificatesIn(file).slice(1) : [];
}

/** Certificates of a PEM bundle, or the one of a DER file; what cannot be read is left to the checks. */
function certificatesIn(file: Buffer): CertificateInput[] {
  if (!file.includes("-----BEGIN")) {
    return [file];
  }
  try {
    return readCertificateChain(file.toString("latin1")).map(({ x509 }) => x509);
  } catch (error) {
    if (error instanceof UnreadableCertificate) return [];
    throw error;
  }
}
