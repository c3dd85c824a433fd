import type { Certificate } from "./certificate.ts";
import { attributeTexts, attributeType } from "./distinguished-name.ts";

/** What a signature certificate says about its holder (certificate standard 5.2.4). */
export interface Brseal {
  /** UID: the organisation's id in the directory; absent when there is none, or more than one. */
  readonly organisationId?: string;
  readonly legalName?: string;
}

export function readBrseal({ subject }: Certificate): Brseal {
  const [organisationId, ...others] = attributeTexts(subject, attributeType.userId);
  const [legalName] = attributeTexts(subject, attributeType.commonName);
  return {
    ...(organisationId?.trim() && others.length === 0 && { organisationId }),
    ...(legalName !== undefined && { legalName }),
  };
}
