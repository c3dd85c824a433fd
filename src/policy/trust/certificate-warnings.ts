import { readBrcac } from "../../certs/brcac.ts";
import { attributeTexts, attributeType } from "../../certs/distinguished-name.ts";
import { printable } from "../../kernel/refusal.ts";
import { isoTime, unknownRevocations } from "./certificate-checks.ts";
import type { CertificateFacts } from "./certificate-facts.ts";

/** Something that does not stop a certificate from being accepted, but that its owner should know. */
export interface CertificateWarning {
  readonly code:
    | "certificate.expires-soon"
    | "certificate.revocation-unknown"
    | "certificate.revocation-stale"
    | "brcac.subject-incomplete"
    | "brcac.organisation-in-unit"
    | "brcac.other-host-name";
  /** Printable ASCII, without quotes. */
  readonly message: string;
}

const soon = 30 * 24 * 3_600_000;

/** R03, R05: warnings that any accepted certificate may have. */
export function certificateWarnings({ certificate, now, revocations }: CertificateFacts): CertificateWarning[] {
  const warnings: CertificateWarning[] = [];
  if (certificate.notAfter - now < soon) {
    warnings.push({ code: "certificate.expires-soon", message: `expires at ${isoTime(certificate.notAfter)}` });
  }
  for (const why of unknownRevocations(revocations)) {
    warnings.push({ code: "certificate.revocation-unknown", message: printable(why) });
  }
  for (const { certificate: link, revocation } of revocations) {
    if (revocation.state !== "good" || !revocation.stale) continue;
    warnings.push({
      code: "certificate.revocation-stale",
      message: printable(`last good revocation list is of ${isoTime(revocation.asOf)}: ${link.issuerText}`),
    });
  }
  return warnings;
}

const profile = {
  businessCategory: attributeType.businessCategory,
  jurisdictionCountryName: attributeType.jurisdictionCountryName,
  serialNumber: attributeType.serialNumber,
  C: attributeType.country,
  O: attributeType.organisation,
  ST: attributeType.state,
  L: attributeType.locality,
  CN: attributeType.commonName,
} as const;

/** R07 to R09: what a BRCAC should have by the certificate standard 5.2.3, but is accepted without. */
export function brcacWarnings({ certificate }: CertificateFacts): CertificateWarning[] {
  const warnings: CertificateWarning[] = [];
  const missing = Object.entries(profile).flatMap(([name, type]) =>
    attributeTexts(certificate.subject, type).length === 0 ? [name] : [],
  );
  if (missing.length > 0) {
    warnings.push({ code: "brcac.subject-incomplete", message: `the subject lacks ${missing.join(", ")}` });
  }
  if (readBrcac(certificate).generation === "organizationalUnit") {
    warnings.push({
      code: "brcac.organisation-in-unit",
      message: "the organisation stands in OU, which certificates issued since 2022-08-31 may not do",
    });
  }
  const [commonName] = attributeTexts(certificate.subject, attributeType.commonName);
  if (commonName !== undefined && !certificate.dnsNames.some((name) => name.toLowerCase() === commonName.toLowerCase())) {
    warnings.push({
      code: "brcac.other-host-name",
      message: printable(`no dNSName of the certificate is its CN, ${commonName}`),
    });
  }
  return warnings;
}
