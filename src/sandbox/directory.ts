import { randomBytes, randomUUID, type KeyObject } from "node:crypto";
import { certifyBrcac, certifyBrseal, type CertifiedKey } from "../certs/issue-certificate.ts";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { sha256 } from "../kernel/identifiers.ts";
import type { Put, Store } from "../store/store.ts";
import { cnpjOf } from "./cnpj.ts";
import { issuerOf, openAuthorities, type Authorities } from "./directory-authorities.ts";
import { createDirectoryMemory, entry, type DirectoryMemory } from "./directory-memory.ts";
import type { Behaviour, CertificateRecord, Organisation, PublishedKey, Software } from "./directory-records.ts";
import type { CreateTpp, Forge, Revoke, RotateKeys, SetStatus, StatementRequest } from "./directory-requests.ts";
import type { DirectorySettings, DirectoryUrls } from "./directory-settings.ts";
import { forgeBrcac } from "./forge-certificate.ts";
import { encryptionKey, fingerprintOf, signingKey, transportKey } from "./published-keys.ts";
import { statementClaims } from "./statement-claims.ts";
import { openStatementKeys, type StatementKeys } from "./statement-keys.ts";

const hour = 3_600_000;
const year = 365 * 24 * hour;

/** Something was asked of the directory that it cannot do; the message says what would do. */
export class DirectoryProblem extends Error {
  override readonly name = "DirectoryProblem";
  readonly status: 400 | 401 | 403 | 404;
  /** OAuth error code, or a short code of the directory's own. */
  readonly code: string;

