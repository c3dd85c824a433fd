import type { X509Certificate } from "node:crypto";
import { readCertificate, UnreadableCertificate, type Certificate } from "../../certs/certificate.ts";
import { buildChain, type ChainResult } from "../../certs/chain.ts";
import type { Revocation, RevocationSource } from "../../certs/revocation.ts";
import type { TrustAnchors } from "../../certs/trust-anchors.ts";
import type { Clock } from "../../kernel/clock.ts";

/** A certificate as it comes: from a socket, or as PEM or DER from a header, a key set or a file. */
export type CertificateInput = X509Certificate | Uint8Array | string;

/** What is known of the revocation of one certificate of the path. */
export interface LinkRevocation {
  readonly certificate: Certificate;
  readonly revocation: Revocation;
}

export type WhenRevocationUnknown = "refuse" | "accept";

/** Everything the checks look at; gathered once, by the only step that may wait on the network. */
export interface CertificateFacts {
  readonly certificate: Certificate;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly chain: ChainResult;
  /** One entry for every certificate of the path but the anchor; empty when there is no accepted path. */
  readonly revocations: readonly LinkRevocation[];
  readonly whenRevocationUnknown: WhenRevocationUnknown;
  /** Names of which the path must pass one; every path to an anchor will do when there are none. */
  readonly acceptedAuthorities: readonly string[];
}

export type GatheredFacts =
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly why: string }
  | { readonly state: "read"; readonly facts: CertificateFacts };

export interface CertificateFactsNeeds {
  readonly anchors: TrustAnchors;
  readonly revocation: RevocationSource;
  readonly clock: Clock;
  readonly whenRevocationUnknown: WhenRevocationUnknown;
  readonly acceptedAuthorities: readonly string[];
}

/**
 * Reads the certificate, builds its chain and asks for revocation of every link. Never rejects. Of the sent
 * certificates the unreadable ones are left out: they can help nobody.
 */
export async function gatherCertificateFacts(
  needs: CertificateFactsNeeds,
  input: CertificateInput | undefined,
  sentChain: readonly CertificateInput[],
): Promise<GatheredFacts> {
  if (input === undefined) return { state: "absent" };
  const certificate = readOrReason(input);
  if (typeof certificate === "string") return { state: "unreadable", why: certificate };
  const now = needs.clock();
  const sent = sentChain.map(readOrReason).filter((read) => typeof read !== "string");
  const chain = buildChain({ leaf: certificate, sent, anchors: needs.anchors, now });
  const revocations = chain.ok ? await revocationsOn(chain.path, needs.revocation) : [];
  const { whenRevocationUnknown, acceptedAuthorities } = needs;
  return { state: "read", facts: { certificate, now, chain, revocations, whenRevocationUnknown, acceptedAuthorities } };
}

function readOrReason(input: CertificateInput): Certificate | string {
  try {
    return readCertificate(input);
  } catch (error) {
    if (error instanceof UnreadableCertificate) return error.message;
    throw error;
  }
}

async function revocationsOn(path: readonly Certificate[], source: RevocationSource): Promise<LinkRevocation[]> {
  const links = path.slice(1).map(async (issuer, index) => {
    const certificate = path[index] ?? issuer;
    return { certificate, revocation: await source.revocationOf(certificate, issuer) };
  });
  return Promise.all(links);
}
