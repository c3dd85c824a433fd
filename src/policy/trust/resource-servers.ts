import type { X509Certificate } from "node:crypto";
import { z } from "zod";
import { readCertificate, type Certificate } from "../../certs/certificate.ts";
import { buildChain } from "../../certs/chain.ts";
import type { TrustAnchors } from "../../certs/trust-anchors.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Refusal } from "../../kernel/refusal.ts";

export const resourceServersSchema = z.array(
  z.strictObject({
    name: z.string().min(1).describe("Name in logs"),
    publicKeySha256: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/)
      .describe("SHA-256 of the certificate's SubjectPublicKeyInfo, base64url"),
  }),
);

/** The resource servers that may introspect, from settings. */
export type ResourceServerList = z.output<typeof resourceServersSchema>;

export type ResourceServerVerdict = { readonly ok: true; readonly name: string } | { readonly ok: false; readonly refusal: Refusal };

/**
 * Tells resource servers by their certificate: its key is listed, and it chains to the bank's own authority, which is
 * apart from the TPPs'. Remembered per certificate object for as long as the certificate is valid.
 */
export function createResourceServers(needs: { list: ResourceServerList; anchors: TrustAnchors; clock: Clock }) {
  const byKey = new Map(needs.list.map(({ name, publicKeySha256 }) => [publicKeySha256, name]));
  const remembered = new WeakMap<X509Certificate, { name: string; until: number }>();

  return function identify(leaf: X509Certificate | undefined, sent: readonly X509Certificate[]): ResourceServerVerdict {
    if (leaf === undefined) {
      return { ok: false, refusal: { code: "certificate.absent", expected: "a resource server's certificate", received: "none" } };
    }
    const now = needs.clock();
    const known = remembered.get(leaf);
    if (known && now < known.until) {
      return { ok: true, name: known.name };
    }
    const certificate = readable(leaf);
    const name = certificate && byKey.get(certificate.publicKeyHash);
    // Only for a listed key: anybody else's chain may cost what he likes.
    const chain = name === undefined || certificate === undefined ? undefined : buildChain({ leaf: certificate, sent: sent.flatMap((item) => readable(item) ?? []), anchors: needs.anchors, now });
    const valid = certificate !== undefined && certificate.notBefore <= now && now < certificate.notAfter;
    if (name === undefined || !chain?.ok || !valid) {
      return { ok: false, refusal: unknown(certificate, name !== undefined, chain?.ok === true) };
    }
    remembered.set(leaf, { name, until: certificate.notAfter });
    return { ok: true, name };
  };
}

export type IdentifyResourceServer = ReturnType<typeof createResourceServers>;

function unknown(certificate: Certificate | undefined, listed: boolean, chained: boolean): Refusal {
  return {
    code: "resource-server.unknown",
    expected: "a valid certificate of the bank's authority with a listed public key",
    received: whatIsWrong(certificate, listed, chained),
  };
}

function whatIsWrong(certificate: Certificate | undefined, listed: boolean, chained: boolean): string {
  if (certificate === undefined) {
    return "an unreadable certificate";
  }
  if (!listed) {
    return `public key ${certificate.publicKeyHash}`;
  }
  return chained ? "a certificate outside its validity" : "a certificate of another authority";
}

function readable(x509: X509Certificate): Certificate | undefined {
  try {
    return readCertificate(x509);
  } catch {
    return undefined;
  }
}
