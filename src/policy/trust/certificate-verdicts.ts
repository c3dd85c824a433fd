import { hash, X509Certificate } from "node:crypto";
import { LRUCache } from "lru-cache";
import { sentWith } from "../../certs/certificate.ts";
import type { Log } from "../../kernel/log.ts";
import { printable } from "../../kernel/refusal.ts";
import {
  gatherCertificateFacts,
  type CertificateFactsNeeds,
  type CertificateInput,
  type GatheredFacts,
} from "./certificate-facts.ts";
import type { CertificateWarning } from "./certificate-warnings.ts";
import { judgeCertificate, judgeSealCertificate, type CertificateVerdict, type SealVerdict } from "./judge-certificate.ts";

export type CertificateVerdictsNeeds = CertificateFactsNeeds & {
  readonly log: Log;
  /** How many accepted certificates are remembered; 5,000 when left out. */
  readonly remembered?: number;
};

/** Judges certificates and remembers the verdicts for as long as they hold. */
export interface Verdicts<Verdict> {
  /**
   * The verdict on a certificate with the further certificates its owner sent; those behind the certificate on its
   * socket when left out. Never rejects. Remembered until a revocation list changes or is due, or a validity ends.
   */
  judge(certificate: CertificateInput | undefined, sentChain?: readonly CertificateInput[]): Promise<Verdict>;
  /** The remembered verdict on a certificate as it came, without waiting; undefined when it must be judged (again). */
  remembered(certificate: X509Certificate, sentChain?: readonly CertificateInput[]): Verdict | undefined;
}

/** Verdicts on BRCAC certificates. */
export function createCertificateVerdicts(needs: CertificateVerdictsNeeds): Verdicts<CertificateVerdict> {
  return createVerdicts(needs, judgeCertificate);
}

/** Verdicts on BRSEAL certificates; `anchors` are those of BRSEAL. */
export function createSealVerdicts(needs: CertificateVerdictsNeeds): Verdicts<SealVerdict> {
  return createVerdicts(needs, judgeSealCertificate);
}

interface Entry<Verdict> {
  readonly verdict: Verdict;
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly validUntil: number;
}

/** A refusal is judged anew after this long at the latest: what was missing may have come. */
const refusalLife = 30_000;
/** Anybody can make certificates that are refused: theirs must not push out those of the ecosystem. */
const rememberedRefusals = 200;

type Warned = { readonly ok: true; readonly warnings: readonly CertificateWarning[] } | { readonly ok: false };

function createVerdicts<Verdict extends Warned>(
  needs: CertificateVerdictsNeeds,
  judgeFacts: (gathered: GatheredFacts) => Verdict,
): Verdicts<Verdict> {
  const { revocation, clock, log } = needs;
  const byObject = new WeakMap<X509Certificate, Entry<Verdict>>();
  const accepted = new LRUCache<string, Entry<Verdict>>({ max: needs.remembered ?? 5_000 });
  const refused = new LRUCache<string, Entry<Verdict>>({ max: rememberedRefusals });
  const underWay = new Map<string, Promise<Entry<Verdict>>>();

  const holds = (entry: Entry<Verdict> | undefined): entry is Entry<Verdict> =>
    entry !== undefined && entry.generation === revocation.generation() && clock() < entry.validUntil;

  async function judgeNow(certificate: CertificateInput | undefined, sent: readonly CertificateInput[]) {
    const generation = revocation.generation();
    const gathered = await gatherCertificateFacts(needs, certificate, sent);
    const verdict = judgeFacts(gathered);
    if (verdict.ok && verdict.warnings.length > 0) log.warn(warned(gathered, verdict.warnings), "a certificate was accepted with warnings");
    return { verdict, generation, validUntil: endOf(gathered, verdict.ok, clock()) };
  }

  const recall = (key: string): Entry<Verdict> | undefined => {
    const entry = accepted.get(key) ?? refused.get(key);
    return holds(entry) ? entry : undefined;
  };

  async function entryFor(certificate: CertificateInput | undefined, sent: readonly CertificateInput[]) {
    const key = keyOf(certificate, sent);
    const known = recall(key);
    if (known) return known;
    const judging = underWay.get(key) ?? judgeNow(certificate, sent).finally(() => underWay.delete(key));
    underWay.set(key, judging);
    const entry = await judging;
    const [now, before] = entry.verdict.ok ? [accepted, refused] : [refused, accepted];
    before.delete(key);
    now.set(key, entry);
    return entry;
  }

  const remembered = (certificate: X509Certificate, sentChain?: readonly CertificateInput[]) => {
    if (sentChain) return recall(keyOf(certificate, sentChain))?.verdict;
    const known = byObject.get(certificate);
    if (holds(known)) return known.verdict;
    const entry = recall(keyOf(certificate, sentWith(certificate)));
    if (entry) byObject.set(certificate, entry);
    return entry?.verdict;
  };

  return {
    remembered,
    judge: async (certificate, sentChain) => {
      // Only a certificate on its own socket always comes with the same further ones.
      const ofSocket = certificate instanceof X509Certificate && sentChain === undefined;
      const known = ofSocket ? remembered(certificate) : undefined;
      if (known) return known;
      const entry = await entryFor(certificate, sentChain ?? (ofSocket ? sentWith(certificate) : []));
      if (ofSocket) byObject.set(certificate, entry);
      return entry.verdict;
    },
  };
}

/** Until when nothing but a new revocation list can change the verdict. */
function endOf(gathered: GatheredFacts, accepted: boolean, now: number): number {
  if (gathered.state !== "read" || !accepted || !gathered.facts.chain.ok) return now + refusalLife;
  const { chain, revocations } = gathered.facts;
  return Math.min(
    ...chain.path.map((certificate) => certificate.notAfter),
    ...revocations.map((link) => link.revocation.recheckAt),
  );
}

/** One string each, since the log never shows a member named `code`. */
function warned(gathered: GatheredFacts, warnings: readonly CertificateWarning[]): object {
  const certificate = gathered.state === "read" ? gathered.facts.certificate : undefined;
  return {
    certificate: certificate?.thumbprint,
    subject: certificate && printable(certificate.subjectText),
    warnings: warnings.map(({ code, message }) => `${code}: ${message}`),
  };
}

function keyOf(certificate: CertificateInput | undefined, sent: readonly CertificateInput[]): string {
  return hash("sha256", [certificate ?? "", ...sent].map(fingerprint).join(" "), "base64url");
}

function fingerprint(input: CertificateInput): string {
  if (input instanceof X509Certificate) return input.fingerprint256;
  return hash("sha256", input, "base64url");
}
