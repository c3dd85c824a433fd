import { resolve } from "node:path";
import { createCrlCache, type CrlCache } from "../certs/crl-cache.ts";
import { readCrlSources, type CrlSource } from "../certs/crl-sources.ts";
import { loadTrustAnchors, type TrustAnchors } from "../certs/trust-anchors.ts";
import { createGuardedHttp } from "../directory/guarded-http.ts";
import { createCertificateVerdicts, createSealVerdicts } from "../policy/trust/certificate-verdicts.ts";
import type { Store } from "../store/store.ts";
import { readSettingsFile } from "./settings-file.ts";
import type { Surroundings } from "./surroundings.ts";

export interface Trust {
  /** Of BRCAC certificates. */
  readonly anchors: TrustAnchors;
  /** Of BRSEAL certificates. */
  readonly sealAnchors: TrustAnchors;
  readonly brcac: ReturnType<typeof createCertificateVerdicts>;
  readonly brseal: ReturnType<typeof createSealVerdicts>;
  readonly crl: CrlCache;
  /** Ends the calls under way and waits for what they still write to the store. */
  close(): Promise<void>;
}

/** Anchors, revocation, and the judges of both kinds of certificate. */
export async function createTrust(surroundings: Surroundings, store: Store): Promise<Trust> {
  const { root, settings, clock, log } = surroundings;
  const { certificates, directory } = settings;
  const files = (paths: readonly string[]) => paths.map((file) => resolve(root, file));
  const intermediates = files(certificates.intermediates);
  const anchors = await loadTrustAnchors({ anchors: files(certificates.brcacAnchors), intermediates });
  const sealAnchors = await loadTrustAnchors({ anchors: files(certificates.brsealAnchors), intermediates });
  const sources = await readCrlSources(resolve(root, certificates.crlSourcesFile));
  const http = createGuardedHttp({
    ...crlHosts(sources, certificates.crlAllowedHosts),
    allowPrivateAddresses: directory.allowPrivateAddresses,
    timeoutMs: directory.timeoutMilliseconds,
    // The largest lists of ICP-Brasil have some megabytes.
    maxBytes: 32 * 1024 * 1024,
    ...(directory.caFile === undefined ? {} : { caPem: await readSettingsFile(root, directory.caFile) }),
    log,
  });
  const crl = createCrlCache({
    fetch: async (url) => (await http.get(url, { accept: "application/pkix-crl, */*" })).body,
    store,
    clock,
    log,
    sources,
    authorities: [anchors, sealAnchors].flatMap((known) => [...known.anchors, ...known.intermediates]),
    settings: certificates,
  });
  const judging = { revocation: crl, clock, log, whenRevocationUnknown: certificates.whenRevocationUnknown, acceptedAuthorities: certificates.acceptedAuthorities };
  return {
    anchors,
    sealAnchors,
    brcac: createCertificateVerdicts({ ...judging, anchors }),
    brseal: createSealVerdicts({ ...judging, anchors: sealAnchors }),
    crl,
    async close() {
      http.close();
      await crl.settled();
    },
  };
}

/** CRLs are published over plain http as a rule: they carry their own signature. */
function crlHosts(sources: readonly CrlSource[], further: readonly string[]): { allowedHosts: string[]; plainHttpHosts: string[] } {
  const urls = sources.flatMap((source) => source.urls).map((url) => new URL(url));
  const hostsOf = (protocol: string) => urls.filter((url) => url.protocol === protocol).map(({ host }) => host);
  return { allowedHosts: [...hostsOf("https:"), ...further], plainHttpHosts: [...hostsOf("http:"), ...further] };
}

/** The bank's own authority, which resource servers chain to; none without files. */
export async function bankAnchors({ root, settings }: Surroundings): Promise<TrustAnchors> {
  const files = settings.tables.resourceServerAnchors.map((file) => resolve(root, file));
  return files.length === 0 ? { anchors: [], intermediates: [], named: () => [], isAnchor: () => false } : loadTrustAnchors({ anchors: files });
}
