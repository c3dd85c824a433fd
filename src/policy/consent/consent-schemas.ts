import { z } from "zod";
import type { ConsentFacts, ExtensionRecord } from "../../store/consent-records.ts";
import { rejectingParties, rejectionCodes } from "../../store/consent-records.ts";
import { secondsOf, wireTime } from "./consent-term.ts";
import type { ConsentRequest } from "./consent-rules.ts";
import { isCnpj, isCpf } from "./document-number.ts";
import type { ExtensionRequest } from "./extension-rules.ts";
import { permissions } from "./permission-groups.ts";

/** Shapes of the Consents API 3.3.1 on the wire; each request ends in one function to our own types. */

const moment = z.iso.datetime({ precision: 0 }).describe("RFC 3339, UTC, whole seconds");

const permission = z.enum(permissions);
/** Its length is judged before what it holds: a long list costs one error, not one for each of its members. */
const askedPermissions = z
  .array(z.unknown())
  .max(permissions.length)
  .meta({ minItems: 1, items: { type: "string", enum: [...permissions] } })
  .pipe(
    z
      .array(permission)
      .min(1)
      .refine((asked) => new Set(asked).size === asked.length, { error: "cada permissão uma só vez" }),
  )
  .describe("Whole groups of permissions, each permission once");
const cpfDigits = z.string().regex(/^\d{11}$/);
const cnpjCharacters = z.string().regex(/^[0-9A-Z]{12}[0-9]{2}$/);

const person = z
  .object({
    document: z.object({
      identification: cpfDigits.refine(isCpf, { error: "CPF com dígitos verificadores inválidos" }).describe("CPF, 11 digits"),
      rel: z.literal("CPF"),
    }),
  })
  .describe("The person who is logged in at the TPP");

const company = z
  .object({
    document: z.object({
      identification: cnpjCharacters.refine(isCnpj, { error: "CNPJ com dígitos verificadores inválidos" }).describe("CNPJ, 14 characters"),
      rel: z.literal("CNPJ"),
    }),
  })
  .describe("The company whose data are meant; without it they are the person's own");

export const createConsentSchema = z.object({
  data: z.object({
    permissions: askedPermissions,
    loggedUser: person,
    businessEntity: company.optional(),
    expirationDateTime: moment.optional().describe("At most 12 months ahead; left out, the consent has no term"),
    isLinked: z.boolean().optional().describe("The consent began in the optimised journey"),
  }),
});

export const extendConsentSchema = z.object({
  data: z.object({
    loggedUser: person,
    businessEntity: company.optional(),
    expirationDateTime: moment.optional().describe("Later than the present term, at most 12 months ahead; left out, the consent has no term from now on"),
  }),
});

const links = z.object({ self: z.url() });
const pageLinks = z.object({ self: z.url(), first: z.url().optional(), prev: z.url().optional(), next: z.url().optional(), last: z.url().optional() });
const meta = z.object({ requestDateTime: moment });
const pageMeta = z.object({ totalRecords: z.int().min(0), totalPages: z.int().min(0), requestDateTime: moment });

const consentMembers = {
  consentId: z.string().max(256).regex(/^urn:porteiro:[0-9a-f]{48}$/),
  creationDateTime: moment,
  status: z.enum(["AUTHORISED", "AWAITING_AUTHORISATION", "REJECTED"]),
  statusUpdateDateTime: moment,
  permissions: z.array(permission).min(1),
  expirationDateTime: moment.optional(),
};

export const consentAnswerSchema = z.object({ data: z.object(consentMembers), links, meta });

export const consentReadAnswerSchema = z.object({
  data: z.object({
    ...consentMembers,
    rejection: z
      .object({
        rejectedBy: z.enum(rejectingParties),
        reason: z.object({ code: z.enum(rejectionCodes), additionalInformation: z.string().min(1).max(140).optional() }),
      })
      .optional(),
    journey: z.object({ isLinked: z.boolean() }).optional(),
  }),
  links,
  meta,
});

export const extensionsAnswerSchema = z.object({
  data: z.array(
    z.object({
      expirationDateTime: moment.optional(),
      loggedUser: z.object({ document: z.object({ identification: cpfDigits, rel: z.literal("CPF") }) }),
      requestDateTime: moment,
      previousExpirationDateTime: moment.optional(),
      xFapiCustomerIpAddress: z.string().min(1).max(100),
      xCustomerUserAgent: z.string().min(1).max(255),
    }),
  ),
  links: pageLinks,
  meta: pageMeta,
});

export const consentErrorSchema = z.object({
  errors: z.array(z.object({ code: z.string().max(255), title: z.string().max(255), detail: z.string().max(2048) })).min(1).max(13),
  meta,
});

export function toConsentRequest({ data }: z.output<typeof createConsentSchema>): ConsentRequest {
  return {
    permissions: data.permissions,
    loggedUser: data.loggedUser.document.identification,
    ...(data.businessEntity && { businessEntity: data.businessEntity.document.identification }),
    ...(data.expirationDateTime !== undefined && { expiresAt: secondsOf(data.expirationDateTime) }),
    ...(data.isLinked !== undefined && { isLinked: data.isLinked }),
  };
}

export function toExtensionRequest(
  { data }: z.output<typeof extendConsentSchema>,
  caller: Pick<ExtensionRequest, "customerIpAddress" | "customerUserAgent">,
): ExtensionRequest {
  return {
    loggedUser: data.loggedUser.document.identification,
    ...(data.businessEntity && { businessEntity: data.businessEntity.document.identification }),
    ...(data.expirationDateTime !== undefined && { expiresAt: secondsOf(data.expirationDateTime) }),
    ...caller,
  };
}

/** `data` of the answers that create or extend a consent. */
export function consentData(consent: ConsentFacts): Record<string, unknown> {
  return {
    consentId: consent.consentId,
    creationDateTime: wireTime(consent.createdAt),
    status: consent.status,
    statusUpdateDateTime: wireTime(consent.statusUpdatedAt),
    permissions: consent.permissions,
    ...(consent.expiresAt !== undefined && { expirationDateTime: wireTime(consent.expiresAt) }),
  };
}

/** `data` of the answer that reads a consent: with why it was rejected, and the journey that it began in. */
export function consentReadData(consent: ConsentFacts): Record<string, unknown> {
  const { rejection, isLinked } = consent;
  return {
    ...consentData(consent),
    ...(rejection && {
      rejection: {
        rejectedBy: rejection.by,
        reason: { code: rejection.code, ...(rejection.additionalInformation !== undefined && { additionalInformation: rejection.additionalInformation }) },
      },
    }),
    ...(isLinked !== undefined && { journey: { isLinked } }),
  };
}

export function extensionData(extension: ExtensionRecord): Record<string, unknown> {
  return {
    ...(extension.expiresAt !== undefined && { expirationDateTime: wireTime(extension.expiresAt) }),
    loggedUser: { document: { identification: extension.loggedUser, rel: "CPF" } },
    requestDateTime: wireTime(extension.requestedAt),
    ...(extension.previousExpiresAt !== undefined && { previousExpirationDateTime: wireTime(extension.previousExpiresAt) }),
    xFapiCustomerIpAddress: extension.customerIpAddress,
    xCustomerUserAgent: extension.customerUserAgent,
  };
}
