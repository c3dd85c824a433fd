import { styleText } from "node:util";
import { readBrcac } from "../certs/brcac.ts";
import { readBrseal } from "../certs/brseal.ts";
import type { DocumentState } from "../directory/cached-documents.ts";
import { refusalCatalogue } from "../kernel/refusal-catalogue.ts";
import { failuresIn, type CheckReport } from "../policy/check.ts";
import type { CertificateFacts, LinkRevocation } from "../policy/trust/certificate-facts.ts";
import { claimMeaning, doctorWords } from "./doctor-words.ts";
import type { ExaminedCertificate, ExaminedStatement, Examination } from "./examine-papers.ts";
import type { Language } from "./refusals-command.ts";
import { fitForTerminal } from "./terminal-text.ts";

/** An examination for people: facts, every check, and what the server would say. */
export function doctorText(examination: Examination, lang: Language, colours: boolean): string {
  const page = createPage(lang, colours);
  const { certificate, seal, directory, statement, registration, metadata, at } = examination;
  return [
    page.title(page.words.transport),
    page.certificate(certificate, "brcac"),
    ...(seal ? [page.title(page.words.seal), page.certificate(seal, "brseal")] : []),
    page.title(page.words.directory),
    page.directory(directory),
    ...(statement ? [page.title(page.words.statement), page.statement(statement, at)] : []),
    ...(registration ? [page.title(page.words.registration), page.reports(registration)] : []),
    ...(metadata ? [page.title(page.words.wouldRegister), page.members(metadata)] : []),
    `\n${page.verdict(examination)}\n`,
  ].join("");
}

const wide = 2_000;

