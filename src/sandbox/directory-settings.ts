import { z } from "zod";

const port = z.int().min(0).max(65_535);
const httpsUrl = z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, ""));

/** The names that the ecosystem's own sandbox directory has, and that the official suite insists on. */
const realDomain = "sandbox.directory.openbankingbrasil.org.br";

export const directorySettingsSchema = z.strictObject({
  profile: z
    .enum(["production", "directory-sandbox", "local"])
    .default("local")
    .describe("Profile of the surrounding program; the sandbox directory refuses to run in production"),
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on"),
  publicPort: port.default(9443).describe("Port of discovery, keystore, participants, CA and CRL"),
  mtlsPort: port.default(9444).describe("Port of the token and assertion endpoints"),
  crlPort: port.optional().describe("Port on which CRLs are also served over plain http, as real ones are; left out: none"),
  publicUrl: httpsUrl.optional().describe("Public base URL; left out: https://localhost with the public port"),
  mtlsUrl: httpsUrl.optional().describe("Base URL of the mTLS listener; left out: https://localhost with the mTLS port"),
  realHostNames: z
    .boolean()
    .default(false)
    .describe(`Serve auth., matls-auth., matls-api. and keystore.${realDomain} on one single listener, the public port`),
  realHostNamesPort: port.default(443).describe("Port that the URLs of the real host names show"),
  statementIssuer: z
    .string()
    .min(1)
    .default("Open Banking Brasil sandbox SSA issuer")
    .describe("`iss` of the software statements"),
  tokenSeconds: z.int().min(30).max(3_600).default(600).describe("Lifetime of a directory access token"),
});

/** The sandbox directory's settings, complete and checked. */
export type DirectorySettings = z.output<typeof directorySettingsSchema>;

/** Where the directory's parts are reached; base URLs end without a slash. */
export interface DirectoryUrls {
  /** Discovery and the participants list. */
  readonly auth: string;
  /** The token endpoint, with client certificate. */
  readonly matlsAuth: string;
  /** Software statements, with client certificate. */
  readonly matlsApi: string;
  readonly keystore: string;
  /** Certificate revocation lists, `{crl}/{authority}.crl`. */
  readonly crl: string;
  readonly ocsp: string;
}

export interface ListeningPorts {
  readonly public: number;
  readonly mtls: number;
  readonly crl?: number;
}

/** The URLs that follow from the settings and from the ports really listened on. */
export function directoryUrls(settings: DirectorySettings, ports: ListeningPorts): DirectoryUrls {
  if (settings.realHostNames) {
    const suffix = settings.realHostNamesPort === 443 ? "" : `:${settings.realHostNamesPort}`;
    const at = (name: string) => `https://${name}.${realDomain}${suffix}`;
    return {
      auth: at("auth"),
      matlsAuth: at("matls-auth"),
      matlsApi: at("matls-api"),
      keystore: at("keystore"),
      crl: crlUrl(ports, at("keystore")),
      ocsp: `${at("keystore")}/ocsp`,
    };
  }
  const open = settings.publicUrl ?? `https://localhost:${ports.public}`;
  const mtls = settings.mtlsUrl ?? `https://localhost:${ports.mtls}`;
  return {
    auth: open,
    matlsAuth: mtls,
    matlsApi: mtls,
    keystore: open,
    crl: crlUrl(ports, open),
    ocsp: `${open}/ocsp`,
  };
}

function crlUrl(ports: ListeningPorts, otherwise: string): string {
  return ports.crl === undefined ? `${otherwise}/crl` : `http://localhost:${ports.crl}/crl`;
}

/** Every name that the directory's TLS certificate must carry. */
export function directoryHosts(settings: DirectorySettings): [string, ...string[]] {
  const own = [settings.publicUrl, settings.mtlsUrl].flatMap((url) => (url ? [new URL(url).hostname] : []));
  const real = settings.realHostNames
    ? ["auth", "matls-auth", "matls-api", "keystore"].map((name) => `${name}.${realDomain}`)
    : [];
  return ["localhost", "127.0.0.1", "::1", ...own, ...real];
}
