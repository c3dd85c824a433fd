import { randomBytes, randomUUID } from "node:crypto";
import type { CertifiedKey } from "../certs/issue-certificate.ts";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import type { Put, Store } from "../store/store.ts";
import { certificateEntry, createCertifier, inactive, keyEntry, ownerOf } from "./certified-keys.ts";
import { cnpjOf } from "./cnpj.ts";
import { issuerOf, openAuthorities, type Authorities } from "./directory-authorities.ts";
import { createDirectoryMemory, entry, type DirectoryMemory } from "./directory-memory.ts";
import type { Behaviour, CertificateRecord, Organisation, Software } from "./directory-records.ts";
import type { CreateTpp, Forge, Revoke, RotateKeys, SetStatus, StatementRequest } from "./directory-requests.ts";
import { DirectoryProblem, unknown } from "./directory-problem.ts";
import type { DirectorySettings, DirectoryUrls } from "./directory-settings.ts";
import { createDirectoryTokens, type DirectoryTokens } from "./directory-tokens.ts";
import { forgeBrcac } from "./forge-certificate.ts";
import { encryptionKey } from "./published-keys.ts";
import { statementClaims } from "./statement-claims.ts";
import { openStatementKeys, type StatementKeys } from "./statement-keys.ts";

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

export interface Directory extends DirectoryTokens {
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
}

export interface DirectoryNeeds {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: DirectorySettings;
  readonly urls: DirectoryUrls;
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
  const { brcacRequest, certifyTransport, certifySigning } = createCertifier({ authorities, clock });

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
      const { generation, attributeOrder } = request;
      const transport = await certifyTransport(organisation, software, request.transportKey, { generation, attributeOrder });
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
        const transport = request.transportKey && (await certifyTransport(organisation, software, request.transportKey));
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

    ...createDirectoryTokens({ memory, tokenSeconds: settings.tokenSeconds }),
  };
}

function pemOf({ certificatePem, chainPem }: CertifiedKey): PemCertificate {
  return { certificatePem, chainPem };
}

/** Certificates carry names without accents (certificate standard). */
function withoutAccents(name: string): string {
  return name.normalize("NFD").replace(/[^\x20-\x7e]/g, "");
}