function createPage(lang: Language, colours: boolean) {
  const words = doctorWords[lang];
  const paint = (style: Parameters<typeof styleText>[0], text: string) => (colours ? styleText(style, text, { validateStream: false }) : text);
  const fact = (name: string, value: string) => `  ${name.padEnd(19)}${fitForTerminal(value, wide)}\n`;
  const marks = {
    passed: paint("green", `✔ ${words.passed}`),
    failed: paint("red", `✘ ${words.failed}`),
    warning: paint("yellow", `! ${words.warning}`),
    "not-run": paint("dim", `- ${words["not-run"]}`),
  };

  const report = (one: CheckReport): string => {
    const line = `  ${marks[one.result]}  ${one.check} ${paint("dim", `(${one.clause})`)}\n`;
    if (!("refusal" in one)) {
      return line;
    }
    const { code, expected, received } = one.refusal;
    const { what, mend } = refusalCatalogue[code][lang];
    const detail = (name: string, value: string) => `      ${`${name}:`.padEnd(10)} ${fitForTerminal(value, wide)}\n`;
    return `${line}      ${paint("bold", code)}: ${what}\n${detail(words.expected, expected)}${detail(words.received, received)}${detail(words.mend, mend)}`;
  };

  /** What has not been looked at is one paragraph, not thirty lines. */
  const reports = (all: readonly CheckReport[]): string => {
    const skipped = all.filter(({ result }) => result === "not-run");
    const names = skipped.map(({ check }) => `      ${check}\n`).join("");
    const rest = skipped.length === 0 ? "" : `  ${marks["not-run"]}: ${words.notLookedAt}\n${paint("dim", names)}`;
    return all.filter(({ result }) => result !== "not-run").map(report).join("") + rest;
  };

  const facts = ({ certificate, now, chain, revocations }: CertificateFacts, kind: "brcac" | "brseal"): string => {
    const { keyType, keySize, signatureDigest, notBefore, notAfter } = certificate;
    const days = Math.floor((notAfter - now) / 86_400_000);
    const path = chain.ok ? chain.path.slice(1) : [];
    return [
      fact(words.subject, certificate.subjectText),
      fact(words.issuer, certificate.issuerText),
      ...(kind === "brcac" ? brcacFacts(certificate) : [fact(words.organisation, readBrseal(certificate).organisationId ?? "-")]),
      fact(words.key, `${keyType.toUpperCase()}${keySize > 0 ? ` ${keySize} ${words.bits}` : ""}, ${words.signedWith} ${signatureDigest}`),
      fact(words.valid, `${minute(notBefore)} ${words.until} ${minute(notAfter)}, ${words.daysLeft(days)}`),
      ...(chain.ok ? [] : [fact(words.chain, words.noChain)]),
      ...path.map((authority, index) =>
        fact(index === 0 ? words.chain : "", `${index + 1}. ${authority.subjectText}${index === path.length - 1 ? ` (${words.root})` : ""}`),
      ),
      ...revocations.map((link, index) => fact(index === 0 ? words.revocation : "", `${index === 0 ? words.itself : `${index}.`} ${revocationText(link, now)}`)),
    ].join("");
  };

  const brcacFacts = (certificate: CertificateFacts["certificate"]): string[] => {
    const { softwareId, organisationId, cnpj, generation } = readBrcac(certificate);
    return [
      fact(words.generation, generation === undefined ? "-" : words[generation]),
      fact(words.software, softwareId ?? "-"),
      fact(words.organisation, organisationId ?? "-"),
      fact(words.cnpj, cnpj ?? "-"),
    ];
  };

  const revocationText = ({ revocation }: LinkRevocation, now: number): string => {
    switch (revocation.state) {
      case "good":
        return `${words.notRevoked(age(now - revocation.asOf))}${revocation.stale ? `, ${words.stale}` : ""}`;
      case "revoked":
        return words.revoked(minute(revocation.at), revocation.reason);
      case "unknown":
        return words.revocationUnknown(revocation.why);
    }
  };

  const claim = (name: string, value: unknown, at: number): string => {
    const shown = name === "iat" && typeof value === "number" ? `${value}: ${minute(value * 1_000)} UTC, ${words.issued(age(at - value * 1_000))}` : inOneLine(value);
    return `  ${paint("bold", fitForTerminal(name, 80))}  ${paint("dim", claimMeaning(name, lang))}\n      ${fitForTerminal(shown, wide)}\n`;
  };

  return {
    words,
    reports,
    title: (text: string) => `\n${paint("bold", text)}\n`,
    certificate: ({ gathered, checks, warnings }: ExaminedCertificate, kind: "brcac" | "brseal"): string =>
      (gathered.state === "read" ? facts(gathered.facts, kind) : "") +
      reports(checks) +
      warnings.map(({ code, message }) => `  ${marks.warning}  ${code}: ${message}\n`).join(""),
    directory: ({ url, ageSeconds, failure }: DocumentState): string => {
      const known = ageSeconds === undefined ? undefined : age(ageSeconds * 1_000);
      const answers = known !== undefined && failure === undefined;
      const silence = failure === undefined ? "" : `${failure.reason}: ${failure.detail}`;
      const copy = known === undefined ? "" : words.lastCopy(known);
      return fact(words.keystore, `${url} ${answers ? words.reachable(known) : words.outOfReach(silence) + copy}`);
    },
    statement: ({ verified, claims }: ExaminedStatement, at: number): string =>
      `  ${verified ? paint("green", words.verified) : paint("red", words.notVerified)}\n` +
      Object.entries(claims).map(([name, value]) => claim(name, value, at)).join(""),
    members: (metadata: Readonly<Record<string, unknown>>): string =>
      Object.entries(metadata).map(([name, value]) => `  ${name.padEnd(42)} ${fitForTerminal(inOneLine(value), wide)}\n`).join(""),
    verdict: (examination: Examination): string => {
      if (examination.accepted) {
        const furthest = examination.metadata ? "body" : examination.statement ? "statement" : "certificate";
        return paint("green", words.accepted[furthest]);
      }
      const { status, error } = answerOf(examination);
      return paint("red", words.refused(status, error));
    },
  };
}

/** Status and OAuth error of the first failure, which the server's answer would have. */
export function answerOf({ certificate, seal, registration }: Examination): { status: number; error: string } {
  const [first] = failuresIn([...certificate.checks, ...(registration ?? []), ...(seal?.checks ?? [])]);
  if (first === undefined) {
    return { status: 201, error: "" };
  }
  const { status, error } = refusalCatalogue[first.code];
  return { status, error };
}

function inOneLine(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((item) => inOneLine(item)).join("  ") || "[]";
  }
  if (typeof value === "object" && value !== null) {
    return JSON.stringify(value);
  }
  return String(value);
}

/** To the minute, UTC. */
function minute(milliseconds: number): string {
  return Number.isFinite(milliseconds) && Math.abs(milliseconds) < 8.64e15 ? new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ") : "?";
}

/** The largest unit that fits at least twice: 90 s, 45 min, 30 h, 12 d. */
function age(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  const units: [number, string][] = [[86_400, "d"], [3_600, "h"], [60, "min"]];
  const unit = units.find(([length]) => Math.abs(seconds) >= 2 * length);
  return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]}` : `${seconds} s`;
}
