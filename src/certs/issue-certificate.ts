import {
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  type X509Certificate,
} from "node:crypto";
import { promisify } from "node:util";
import {
  buildCertificate,
  hostName,
  type AlternativeName,
  type CertificateContent,
  type Digest,
  type ExtendedKeyUsage,
  type KeyUsage,
  type SubjectAttribute,
} from "./build-certificate.ts";
import { attribute, brcacSubject, type BrcacSubject } from "./brcac-subject.ts";

/** Part of what a BRCAC request may say. */
export { brcacAttributeOrders, type BrcacAttributeOrder } from "./brcac-subject.ts";

const generate = promisify(generateKeyPair);

export interface Authority {
  readonly certificatePem: string;
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  readonly privateKeyPem: string;
  /** The authority above; absent for a root. */
  readonly issuer?: Authority;
  /** What certificates issued by this authority name as their revocation sources. */
  readonly crlUrl?: string;
  readonly ocspUrl?: string;
  /** Where it is not the one that follows from the key: a forger's copy of another authority. */
  readonly keyIdentifier?: Buffer;
}

export interface CertifiedKey {
  readonly certificatePem: string;
  /** The intermediates, nearest first, without the root; empty when the root itself issued. */
  readonly chainPem: string;
  readonly x509: X509Certificate;
}

export interface IssuedCertificate extends CertifiedKey {
  /** PKCS #8. */
  readonly privateKeyPem: string;
}

export type KeyKind = "rsa" | "ec";

/** Makes a key pair: RSA of `keySize` bits (2048), or P-256. */
export async function makeKey(kind: KeyKind = "rsa", keySize = 2048): Promise<KeyObject> {
  const pair =
    kind === "rsa"
      ? await generate("rsa", { modulusLength: keySize })
      : await generate("ec", { namedCurve: "P-256" });
  return pair.privateKey;
}

export function privateKeyPemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

export interface AuthorityRequest {
  readonly subject: {
    readonly commonName: string;
    /** `ICP-Brasil` when left out. */
    readonly organisation?: string;
    readonly organisationalUnits?: readonly string[];
  };
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Left out for a root, which signs itself. */
  readonly issuer?: Authority;
  /** Where the certificates this authority issues say that its CRL lies. */
  readonly crlUrl?: string;
  readonly ocspUrl?: string;
  readonly keySize?: number;
  readonly digest?: Digest;
  readonly pathLength?: number;
  /** A key to use instead of a new one. */
  readonly privateKey?: KeyObject;
  /** Upper-case hexadecimal; random when left out. */
  readonly serialNumber?: string;
  /** Copied from the authority that this one pretends to be. */
  readonly keyIdentifier?: Buffer;
}

/** Makes a certificate authority: a root, or one below `issuer`. RSA 2048 and SHA-256 unless asked otherwise. */
export async function createAuthority(request: AuthorityRequest): Promise<Authority> {
  const { subject, issuer, digest = "sha256" } = request;
  const privateKey = request.privateKey ?? (await makeKey("rsa", request.keySize));
  const content: CertificateContent = {
    subject: [
      attribute("country", "BR"),
      attribute("organisation", subject.organisation ?? "ICP-Brasil"),
      ...(subject.organisationalUnits ?? []).map((unit) => attribute("organisationalUnit", unit)),
      attribute("commonName", subject.commonName),
    ],
    publicKey: createPublicKey(privateKey),
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    authority: request.pathLength === undefined ? {} : { pathLength: request.pathLength },
    keyUsage: ["keyCertSign", "cRLSign"],
    ...(issuer?.crlUrl && { crlUrl: issuer.crlUrl }),
    ...(issuer?.ocspUrl && { ocspUrl: issuer.ocspUrl }),
    ...(request.serialNumber && { serialNumber: request.serialNumber }),
    ...(request.keyIdentifier && { subjectKeyIdentifier: request.keyIdentifier }),
  };
  const certificate = buildCertificate(content, {
    privateKey: issuer?.privateKey ?? privateKey,
    ...(issuer && { certificate: issuer.certificate }),
    ...(issuer?.keyIdentifier && { keyIdentifier: issuer.keyIdentifier }),
    digest,
  });
  return {
    certificatePem: certificate.toString(),
    certificate,
    privateKey,
    privateKeyPem: privateKeyPemOf(privateKey),
    ...(issuer && { issuer }),
    ...(request.crlUrl && { crlUrl: request.crlUrl }),
    ...(request.ocspUrl && { ocspUrl: request.ocspUrl }),
    ...(request.keyIdentifier && { keyIdentifier: request.keyIdentifier }),
  };
}

/** The authority's own certificate and those above it, nearest first, without the root (PEM). */
export function intermediatesOf(authority: Authority): string {
  return authority.issuer ? authority.certificatePem + intermediatesOf(authority.issuer) : "";
}

/** What every leaf certificate's request may vary; the defaults are those of the certificate standard. */
interface LeafOptions {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly digest?: Digest;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  /** Upper-case hexadecimal. */
  readonly serialNumber?: string;
}

interface NewKeyOptions {
  readonly keyType?: KeyKind;
  readonly keySize?: number;
  /** A key to use instead of a new one. */
  readonly privateKey?: KeyObject;
}

interface LeafProfile {
  readonly subject: readonly SubjectAttribute[];
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly alternativeNames: readonly AlternativeName[];
  readonly policies: readonly string[];
}