  constructor(status: 400 | 401 | 403 | 404, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface PemCertificate {
  readonly certificatePem: string;
  readonly chainPem: string;
}

/** What a TPP gets from the directory. */
export interface Tpp {
  readonly organisation: Organisation;
  readonly software: Software;
  readonly transport: PemCertificate;
  readonly signing: PemCertificate;
  readonly signingKid: string;
  readonly encryptionKid: string;
  readonly statement: string;
  readonly urls: DirectoryUrls;
}

/** The certificates and keys that a rotation made. */
export interface RotatedKeys {
  readonly transport?: PemCertificate;
  readonly signing?: PemCertificate & { readonly kid: string };
  readonly encryption?: { readonly kid: string };
}

export interface Directory {
  readonly memory: DirectoryMemory;
  readonly authorities: Authorities;
  readonly statementKeys: StatementKeys;
  readonly urls: DirectoryUrls;
  /** Makes an organisation (unless it exists), a software statement and its certificates. */
  createTpp(request: CreateTpp): Promise<Tpp>;
  /** A fresh software statement, with altered claims where the request asks for them. */
  statement(request: StatementRequest): Promise<string>;
  setStatus(request: SetStatus): Promise<void>;
  /** Revokes the software's certificates of a kind: on the CRL, and their keys move to the inactive ones. Gives their serial numbers. */
  revoke(request: Revoke): Promise<string[]>;
  rotateKeys(request: RotateKeys): Promise<RotatedKeys>;
  forge(request: Forge): Promise<PemCertificate>;
  changeBehaviour(change: Partial<Behaviour>): Promise<Behaviour>;
  /** Gives a token to the software whose client id and registered certificate these are (tls_client_auth). */
  issueToken(clientId: string, fingerprint: string): Promise<{ accessToken: string; expiresIn: number }>;
  /** The software that the token was given to, when the certificate is the one it was given over. */
  softwareOfToken(accessToken: string, fingerprint: string): Promise<string | undefined>;
}

export interface DirectoryNeeds {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: DirectorySettings;
  readonly urls: DirectoryUrls;
}

/** A certified key with everything the directory must remember of it. */
interface Certified {
  readonly issued: CertifiedKey;
  readonly key: PublishedKey;
  readonly puts: readonly Put[];
}

/**
 * Opens the sandbox Central Directory over its store, making its authorities and its signing key on the first run.
 * @throws Error when the profile is production
 */
export async function createDirectory({ store, clock, settings, urls }: DirectoryNeeds): Promise<Directory> {
  if (settings.profile === "production") {
    throw new Error("The sandbox directory does not run with profile production: its authorities' keys are not protected");
  }
  const memory = createDirectoryMemory(store);
  const authorities = await openAuthorities({ memory, clock, urls });
  const statementKeys = await openStatementKeys(memory, clock);

  async function softwareOf(id: string): Promise<{ software: Software; organisation: Organisation }> {
    const software = await memory.get("software", id);
    const organisation = software && (await memory.get("organisation", software.organisationId));
    if (!organisation) throw unknown("software", id);
    return { software, organisation };
  }

  async function changeSoftware(
    id: string,
    by: (software: Software) => Promise<{ also?: readonly Put[]; roles?: Software["roles"]; status?: Software["status"] }>,
  ): Promise<void> {
    const changed = await memory.change("software", id, async (software) => {
      const { also = [], ...members } = await by(software);
      return { record: { ...software, ...members, changes: software.changes + 1 }, also };
    });
    if (!changed) throw unknown("software", id);
  }

  function validity(): { notBefore: Date; notAfter: Date } {
    return { notBefore: new Date(clock() - hour), notAfter: new Date(clock() + year) };
  }

  function brcacRequest(organisation: Organisation, software: Software) {
    return {
      organisationId: organisation.id,
      softwareId: software.id,
      cnpj: organisation.cnpj,
      legalName: organisation.legalName,
      commonName: software.hostName,
      ...validity(),
    };
  }

  async function certifyTransport(
    organisation: Organisation,
    software: Software,
    publicKey: KeyObject,
    form: Pick<CreateTpp, "generation" | "attributeOrder"> | undefined,
  ): Promise<Certified> {
    const request = { ...brcacRequest(organisation, software), ...form, publicKey };
    const issued = certifyBrcac(authorities[issuerOf.brcac], request);
    return remembered("brcac", issued, await transportKey(ownerOf(software), issued));
  }

  async function certifySigning(organisation: Organisation, software: Software, publicKey: KeyObject): Promise<Certified> {
    const { id: organisationId, cnpj, legalName } = organisation;
    const issued = certifyBrseal(authorities[issuerOf.brseal], { organisationId, cnpj, legalName, publicKey, ...validity() });
    return remembered("brseal", issued, await signingKey(ownerOf(software), issued));
  }

  function signedStatement(organisation: Organisation, software: Software, issuedAt: number, claims = {}): Promise<string> {
    const genuine = statementClaims({ issuer: settings.statementIssuer, issuedAt, organisation, software, urls });
    const altered = Object.entries({ ...genuine, ...claims }).filter(([, value]) => value !== null);
    return statementKeys.sign(Object.fromEntries(altered));
  }

  async function organisationFor(request: CreateTpp): Promise<Organisation> {
    if (request.organisationId) {
      const existing = await memory.get("organisation", request.organisationId);
      if (!existing) throw unknown("organisation", request.organisationId);
      return existing;
    }
    return {
      id: randomUUID(),
      name: request.organisationName,
      legalName: withoutAccents(request.organisationName),
      cnpj: cnpjOf(randomBytes(4).readUInt32BE()),
      status: "Active",
      createdAt: clock(),
    };
  }

  function newSoftware(request: CreateTpp, organisation: Organisation): Software {
    const id = randomUUID();
    return {
      id,
      organisationId: organisation.id,
      clientId: randomBytes(16).toString("base64url"),
      name: request.softwareName,
      hostName: request.hostName ?? `tpp-${id.slice(0, 8)}.example.com`,
      status: "Active",
      roles: [...new Set(request.roles)].map((role) => ({ role, status: "Active" })),
      redirectUris: request.redirectUris,
      webhookUris: request.webhookUris,
      createdAt: clock(),
      changes: 0,
    };
  }

  return {
    memory,
    authorities,
    statementKeys,
    urls,

    async createTpp(request) {
      const organisation = await organisationFor(request);
      const software = newSoftware(request, organisation);
      const transport = await certifyTransport(organisation, software, request.transportKey, request);
      const signing = await certifySigning(organisation, software, request.signingKey);
      const encryption = await encryptionKey(ownerOf(software), request.encryptionKey);
      await memory.write([
        ...(request.organisationId ? [] : [entry("organisation", organisation.id, organisation)]),
        entry("software", software.id, software),
        ...transport.puts,
        ...signing.puts,
        keyEntry(encryption),
      ]);
      return {
        organisation,
        software,
        transport: pemOf(transport.issued),
        signing: pemOf(signing.issued),
        signingKid: signing.key.kid,
        encryptionKid: encryption.kid,
        statement: await signedStatement(organisation, software, epochSeconds(clock)),
        urls,
      };
    },

    async statement({ softwareId, ageSeconds, claims }) {
      const { software, organisation } = await softwareOf(softwareId);
      return signedStatement(organisation, software, epochSeconds(clock) - ageSeconds, claims);
    },

    async setStatus(request) {
      if ("organisationId" in request) {
        const { organisationId, status } = request;
        const changed = await memory.change("organisation", organisationId, (record) => ({ record: { ...record, status } }));
        if (!changed) throw unknown("organisation", organisationId);
        return;
      }
      await changeSoftware(request.softwareId, async (software) => {
        if (!("role" in request)) return { status: request.status };
        if (!software.roles.some(({ role }) => role === request.role)) {
          const has = software.roles.map(({ role }) => role).join(", ");
          throw new DirectoryProblem(404, "unknown_role", `Software ${software.id} has no role ${request.role}; it has ${has}`);
        }
        const { role: changed, status } = request;
        return { roles: software.roles.map((one) => (one.role === changed ? { ...one, status } : one)) };
      });
    },

    async revoke({ softwareId, kind, reason }) {
      let revoked: CertificateRecord[] = [];
      await changeSoftware(softwareId, async (software) => {
        const certificates = await memory.list("certificate", `${software.organisationId}/${software.id}/`);
        revoked = certificates.filter((one) => one.kind === kind && one.revokedAt === undefined);
        const fingerprints = revoked.map(({ fingerprint }) => fingerprint);
        const keys = await memory.list("key", `${software.organisationId}/${software.id}/`);
        const revokedAt = clock();
        return {
          also: [
            ...revoked.flatMap((one) => [
              certificateEntry({ ...one, revokedAt }),
              entry("revocation", `${issuerOf[kind]}/${one.serialNumber}`, { serialNumber: one.serialNumber, revokedAt, reason }),
            ]),
            ...keys.filter((key) => key.fingerprint && fingerprints.includes(key.fingerprint)).map(inactive),
          ],
        };
      });
      return revoked.map(({ serialNumber }) => serialNumber);
    },

    async rotateKeys(request) {
      let rotated: RotatedKeys = {};
      await changeSoftware(request.softwareId, async (software) => {
        const { organisation } = await softwareOf(software.id);
        const transport = request.transportKey && (await certifyTransport(organisation, software, request.transportKey, undefined));
        const signing = request.signingKey && (await certifySigning(organisation, software, request.signingKey));
        const encryption = request.encryptionKey && (await encryptionKey(ownerOf(software), request.encryptionKey));
        const fresh = [transport?.key, signing?.key, encryption].filter((key) => key !== undefined);
        const keys = await memory.list("key", `${software.organisationId}/${software.id}/`);
        const replaced = keys.filter((key) => fresh.some(({ use, kid }) => use === key.use && kid !== key.kid));
        rotated = {
          ...(transport && { transport: pemOf(transport.issued) }),
          ...(signing && { signing: { ...pemOf(signing.issued), kid: signing.key.kid } }),
          ...(encryption && { encryption: { kid: encryption.kid } }),
        };
        return {
          also: [
            ...replaced.map(inactive),
            ...(transport?.puts ?? []),
            ...(signing?.puts ?? []),
            ...(encryption ? [keyEntry(encryption)] : []),
          ],
        };
      });
      return rotated;
    },

    async forge({ softwareId, kind, publicKey }) {
      const { software, organisation } = await softwareOf(softwareId);
      const genuine = { ...brcacRequest(organisation, software), publicKey };
      const forged = await forgeBrcac(authorities[issuerOf.brcac], genuine, kind, clock());
      if (kind === "revoked") {
        const { serialNumber } = forged.x509;
        const revocation = { serialNumber, revokedAt: clock(), reason: "keyCompromise" } as const;
        await memory.write([entry("revocation", `${issuerOf.brcac}/${serialNumber}`, revocation)]);
      }
      return pemOf(forged);
    },

    async changeBehaviour(change) {
      const { crlValiditySeconds = 86_400, crlAgeSeconds = 0 } = (await memory.get("behaviour", "current")) ?? {};
      const changed = { crlValiditySeconds, crlAgeSeconds, ...change };
      await memory.write([entry("behaviour", "current", changed)]);
      return changed;
    },

    async issueToken(clientId, fingerprint) {
      const software = (await memory.list("software")).find((one) => one.clientId === clientId);
      const certificate = software && (await memory.get("certificate", certificateId({ ...ownerOf(software), fingerprint })));
      if (certificate?.kind !== "brcac" || certificate.revokedAt !== undefined) {
        throw new DirectoryProblem(
          401,
          "invalid_client",
          "Expected a client_id and the transport certificate that this directory issued to the same software statement",
        );
      }
      const accessToken = randomBytes(32).toString("base64url");
      const token = { softwareId: certificate.softwareId, fingerprint };
      await memory.write([entry("token", sha256(accessToken), token, settings.tokenSeconds)]);
      return { accessToken, expiresIn: settings.tokenSeconds };
    },

    async softwareOfToken(accessToken, fingerprint) {
      const token = await memory.get("token", sha256(accessToken));
      return token?.fingerprint === fingerprint ? token.softwareId : undefined;
    },
  };
}

function remembered(kind: CertificateRecord["kind"], issued: CertifiedKey, key: PublishedKey): Certified {
  const { organisationId, softwareId } = key;
  const certificate: CertificateRecord = {
    kind,
    fingerprint: fingerprintOf(issued.x509),
    serialNumber: issued.x509.serialNumber,
    organisationId,
    softwareId,
    pem: issued.certificatePem,
  };
  return { issued, key, puts: [keyEntry(key), certificateEntry(certificate)] };
}

function ownerOf(software: Software): { organisationId: string; softwareId: string } {
  return { organisationId: software.organisationId, softwareId: software.id };
}

function keyEntry(key: PublishedKey): Put {
  return entry("key", `${key.organisationId}/${key.softwareId}/${key.kid}`, key);
}

function inactive(key: PublishedKey): Put {
  return keyEntry({ ...key, active: false });
}

function certificateId(one: Pick<CertificateRecord, "organisationId" | "softwareId" | "fingerprint">): string {
  return `${one.organisationId}/${one.softwareId}/${one.fingerprint}`;
}

function certificateEntry(certificate: CertificateRecord): Put {
  return entry("certificate", certificateId(certificate), certificate);
}

function pemOf({ certificatePem, chainPem }: CertifiedKey): PemCertificate {
  return { certificatePem, chainPem };
}

/** Certificates carry names without accents (certificate standard). */
function withoutAccents(name: string): string {
  return name.normalize("NFD").replace(/[^\x20-\x7e]/g, "");
}

function unknown(what: string, id: string): DirectoryProblem {
  return new DirectoryProblem(404, `unknown_${what}`, `The sandbox directory knows no ${what} ${id}`);
}
