import type { SubjectAttribute } from "./build-certificate.ts";

const oids = {
  businessCategory: "2.5.4.15",
  jurisdictionCountryName: "1.3.6.1.4.1.311.60.2.1.3",
  serialNumber: "2.5.4.5",
  country: "2.5.4.6",
  organisation: "2.5.4.10",
  state: "2.5.4.8",
  locality: "2.5.4.7",
  organisationalUnit: "2.5.4.11",
  organizationIdentifier: "2.5.4.97",
  userId: "0.9.2342.19200300.100.1.1",
  commonName: "2.5.4.3",
} as const;
type AttributeName = keyof typeof oids;

/** The types the certificate standard prescribes: names of countries and the CNPJ printable, all else UTF-8. */
const printableAttributes: readonly AttributeName[] = ["country", "jurisdictionCountryName", "serialNumber"];

/** One attribute of a subject, in the type that the certificate standard prescribes. */
export function attribute(type: AttributeName, value: string, printable = printableAttributes): SubjectAttribute {
  return { oid: oids[type], value, encoding: printable.includes(type) ? "printable" : "utf8" };
}

/**
 * The orders of subject attributes that are about, as they stand in the certificate (a DN string shows them reversed):
 * the standard's of January 2023 (which Serasa used before it, with OU), the ecosystem's own sandbox authority's, and the
 * one most authorities used before August 2022.
 */
export const brcacAttributeOrders = {
  standard: [
    "businessCategory", "jurisdictionCountryName", "serialNumber", "country", "organisation", "state", "locality",
    "organizationIdentifier", "userId", "commonName",
  ],
  "sandbox-authority": [
    "country", "state", "locality", "organisation", "commonName", "serialNumber", "businessCategory",
    "jurisdictionCountryName", "organizationIdentifier", "userId",
  ],
  "before-2022": [
    "country", "state", "locality", "organisation", "organizationIdentifier", "serialNumber", "commonName",
    "businessCategory", "jurisdictionCountryName", "userId",
  ],
} as const satisfies Record<string, readonly AttributeName[]>;
export type BrcacAttributeOrder = keyof typeof brcacAttributeOrders;

/** Whose transport certificate it is, and how it says so. */
export interface BrcacSubject {
  readonly organisationId: string;
  /** The software statement's id; becomes the subject's UID. */
  readonly softwareId: string;
  /** 14 digits. */
  readonly cnpj: string;
  readonly legalName: string;
  /** A host name or wildcard; also the only dNSName. */
  readonly commonName: string;
  /** How the organisation's id stands in the subject: `organizationIdentifier`, or `OU` in certificates before August 2022. */
  readonly generation?: "organizationIdentifier" | "organizationalUnit";
  readonly attributeOrder?: BrcacAttributeOrder;
  readonly businessCategory?: string;
  readonly locality?: string;
  readonly state?: string;
}

/** The subject of a BRCAC (certificate standard 5.2.3). */
export function brcacSubject(request: BrcacSubject): SubjectAttribute[] {
  const order = request.attributeOrder ?? "standard";
  const inUnit = request.generation === "organizationalUnit";
  const values: Partial<Record<AttributeName, string>> = {
    businessCategory: request.businessCategory ?? "Private Organization",
    jurisdictionCountryName: "BR",
    serialNumber: request.cnpj,
    country: "BR",
    organisation: request.legalName,
    state: request.state ?? "SP",
    locality: request.locality ?? "Sao Paulo",
    organizationIdentifier: `OFBBR-${request.organisationId}`,
    organisationalUnit: request.organisationId,
    userId: request.softwareId,
    commonName: request.commonName,
  };
  const printable: readonly AttributeName[] =
    order === "sandbox-authority"
      ? [...printableAttributes, "organizationIdentifier", "businessCategory"]
      : printableAttributes;
  return brcacAttributeOrders[order].map((type) => {
    const placed = type === "organizationIdentifier" && inUnit ? "organisationalUnit" : type;
    return attribute(placed, values[placed] ?? "", printable);
  });
}
