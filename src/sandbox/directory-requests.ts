import { createPublicKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import { brcacAttributeOrders, type BrcacAttributeOrder } from "../certs/issue-certificate.ts";
import {
  behaviourSchema,
  organisationStatuses,
  regulatoryRoles,
  revocationSchema,
  roleStatuses,
  softwareStatuses,
} from "./directory-records.ts";

/** What the sandbox directory can be asked to do, as its commands and tests send it (JSON). */

const publicKey = z.string().transform((pem, context): KeyObject => {
  try {
    if (pem.includes("PRIVATE KEY")) throw new Error("private");
    return createPublicKey(pem);
  } catch {
    context.addIssue({ code: "custom", message: "expected a public key in PEM; private keys stay with their owner" });
    return z.NEVER;
  }
});

const attributeOrders = Object.keys(brcacAttributeOrders) as [BrcacAttributeOrder, ...BrcacAttributeOrder[]];

export const createTppSchema = z.strictObject({
  /** Of an organisation that exists; left out: a new one. */
  organisationId: z.uuid().optional(),
  organisationName: z.string().min(1).max(100).default("Fintech Exemplo"),
  softwareName: z.string().min(1).max(100).default("App Exemplo"),
  /** Host name in the BRCAC; left out: one under example.com. */
  hostName: z.hostname().optional(),
  roles: z.array(z.enum(regulatoryRoles)).min(1).default(["DADOS", "PAGTO"]),
  redirectUris: z.array(z.url()).min(1).max(20).default(["https://www.certification.openid.net/test/a/porteiro/callback"]),
  webhookUris: z.array(z.url({ protocol: /^https$/ })).max(20).default([]),
  generation: z.enum(["organizationIdentifier", "organizationalUnit"]).default("organizationIdentifier"),
  attributeOrder: z.enum(attributeOrders).default("standard"),
  transportKey: publicKey,
  signingKey: publicKey,
  encryptionKey: publicKey,
});
export type CreateTpp = z.output<typeof createTppSchema>;

export const setStatusSchema = z.union([
  z.strictObject({ organisationId: z.uuid(), status: z.enum(organisationStatuses) }),
  z.strictObject({ softwareId: z.uuid(), status: z.enum(softwareStatuses) }),
  z.strictObject({ softwareId: z.uuid(), role: z.enum(regulatoryRoles), status: z.enum(roleStatuses) }),
]);
export type SetStatus = z.output<typeof setStatusSchema>;

export const revokeSchema = z.strictObject({
  softwareId: z.uuid(),
  kind: z.enum(["brcac", "brseal"]),
  reason: revocationSchema.shape.reason.default("keyCompromise"),
});
export type Revoke = z.output<typeof revokeSchema>;

export const rotateKeysSchema = z.strictObject({
  softwareId: z.uuid(),
  transportKey: publicKey.optional(),
  signingKey: publicKey.optional(),
  encryptionKey: publicKey.optional(),
});
export type RotateKeys = z.output<typeof rotateKeysSchema>;

/** The ways in which a transport certificate can be wrong. */
export const forgeryKinds = [
  "forged-issuer",
  "expired",
  "not-yet-valid",
  "revoked",
  "wrong-usage",
  "sha1",
  "rsa-1024",
  "ec",
  "other-software",
  "other-organisation",
  "foreign-root",
] as const;
export type ForgeryKind = (typeof forgeryKinds)[number];

export const forgeSchema = z.strictObject({ softwareId: z.uuid(), kind: z.enum(forgeryKinds), publicKey });
export type Forge = z.output<typeof forgeSchema>;

export const statementRequestSchema = z.strictObject({
  softwareId: z.uuid(),
  /** How old the statement says it is; negative puts its `iat` into the future. */
  ageSeconds: z.int().default(0),
  /** Claims to put over the true ones, for hostile tests; null takes a claim out. */
  claims: z.record(z.string(), z.unknown()).default({}),
});
export type StatementRequest = z.output<typeof statementRequestSchema>;

export const behaviourRequestSchema = behaviourSchema.partial().strict();

export const faultTargets = ["keystore", "participants", "crl", "token", "assertion"] as const;

export const faultSchema = z.strictObject({
  target: z.enum(faultTargets),
  /** Only paths that contain this text; left out: every path of the target. */
  path: z.string().optional(),
  kind: z.enum(["slow", "hang", "unavailable", "garbage", "huge", "redirect"]),
  /** slow: how long the answer takes. */
  milliseconds: z.int().min(0).max(600_000).default(10_000),
  /** redirect: where to. */
  location: z.string().default("https://localhost:9/elsewhere"),
});
export type Fault = z.output<typeof faultSchema>;
