import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalAuthority } from "../certs/local-authority.ts";
import type { Clock } from "../kernel/clock.ts";
import { listening } from "../kernel/listening.ts";
import type { Log } from "../kernel/log.ts";
import { answerMalformedInJson, hostIsJudgedHere, wellFormedOnly } from "../kernel/malformed-requests.ts";
import { askForClientCertificate, tlsListenerOptions } from "../kernel/tls-options.ts";
import type { Store } from "../store/store.ts";
import { directoryHandlers } from "./directory-apps.ts";
import { authorityNames } from "./directory-authorities.ts";
import { createFaults, type Faults } from "./directory-faults.ts";
import { directoryHosts, directoryUrls, type DirectorySettings, type DirectoryUrls } from "./directory-settings.ts";
import { createDirectory, type Directory } from "./directory.ts";

export interface StartDirectoryNeeds {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: DirectorySettings;
  readonly log: Log;
  /** Issues the TLS certificate of the listeners. */
  readonly localAuthority: LocalAuthority;
  /** Where the authorities' certificates are written, one file each (`root-v10.crt`, `root-v5.crt`, ...): anchors for a server. */
  readonly anchorsFolder: string;
}

export interface RunningDirectory {
  readonly urls: DirectoryUrls;
  readonly directory: Directory;
  readonly faults: Faults;
  /** Ends every connection and frees the ports. The store stays open: it is the caller's. */
  stop(): Promise<void>;
}

/**
 * Starts the sandbox Central Directory: with its own names a public listener and one for mutual TLS, with the real
 * host names a single one. Port 0 takes a free port, which the directory's URLs then show.
 * @throws Error when the profile is production, or a port is taken
 */
export async function startDirectory(needs: StartDirectoryNeeds): Promise<RunningDirectory> {
  const { store, clock, settings, log, localAuthority, anchorsFolder } = needs;
  const tls = { ...tlsListenerOptions(await localAuthority.serverCertificate("directory", directoryHosts(settings))), ...hostIsJudgedHere };
  const asking = { ...tls, ...askForClientCertificate };
  const servers: Server[] = [];
  const listen = async (server: Server, port: number, givenBy: string): Promise<Server> => {
    servers.push(server);
    answerMalformedInJson(server);
    await listening(server, { host: settings.host, port, givenBy });
    return server;
  };
  const stop = async () => {
    await Promise.all(servers.map(closed));
  };
  try {
    const open = await listen(createHttpsServer(settings.realHostNames ? asking : tls), settings.publicPort, settings.realHostNames ? "--real-host-names-port" : "--public-port");
    const mtls = settings.realHostNames ? open : await listen(createHttpsServer(asking), settings.mtlsPort, "--mtls-port");
    const crl = settings.crlPort === undefined ? undefined : await listen(createHttpServer(hostIsJudgedHere), settings.crlPort, "--crl-port");
    const urls = directoryUrls(settings, {
      public: portOf(open),
      mtls: portOf(mtls),
      ...(crl && { crl: portOf(crl) }),
    });
    const directory = await createDirectory({ store, clock, settings, urls });
    await writeAnchors(directory, anchorsFolder);
    const faults = createFaults();
    const handlers = directoryHandlers({ directory, faults, clock, settings, log });
    answer(open, handlers.public);
    if (mtls !== open) answer(mtls, handlers.mtls);
    if (crl) answer(crl, handlers.crl);
    log.info({ urls }, "sandbox directory ready");
    return { urls, directory, faults, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function answer(server: Server, handler: RequestListener): void {
  server.on("request", wellFormedOnly(handler));
}

function portOf(server: Server): number {
  // A listening TCP server's address is never a pipe name.
  return (server.address() as AddressInfo).port;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function writeAnchors({ authorities }: Directory, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(
    authorityNames.map((name) => writeFile(join(folder, `${name}.crt`), authorities[name].certificatePem)),
  );
}
