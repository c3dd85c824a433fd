import type { DistinguishedName, NameAttribute, RelativeName } from "./distinguished-name.ts";

/**
 * distinguishedNameMatch with caseIgnoreMatch on every attribute (RFC 4517 4.2.15 and 4.2.11, DCR 7.1-15): same RDNs
 * in the same order, the attributes of one RDN in any order; letter case, runs of blanks and the ASN.1 string type do
 * not count. Values that are no text match only when they are the same octets.
 */
export function distinguishedNamesMatch(one: DistinguishedName, other: DistinguishedName): boolean {
  return distinguishedNameKey(one) === distinguishedNameKey(other);
}

/** A text that is equal for exactly those names that match; for use in maps. */
export function distinguishedNameKey(name: DistinguishedName): string {
  return JSON.stringify(name.map(relativeNameKey));
}

function relativeNameKey(relative: RelativeName): string[] {
  return relative.map(attributeKey).sort();
}

function attributeKey({ type, text, der }: NameAttribute): string {
  return text === undefined ? `${type}=#${der.toString("hex")}` : `${type}=:${preparedForMatch(text)}`;
}

/** String preparation of RFC 4518 section 2: map, normalise, fold case, drop insignificant blanks. */
function preparedForMatch(text: string): string {
  return text
    .replace(/[\t\n\v\f\r\u0085]/g, " ")
    // RFC 4518 2.2: control and formatting characters, soft hyphens, joiners and variation selectors map to nothing.
    .replace(/\p{Cc}|\p{Cf}|\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|\ufffc/gu, "")
    .normalize("NFKC")
    // Upper first, so that letters whose upper case is several letters (the German sharp s) fold as RFC 3454 B.2 says.
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[\p{Zs}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
}