function certify(
  authority: Authority,
  publicKey: KeyObject,
  options: LeafOptions,
  profile: LeafProfile,
): CertifiedKey {
  const x509 = buildCertificate(
    {
      ...profile,
      publicKey,
      notBefore: options.notBefore,
      notAfter: options.notAfter,
      keyUsage: options.keyUsage ?? profile.keyUsage,
      extendedKeyUsage: options.extendedKeyUsage ?? profile.extendedKeyUsage,
      ...(authority.crlUrl && { crlUrl: authority.crlUrl }),
      ...(authority.ocspUrl && { ocspUrl: authority.ocspUrl }),
      ...(options.serialNumber && { serialNumber: options.serialNumber }),
    },
    {
      privateKey: authority.privateKey,
      certificate: authority.certificate,
      ...(authority.keyIdentifier && { keyIdentifier: authority.keyIdentifier }),
      digest: options.digest ?? "sha256",
    },
  );
  return { certificatePem: x509.toString(), chainPem: intermediatesOf(authority), x509 };
}

async function withNewKey(
  options: NewKeyOptions,
  certifyKey: (publicKey: KeyObject) => CertifiedKey,
): Promise<IssuedCertificate> {
  const privateKey = options.privateKey ?? (await makeKey(options.keyType, options.keySize));
  return { ...certifyKey(createPublicKey(privateKey)), privateKeyPem: privateKeyPemOf(privateKey) };
}

export interface BrcacRequest extends LeafOptions, BrcacSubject {}

/** Certifies somebody's public key as a BRCAC (certificate standard 5.2.3: the client's transport certificate). */
export function certifyBrcac(authority: Authority, request: BrcacRequest & { publicKey: KeyObject }): CertifiedKey {
  return certify(authority, request.publicKey, request, {
    subject: brcacSubject(request),
    keyUsage: ["digitalSignature", "keyEncipherment"],
    extendedKeyUsage: ["clientAuth"],
    alternativeNames: [{ dns: request.commonName }],
    // An OV web certificate (CA/Browser Forum), and the type A1 branch of ICP-Brasil with a number of our own.
    policies: ["2.23.140.1.2.2", "2.16.76.1.2.1.9999"],
  });
}

/** Makes a key and issues a BRCAC for it. */
export async function issueBrcac(authority: Authority, request: BrcacRequest & NewKeyOptions): Promise<IssuedCertificate> {
  return withNewKey(request, (publicKey) => certifyBrcac(authority, { ...request, publicKey }));
}

export interface BrsealRequest extends LeafOptions {
  /** Becomes the subject's UID. */
  readonly organisationId: string;
  /** 14 digits. */
  readonly cnpj: string;
  readonly legalName: string;
  /** The person who answers for the certificate. */
  readonly responsible?: { readonly name: string; readonly birthDate: string; readonly cpf: string };
}

/** An invented person; the CPF has valid check digits and belongs to the usual documentation range. */
const inventedResponsible = { name: "RESPONSAVEL DE TESTE", birthDate: "01011980", cpf: "12345678909" };

/** Certifies somebody's public key as a BRSEAL (certificate standard 5.2.4: the organisation's signature certificate). */
export function certifyBrseal(authority: Authority, request: BrsealRequest & { publicKey: KeyObject }): CertifiedKey {
  const responsible = request.responsible ?? inventedResponsible;
  const authorityName = /^CN=(.*)$/m.exec(authority.certificate.subject)?.[1] ?? "AC Sandbox";
  // DOC-ICP-04: birth date, CPF, NIS (11 digits), RG (15) and its issuer (6), zeros and blanks where unknown.
  const personalData = `${responsible.birthDate}${responsible.cpf}${"0".repeat(11)}${"0".repeat(15)}`;
  return certify(authority, request.publicKey, request, {
    subject: [
      attribute("userId", request.organisationId),
      attribute("country", "BR"),
      attribute("organisation", "ICP-Brasil"),
      attribute("organisationalUnit", authorityName),
      attribute("organisationalUnit", "00000000000191"),
      attribute("organisationalUnit", "Presencial"),
      attribute("commonName", request.legalName),
    ],
    keyUsage: ["digitalSignature", "nonRepudiation"],
    extendedKeyUsage: [],
    alternativeNames: [
      { otherName: "2.16.76.1.3.2", value: responsible.name },
      { otherName: "2.16.76.1.3.3", value: request.cnpj },
      { otherName: "2.16.76.1.3.4", value: personalData },
      { otherName: "2.16.76.1.3.7", value: "0".repeat(12) },
    ],
    policies: ["2.16.76.1.2.1.9998"],
  });
}

/** Makes a key and issues a BRSEAL for it. */
export async function issueBrseal(authority: Authority, request: BrsealRequest & NewKeyOptions): Promise<IssuedCertificate> {
  return withNewKey(request, (publicKey) => certifyBrseal(authority, { ...request, publicKey }));
}

export interface ServerCertificateRequest extends LeafOptions {
  /** DNS names and addresses; the first one is also the common name. */
  readonly hosts: readonly [string, ...string[]];
}

/** Makes an RSA key and issues a TLS server certificate for the hosts. */
export async function issueServerCertificate(
  authority: Authority,
  request: ServerCertificateRequest & NewKeyOptions,
): Promise<IssuedCertificate> {
  return withNewKey(request, (publicKey) =>
    certify(authority, publicKey, request, {
      subject: [attribute("country", "BR"), attribute("organisation", "Porteiro"), attribute("commonName", request.hosts[0])],
      keyUsage: ["digitalSignature", "keyEncipherment"],
      extendedKeyUsage: ["serverAuth"],
      alternativeNames: request.hosts.map(hostName),
      policies: [],
    }),
  );
}
