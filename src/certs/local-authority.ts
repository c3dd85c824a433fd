import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import { createAuthority, issueServerCertificate, type Authority } from "./issue-certificate.ts";

const day = 86_400_000;
const authorityLife = 3_650 * day;
// Browsers and curl accept no server certificate that lives longer than 398 days.
const serverLife = 397 * day;
/** What has less life left than this is made anew. */
const renewBefore = 30 * day;

export interface ServerTls {
  /** The certificate, PEM. */
  readonly certPem: string;
  /** Its private key, PKCS #8 PEM. */
  readonly keyPem: string;
}

/** The authority of this machine's own servers: what `curl --cacert` and our own outgoing calls trust. */
export interface LocalAuthority {
  /** Path of the file with the authority's certificate. */
  readonly caFile: string;
  readonly caPem: string;
  /**
   * The TLS certificate kept under this name (lower-case letters, digits and hyphens), made or renewed when it is
   * missing, about to expire, of an earlier authority or without one of the hosts.
   */
  serverCertificate(name: string, hosts: readonly [string, ...string[]]): Promise<ServerTls>;
}

export interface LocalAuthorityNeeds {
  /** Made when missing; holds private keys (mode 0600). */
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * Opens the local authority in the folder, or makes it. Several processes may do so at once: key and certificate
 * lie in one file that only one of them can create, and all of them use that one.
 */
export async function loadOrCreateLocalAuthority(needs: LocalAuthorityNeeds): Promise<LocalAuthority> {
  const { folder, clock } = needs;
  await mkdir(folder, { recursive: true });
  const authority = await currentAuthority(folder, clock);
  const caFile = join(folder, "ca.crt");
  await replaceFile(caFile, authority.certificatePem, 0o644);
  return {
    caFile,
    caPem: authority.certificatePem,
    serverCertificate: (name, hosts) => serverCertificate({ folder, clock, authority, name, hosts }),
  };
}

/** The hosts of a server of this machine: its own names, and those of the URLs that lead to it. */
export function hostsOf(urls: readonly string[]): [string, ...string[]] {
  return ["localhost", ...new Set([...urls.map((url) => new URL(url).hostname), "127.0.0.1", "::1"])];
}

/** Generation after generation of the authority, each in a file of its own that is never written again. */
async function currentAuthority(folder: string, clock: Clock): Promise<Authority> {
  const generations = (await readdir(folder))
    .map((file) => /^authority-(\d+)\.pem$/.exec(file)?.[1])
    .filter((number) => number !== undefined)
    .map(Number);
  const newest = Math.max(0, ...generations);
  const existing = newest > 0 ? await readAuthority(folder, newest) : undefined;
  if (existing && !endsSoon(existing.certificate, clock)) return existing;
  const made = await createAuthority({
    subject: { organisation: "Porteiro", commonName: "Autoridade Certificadora Local do Porteiro" },
    notBefore: new Date(clock() - day),
    notAfter: new Date(clock() + authorityLife),
    pathLength: 0,
  });
  await createFile(join(folder, `authority-${newest + 1}.pem`), made.privateKeyPem + made.certificatePem);
  return readAuthority(folder, newest + 1);
}

async function readAuthority(folder: string, generation: number): Promise<Authority> {
  const pem = await readFile(join(folder, `authority-${generation}.pem`), "utf8");
  const privateKey = createPrivateKey(pem);
  const certificate = certificateIn(pem);
  return {
    certificate,
    certificatePem: certificate.toString(),
    privateKey,
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** PEM readers of certificates want the certificate first; the key stands before it in our files. */
function certificateIn(pem: string): X509Certificate {
  return new X509Certificate(pem.slice(pem.indexOf("-----BEGIN CERTIFICATE-----")));
}

function endsSoon(certificate: X509Certificate, clock: Clock): boolean {
  return certificate.validToDate.getTime() - clock() < renewBefore;
}

interface ServerCertificateNeeds extends LocalAuthorityNeeds {
  readonly authority: Authority;
  readonly name: string;
  readonly hosts: readonly [string, ...string[]];
}

async function serverCertificate(needs: ServerCertificateNeeds): Promise<ServerTls> {
  const { folder, clock, authority, name, hosts } = needs;
  const file = join(folder, `${name}.pem`);
  const existing = await readFile(file, "utf8").catch(() => undefined);
  if (existing && serves(certificateIn(existing), needs)) return split(existing);
  const issued = await issueServerCertificate(authority, {
    hosts,
    // A server of the house also presents its certificate to the others, as the sample bank does to introspect.
    extendedKeyUsage: ["serverAuth", "clientAuth"],
    notBefore: new Date(clock() - day),
    notAfter: new Date(clock() + serverLife),
  });
  const pem = issued.privateKeyPem + issued.certificatePem;
  await replaceFile(file, pem, 0o600);
  return split(pem);
}

function serves(certificate: X509Certificate, { clock, authority, hosts }: ServerCertificateNeeds): boolean {
  return (
    !endsSoon(certificate, clock) &&
    certificate.verify(authority.certificate.publicKey) &&
    hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined)
  );
}

function split(pem: string): ServerTls {
  const begin = pem.indexOf("-----BEGIN CERTIFICATE-----");
  return { keyPem: pem.slice(0, begin), certPem: pem.slice(begin) };
}

async function writeAside(file: string, content: string, mode: number): Promise<string> {
  const aside = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(aside, content, { mode, flag: "wx" });
  return aside;
}

/** Puts the file there whole; readers see the old one or the new one, never a part. */
export async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  await rename(await writeAside(file, content, mode), file);
}

/** Puts the file there whole unless it exists already. */
async function createFile(file: string, content: string): Promise<void> {
  const aside = await writeAside(file, content, 0o600);
  try {
    await link(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(aside);
  }
}
