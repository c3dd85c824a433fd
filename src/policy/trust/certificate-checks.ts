import { passesThroughOneOf } from "../../certs/accepted-authorities.ts";
import { readBrcac } from "../../certs/brcac.ts";
import { clientAuth, type KeyUsageName } from "../../certs/certificate-extensions.ts";
import type { ChainBreak } from "../../certs/chain.ts";
import type { IssuerFault } from "../../certs/issuer-faults.ts";
import { strongDigests } from "../../certs/signature-digest.ts";
import { printable, type Refusal } from "../../kernel/refusal.ts";
import type { RefusalCode } from "../../kernel/refusal-catalogue.ts";
import type { Check } from "../check.ts";
import type { CertificateFacts } from "./certificate-facts.ts";

/** Looks at the facts and says what is wrong, or nothing. Waits for nothing, reads no clock. */
type Judge = (facts: CertificateFacts) => Refusal | undefined;

/** One sentence that is true of an accepted certificate. */
export interface CertificateCheck extends Check<CertificateFacts> {
  readonly judge: Judge;
}

function refusal(code: RefusalCode, expected: string, received: string): Refusal {
  return { code, expected, received: printable(received) };
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** CS 104: RSA only; the listener's TLS profile would not speak with other keys either. */
const keyIsRsa: Judge = ({ certificate }) =>
  certificate.keyType === "rsa"
    ? undefined
    : refusal("certificate.key-type", "an RSA key", `a key of type ${certificate.keyType}`);

/** CS 104, D20. */
const keyIsLongEnough: Judge = ({ certificate }) =>
  certificate.keyType === "rsa" && certificate.keySize < 2048
    ? refusal("certificate.key-size", "an RSA key of at least 2048 bits", `${certificate.keySize} bits`)
    : undefined;

/** CS 104, D20: SHA-256 or better. */
const digestIsStrong: Judge = ({ certificate }) =>
  strongDigests.has(certificate.signatureDigest)
    ? undefined
    : refusal("certificate.digest", "a signature with SHA-256, SHA-384 or SHA-512", certificate.signatureDigest);

const hasBegun: Judge = ({ certificate, now }) =>
  now < certificate.notBefore
    ? refusal(
        "certificate.not-yet-valid",
        `a certificate that is valid at ${isoTime(now)}`,
        `valid from ${isoTime(certificate.notBefore)}`,
      )
    : undefined;

const hasNotEnded: Judge = ({ certificate, now }) =>
  now > certificate.notAfter
    ? refusal(
        "certificate.expired",
        `a certificate that is valid at ${isoTime(now)}`,
        `expired at ${isoTime(certificate.notAfter)}`,
      )
    : undefined;

/** RFC 5280 4.2: what a critical extension says must be obeyed, and nobody here knows what this one says. */
const criticalExtensionsAreKnown: Judge = ({ certificate }) =>
  certificate.unknownCritical.length > 0
    ? refusal(
        "certificate.unreadable",
        "no critical extensions beyond those of the certificate standard",
        `critical extensions ${certificate.unknownCritical.join(" ")}`,
      )
    : undefined;

/** CS 108 and 111: an end-entity certificate with these usages. */
function hasKeyUsages(...usages: KeyUsageName[]): Judge {
  return ({ certificate: { keyUsage, isCa } }) => {
    if (!isCa && usages.every((usage) => keyUsage?.has(usage))) return undefined;
    const listed = keyUsage ? [...keyUsage].join(" ") || "no usage" : "no keyUsage extension";
    return refusal(
      "certificate.key-usage",
      `an end-entity certificate with keyUsage ${usages.join(" and ")}`,
      isCa ? `a certificate of an authority, ${listed}` : listed,
    );
  };
}

/** CS 108. */
const isForClients: Judge = ({ certificate: { extendedKeyUsage } }) =>
  extendedKeyUsage.includes(clientAuth)
    ? undefined
    : refusal(
        "certificate.extended-key-usage",
        `extendedKeyUsage clientAuth (${clientAuth})`,
        extendedKeyUsage.join(" ") || "no extendedKeyUsage extension",
      );

const faultWords: Readonly<Record<IssuerFault, string>> = {
  expired: "is expired",
  "not-yet-valid": "is not valid yet",
  "not-an-authority": "is not a certificate authority",
  "may-not-sign-certificates": "lacks keyUsage keyCertSign",
  "path-too-long": "allows fewer authorities below it",
  "weak-key": "has an RSA key under 2048 bits",
  "weak-digest": "is signed with a digest weaker than SHA-256",
  "unknown-critical-extension": "has a critical extension that is not understood",
};

/** DCR 7.1-1, 9.3.1-1: every signature up to an accepted root, and every authority on the way fit to issue. */
const chainEndsInAnAnchor: Judge = ({ chain }) => (chain.ok ? undefined : brokenChain(chain.broken));

function brokenChain(broken: ChainBreak): Refusal {
  const { certificate } = broken;
  switch (broken.reason) {
    case "issuer-unknown":
      return refusal(
        "certificate.issuer-unknown",
        "a chain to an accepted root, sent with its intermediates",
        `unknown issuer ${certificate.issuerText}`,
      );
    case "forged":
      return refusal(
        "certificate.signature",
        "a signature made by the issuer that the certificate names",
        `not signed by the key of ${certificate.issuerText}`,
      );
    case "issuer-invalid":
      return refusal(
        "certificate.issuer-invalid",
        "authorities that may issue and are valid now",
        `the authority ${broken.faults.map((fault) => faultWords[fault]).join(", ")}: ${certificate.subjectText}`,
      );
    case "too-long":
      return refusal(
        "certificate.issuer-unknown",
        "an accepted root after at most six authorities, each with a name of its own",
        `a longer chain, or too many authorities of one name, above ${certificate.issuerText}`,
      );
  }
}

/** CS 112, D20: of the authorities below the roots only those that the ecosystem accepts. */
const authorityIsAccepted: Judge = ({ certificate, chain, acceptedAuthorities }) =>
  !chain.ok || acceptedAuthorities.length === 0 || passesThroughOneOf(acceptedAuthorities, chain.path)
    ? undefined
    : refusal("certificate.authority-not-accepted", printable(`an authority of ${acceptedAuthorities.join(", ")}`), `issued by ${certificate.issuerText}`);

const noneIsRevoked: Judge = ({ certificate, revocations }) => {
  for (const link of revocations) {
    if (link.revocation.state !== "revoked") continue;
    const { at, reason } = link.revocation;
    const who = link.certificate === certificate ? "the certificate" : `the authority ${link.certificate.subjectText}`;
    return refusal(
      "certificate.revoked",
      "a certificate and authorities that are not revoked",
      `revoked at ${isoTime(at)}, ${reason}: ${who}`,
    );
  }
  return undefined;
};

const revocationIsKnown: Judge = ({ revocations, whenRevocationUnknown }) => {
  if (whenRevocationUnknown === "accept") return undefined;
  const reasons = unknownRevocations(revocations);
  return reasons.length > 0
    ? refusal("certificate.revocation-unknown", "a current revocation list of every authority", reasons.join("; "))
    : undefined;
};

export function unknownRevocations(revocations: CertificateFacts["revocations"]): string[] {
  return revocations.flatMap(({ certificate, revocation }) =>
    revocation.state === "unknown" ? [`${certificate.issuerText}: ${revocation.why}`] : [],
  );
}

/** CS 107, D11. */
const namesSoftware: Judge = ({ certificate }) =>
  readBrcac(certificate).softwareId === undefined
    ? refusal("brcac.software-id-missing", "a subject with exactly one UID, the software_id", certificate.subjectText)
    : undefined;

/** CS 107, DCR 9.3.1-2, D20. */
const namesOrganisation: Judge = ({ certificate }) =>
  readBrcac(certificate).organisationId === undefined
    ? refusal(
        "brcac.organisation-id-missing",
        "a subject with one organizationIdentifier (2.5.4.97) OFBBR-UUID, or before 2022-08-31 one OU with the UUID",
        certificate.subjectText,
      )
    : undefined;

const keyAndValidity: readonly CertificateCheck[] = [
  { name: "key-is-rsa", clause: "CS 104", judge: keyIsRsa },
  { name: "key-is-long-enough", clause: "CS 104", judge: keyIsLongEnough },
  { name: "digest-is-strong", clause: "CS 104", judge: digestIsStrong },
  { name: "validity-has-begun", clause: "CS 113", judge: hasBegun },
  { name: "validity-has-not-ended", clause: "CS 113", judge: hasNotEnded },
  { name: "critical-extensions-are-known", clause: "RFC 5280 4.2", judge: criticalExtensionsAreKnown },
];
const chainAndRevocation: readonly CertificateCheck[] = [
  { name: "chain-ends-in-an-accepted-root", clause: "DCR 7.1-1, DCR 9.3.1-1", judge: chainEndsInAnAnchor },
  { name: "authority-is-an-accepted-one", clause: "CS 112", judge: authorityIsAccepted },
  { name: "nothing-in-the-chain-is-revoked", clause: "CS 113", judge: noneIsRevoked },
  { name: "revocation-is-known", clause: "CS 113", judge: revocationIsKnown },
];

/** The checks of a BRCAC, in the order in which refusals are listed. */
export const brcacChecks: readonly CertificateCheck[] = [
  ...keyAndValidity,
  { name: "key-usage-is-that-of-a-brcac", clause: "CS 108", judge: hasKeyUsages("digitalSignature", "keyEncipherment") },
  { name: "extended-key-usage-is-client-authentication", clause: "CS 108", judge: isForClients },
  ...chainAndRevocation,
  { name: "subject-names-the-software", clause: "CS 107", judge: namesSoftware },
  { name: "subject-names-the-organisation", clause: "CS 107, DCR 9.3.1-2", judge: namesOrganisation },
];

/** The checks of a BRSEAL. That it names the right organisation is for those who know which one is right. */
export const brsealChecks: readonly CertificateCheck[] = [
  ...keyAndValidity,
  { name: "key-usage-is-that-of-a-brseal", clause: "CS 111", judge: hasKeyUsages("digitalSignature", "nonRepudiation") },
  ...chainAndRevocation,
];
