import type { Certificate } from "./certificate.ts";
import { attributeTexts, attributeType } from "./distinguished-name.ts";

/** What a transport certificate says about its holder (certificate standard 5.2.3). Members it lacks are absent. */
export interface Brcac {
  /** UID: the id of the software statement. */
  readonly softwareId?: string;
  /** The organisation's id in the directory, without the `OFBBR-` prefix. */
  readonly organisationId?: string;
  /** serialNumber of the subject: 14 digits in real certificates. */
  readonly cnpj?: string;
  /** Where the organisation's id stands: in organizationIdentifier, or in OU before 31 August 2022. */
  readonly generation?: "organizationIdentifier" | "organizationalUnit";
}

/** Certificates issued from 31 August 2022 (Brasilia time) on carry the organisation in organizationIdentifier only. */
export const endOfUnitGeneration = Date.parse("2022-08-31T00:00:00-03:00");

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const organizationIdentifier = /^OFBBR-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** Reads the subject of a BRCAC of either generation, in whatever order its authority writes the attributes. */
export function readBrcac(certificate: Certificate): Brcac {
  const { subject } = certificate;
  const softwareId = only(attributeTexts(subject, attributeType.userId));
  const cnpj = only(attributeTexts(subject, attributeType.serialNumber));
  return {
    ...(softwareId !== undefined && { softwareId }),
    ...(cnpj !== undefined && { cnpj }),
    ...organisationOf(certificate),
  };
}

function organisationOf({ subject, notBefore }: Certificate): Pick<Brcac, "organisationId" | "generation"> {
  const identifiers = attributeTexts(subject, attributeType.organizationIdentifier);
  if (identifiers.length > 0) {
    const organisationId = organizationIdentifier.exec(only(identifiers) ?? "")?.[1];
    return organisationId === undefined ? {} : { organisationId, generation: "organizationIdentifier" };
  }
  if (notBefore >= endOfUnitGeneration) return {};
  // Authorities add organisational units of their own: only the one that is a UUID is the organisation's id.
  const units = attributeTexts(subject, attributeType.organisationalUnit).filter((unit) => uuid.test(unit));
  const organisationId = only(units);
  return organisationId === undefined ? {} : { organisationId, generation: "organizationalUnit" };
}

/** The value, when there is exactly one and it is not blank: of two nobody can say which one counts. */
function only(texts: readonly string[]): string | undefined {
  const [text] = texts;
  return texts.length === 1 && text?.trim() ? text : undefined;
}

/** Whether two ids of the directory are the same: UUIDs are compared without regard to letter case (RFC 9562 4). */
export function sameDirectoryId(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && (one === other || one.toLowerCase() === other.toLowerCase());
}
