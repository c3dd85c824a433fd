import { readFile } from "node:fs/promises";
import { readCertificateChain, UnreadableCertificate, type Certificate } from "./certificate.ts";

/** The authorities that chains may end in, and those that help to get there. */
export interface TrustAnchors {
  /** Self-signed roots: a chain ends in one of these keys. */
  readonly anchors: readonly Certificate[];
  /** Authorities that complete a chain which a TPP sent short; believed only through an anchor. */
  readonly intermediates: readonly Certificate[];
  /** Every known authority of that name (`Certificate.issuerKey`), anchors first; several may share one name. */
  named(subjectKey: string): readonly Certificate[];
  /** Whether this is an anchor: the same name and, above all, the same public key. */
  isAnchor(certificate: Certificate): boolean;
}

export interface TrustAnchorFiles {
  /** PEM files. Their self-signed authorities become anchors; other authorities in them only complete chains. */
  readonly anchors: readonly string[];
  /** PEM files. Authorities in them only complete chains, the self-signed ones are left out. */
  readonly intermediates?: readonly string[];
  /** SHA-256 of the public keys (base64url) that anchors may have; every root of the files when left out. */
  readonly pins?: readonly string[];
}

/**
 * Reads trust anchors from PEM files. Throws when a file cannot be read, holds no certificate, or when no anchor
 * remains: a server without anchors must not start.
 */
export async function loadTrustAnchors(files: TrustAnchorFiles): Promise<TrustAnchors> {
  const anchors = await readAuthorities(files.anchors);
  const intermediates = await readAuthorities(files.intermediates ?? []);
  const roots = anchors.filter(isRoot);
  const pinned = files.pins ? roots.filter((root) => files.pins?.includes(root.publicKeyHash)) : roots;
  if (pinned.length === 0) {
    throw new Error(
      `expected at least one self-signed authority${files.pins ? " with a pinned key" : ""} in: ${files.anchors.join(", ")}`,
    );
  }
  const others = [...anchors, ...intermediates].filter((certificate) => certificate.isCa && !isRoot(certificate));
  return createTrustAnchors(pinned, others);
}

/**
 * The certificates of PEM files.
 * @throws Error that names the file when it cannot be read or holds no certificate
 */
export async function readAuthorities(files: readonly string[]): Promise<Certificate[]> {
  const chains = await Promise.all(files.map(readPemFile));
  return chains.flat();
}

async function readPemFile(file: string): Promise<Certificate[]> {
  const pem = await readFile(file, "utf8").catch((error: unknown) => {
    const hint = "see certs/README.md; those of the local profile are made by the sandbox directory (npm run sandbox)";
    throw new Error(`${file}: expected a PEM file with trust anchors, and it cannot be read: ${hint}`, { cause: error });
  });
  try {
    return readCertificateChain(pem);
  } catch (error) {
    if (error instanceof UnreadableCertificate) throw new Error(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function isRoot(certificate: Certificate): boolean {
  const { publicKey, isCa, subjectKey, issuerKey, x509 } = certificate;
  return isCa && publicKey !== undefined && subjectKey === issuerKey && x509.verify(publicKey);
}

/** Trust anchors from certificates at hand. */
export function createTrustAnchors(
  anchors: readonly Certificate[],
  intermediates: readonly Certificate[] = [],
): TrustAnchors {
  const byName = Map.groupBy([...anchors, ...intermediates], (authority) => authority.subjectKey);
  const pins = new Set(anchors.map(pinOf));
  return {
    anchors,
    intermediates,
    named: (subjectKey) => byName.get(subjectKey) ?? [],
    isAnchor: (certificate) => pins.has(pinOf(certificate)),
  };
}

function pinOf(certificate: Certificate): string {
  return `${certificate.publicKeyHash} ${certificate.subjectKey}`;
}
