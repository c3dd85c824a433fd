import { z } from "zod";

/** What the sandbox directory remembers, as it lies in the store. Times are milliseconds since the epoch. */

const uuid = z.uuid();

export const organisationStatuses = ["Active", "Pending", "Withdrawn"] as const;
export const softwareStatuses = ["Active", "Inactive"] as const;
export const roleStatuses = ["Active", "Inactive"] as const;
export const regulatoryRoles = ["DADOS", "PAGTO", "CONTA", "CCORR"] as const;

export const organisationSchema = z.object({
  id: uuid,
  /** Name shown to people. */
  name: z.string(),
  /** Registered name, without accents (certificate standard). */
  legalName: z.string(),
  /** 14 digits. */
  cnpj: z.string(),
  status: z.enum(organisationStatuses),
  createdAt: z.number(),
});
export type Organisation = z.output<typeof organisationSchema>;

const roleSchema = z.object({ role: z.enum(regulatoryRoles), status: z.enum(roleStatuses) });

export const softwareSchema = z.object({
  id: uuid,
  organisationId: uuid,
  /** The software's client id at the directory itself. */
  clientId: z.string(),
  name: z.string(),
  /** Host name in the BRCAC. */
  hostName: z.string(),
  status: z.enum(softwareStatuses),
  roles: z.array(roleSchema),
  redirectUris: z.array(z.string()),
  webhookUris: z.array(z.string()),
  createdAt: z.number(),
  /** Counts every change to the software, its keys and certificates, so that no two of them overlap. */
  changes: z.number(),
});
export type Software = z.output<typeof softwareSchema>;

export const publishedKeySchema = z.object({
  kid: z.string(),
  use: z.enum(["sig", "enc", "tls"]),
  organisationId: uuid,
  softwareId: uuid,
  active: z.boolean(),
  /** The public JWK as the keystore shows it. */
  jwk: z.record(z.string(), z.unknown()),
  /** SHA-256 of the certificate behind the key, lower-case hexadecimal; encryption keys have none. */
  fingerprint: z.string().optional(),
});
export type PublishedKey = z.output<typeof publishedKeySchema>;

export const certificateSchema = z.object({
  kind: z.enum(["brcac", "brseal"]),
  /** SHA-256 of the DER, lower-case hexadecimal. */
  fingerprint: z.string(),
  serialNumber: z.string(),
  organisationId: uuid,
  softwareId: uuid,
  pem: z.string(),
  revokedAt: z.number().optional(),
});
export type CertificateRecord = z.output<typeof certificateSchema>;

export const revocationSchema = z.object({
  serialNumber: z.string(),
  revokedAt: z.number(),
  reason: z.enum(["unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation"]),
});

export const statementKeySchema = z.object({
  kid: z.string(),
  /** PKCS #8. */
  privateKeyPem: z.string(),
  createdAt: z.number(),
});
/** The keys that the keystore publishes for software statements, newest first; the first one signs. */
export const statementKeysSchema = z.array(statementKeySchema).min(1);
export type StatementKey = z.output<typeof statementKeySchema>;

export const authorityRecordSchema = z.object({ certificatePem: z.string(), privateKeyPem: z.string() });

export const tokenSchema = z.object({ softwareId: uuid, fingerprint: z.string() });

export const behaviourSchema = z.object({
  crlValiditySeconds: z.int().min(1).max(31_536_000).default(86_400),
  /** How long ago the lists say they were made; larger than the validity makes them out of date. */
  crlAgeSeconds: z.int().min(0).max(31_536_000).default(0),
});
/** What can be changed while the directory runs. */
export type Behaviour = z.output<typeof behaviourSchema>;
