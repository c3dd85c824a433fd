import { readBrcac, type Brcac } from "../../certs/brcac.ts";
import { readBrseal, type Brseal } from "../../certs/brseal.ts";
import { printable, type Refusal } from "../../kernel/refusal.ts";
import { failed, notRun, passed, runChecks, type CheckReport } from "../check.ts";
import { brcacChecks, brsealChecks, type CertificateCheck } from "./certificate-checks.ts";
import type { CertificateFacts, GatheredFacts } from "./certificate-facts.ts";
import { brcacWarnings, certificateWarnings, type CertificateWarning } from "./certificate-warnings.ts";

/** A BRCAC that has what the checks ask for. */
export type AcceptedBrcac = Brcac & Required<Pick<Brcac, "softwareId" | "organisationId" | "generation">>;

/** Verdicts are remembered by the thousand: they hold no certificate, behind which lies the whole chain that was sent. */
interface Accepted {
  readonly ok: true;
  readonly warnings: readonly CertificateWarning[];
}

export interface Refused {
  readonly ok: false;
  /** Every failed check, in order. */
  readonly refusals: readonly [Refusal, ...Refusal[]];
}

export type CertificateVerdict = (Accepted & { readonly brcac: AcceptedBrcac }) | Refused;
export type SealVerdict = (Accepted & { readonly brseal: Brseal }) | Refused;

/** Judges a transport certificate (DCR 7.1-1, 9.3.1-1; CS 104 to 108; inspector R01 to R09) by facts gathered before. */
export function judgeCertificate(gathered: GatheredFacts): CertificateVerdict {
  const verdict = judge(gathered, brcacChecks);
  if (!verdict.ok) return verdict;
  const { softwareId, organisationId, generation, ...rest } = readBrcac(verdict.facts.certificate);
  if (softwareId === undefined || organisationId === undefined || generation === undefined) {
    throw new Error("the BRCAC checks must refuse a certificate without UID or organisation");
  }
  const brcac = { ...rest, softwareId, organisationId, generation };
  return { ...accepted(verdict.facts, brcacWarnings(verdict.facts)), brcac };
}

/** Judges a signature certificate (CS 109 to 111; inspector R10) by facts gathered with the BRSEAL anchors. */
export function judgeSealCertificate(gathered: GatheredFacts): SealVerdict {
  const verdict = judge(gathered, brsealChecks);
  if (!verdict.ok) return verdict;
  return { ...accepted(verdict.facts, []), brseal: readBrseal(verdict.facts.certificate) };
}

const reading = { name: "certificate-can-be-read", clause: "DCR 7.1-1" } as const;
const absent: Refusal = { code: "certificate.absent", expected: "a client certificate", received: "none" };

function unreadable(why: string): Refusal {
  return { code: "certificate.unreadable", expected: "an X.509 certificate", received: printable(why) };
}

/** Every check of a certificate, one by one: what the verdict on the same facts is made of. */
export function reportCertificate(gathered: GatheredFacts, kind: "brcac" | "brseal"): CheckReport[] {
  const checks = kind === "brcac" ? brcacChecks : brsealChecks;
  if (gathered.state === "read") {
    return [...passed([reading]), ...runChecks(checks, gathered.facts)];
  }
  return [...failed(reading, [gathered.state === "absent" ? absent : unreadable(gathered.why)]), ...notRun(checks)];
}

type Judged = { readonly ok: true; readonly facts: CertificateFacts } | Refused;

function judge(gathered: GatheredFacts, checks: readonly CertificateCheck[]): Judged {
  if (gathered.state === "absent") {
    return { ok: false, refusals: [absent] };
  }
  if (gathered.state === "unreadable") {
    return { ok: false, refusals: [unreadable(gathered.why)] };
  }
  const { facts } = gathered;
  const [first, ...others] = checks.flatMap((check) => check.judge(facts) ?? []);
  if (first) return { ok: false, refusals: [first, ...others] };
  if (!facts.chain.ok) throw new Error("the checks must refuse a certificate without a chain");
  return { ok: true, facts };
}

function accepted(facts: CertificateFacts, warnings: readonly CertificateWarning[]): Accepted {
  return { ok: true, warnings: [...certificateWarnings(facts), ...warnings] };
}
