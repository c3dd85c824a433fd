import { lookup } from "node:dns/promises";
import { join } from "node:path";
import { directoryHosts, directorySettingsSchema, directoryUrls } from "../sandbox/directory-settings.ts";

/** The sandbox under the names of the ecosystem's own directory, which the official suite compares literally. */
export interface RealHostNames {
  /** What `porteiro directory serve` is started with. */
  readonly directoryOptions: readonly string[];
  /** Settings of the server, as environment variables, that point it at those names. */
  readonly serverEnvironment: Readonly<Record<string, string>>;
  /** The names themselves. */
  readonly names: readonly string[];
}

/**
 * @param port where the directory listens, and which its URLs show; the suite wants 443
 * @param anchorsFolder where the directory writes the certificates of its authorities
 */
export function realHostNames(port: number, anchorsFolder: string): RealHostNames {
  const settings = directorySettingsSchema.parse({ realHostNames: true, realHostNamesPort: port, publicPort: port });
  const urls = directoryUrls(settings, { public: port, mtls: port });
  return {
    directoryOptions: ["--real-host-names", "--public-port", String(port), "--real-host-names-port", String(port)],
    serverEnvironment: {
      PORTEIRO_DIRECTORY_KEYSTORE_URL: `${urls.keystore}/`,
      PORTEIRO_DIRECTORY_PARTICIPANTS_URL: `${urls.auth}/participants`,
      PORTEIRO_CERTIFICATES_CRL_ALLOWED_HOSTS: JSON.stringify([new URL(urls.crl).host]),
      // A suite that is not told `mtls.ca` sends its certificate alone.
      PORTEIRO_CERTIFICATES_INTERMEDIATES: JSON.stringify([join(anchorsFolder, "ac-ssl.crt")]),
    },
    names: directoryHosts(settings).filter((host) => host.endsWith(".br")),
  };
}

/** What to do about names that do not lead to this machine; undefined when all of them do. */
export async function hostsHint(names: readonly string[], resolve: (name: string) => Promise<string> = systemAddress): Promise<string | undefined> {
  const addresses = await Promise.all(names.map((name) => resolve(name).catch(() => "nowhere")));
  const astray = names.filter((_, at) => !/^(127\.|::1$)/.test(addresses[at] ?? ""));
  return astray.length === 0
    ? undefined
    : `these names do not lead to this machine, and the server must reach the directory under them; put into /etc/hosts, here and where the suite runs:\n${astray.map((name) => `127.0.0.1 ${name}`).join("\n")}`;
}

async function systemAddress(name: string): Promise<string> {
  return (await lookup(name)).address;
}
