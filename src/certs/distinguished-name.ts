import { membersOf, contentOf, oidOf, readDer, Type, UnreadableDer, writeDer, type DerValue } from "./der.ts";

/** One attribute of a name: its type, its value as found (tag and length included), and the value as text. */
export interface NameAttribute {
  /** Dotted object identifier, e.g. `2.5.4.97`. */
  readonly type: string;
  /** The DER of the value, the ASN.1 string type included. */
  readonly der: Buffer;
  /** The decoded text; absent when the value is no character string, or not a valid one. */
  readonly text?: string;
}

/** The attributes of one RDN; nearly always one, but X.501 allows several. */
export type RelativeName = readonly NameAttribute[];

/** A distinguished name in the order of the certificate (RFC 4514 strings show the reverse). */
export type DistinguishedName = readonly RelativeName[];

export const attributeType = {
  commonName: "2.5.4.3",
  serialNumber: "2.5.4.5",
  country: "2.5.4.6",
  locality: "2.5.4.7",
  state: "2.5.4.8",
  organisation: "2.5.4.10",
  organisationalUnit: "2.5.4.11",
  businessCategory: "2.5.4.15",
  organizationIdentifier: "2.5.4.97",
  userId: "0.9.2342.19200300.100.1.1",
  jurisdictionCountryName: "1.3.6.1.4.1.311.60.2.1.3",
} as const;

/** Reads the DER of a Name (RFC 5280 4.1.2.4). Throws UnreadableDer. */
export function readDistinguishedName(der: Uint8Array): DistinguishedName {
  return distinguishedNameOf(readDer(der));
}

/** A Name out of an already parsed structure. Throws UnreadableDer. */
export function distinguishedNameOf(name: DerValue | undefined): DistinguishedName {
  return membersOf(name).map((relative) => membersOf(relative).map(attributeOf));
}

function attributeOf(attribute: DerValue): NameAttribute {
  const [type, value] = membersOf(attribute);
  if (!value) throw new UnreadableDer("expected an attribute of a name to have a value");
  return nameAttribute(oidOf(type), value);
}

/** An attribute with its text, from the parsed value. Throws UnreadableDer. */
export function nameAttribute(type: string, value: DerValue): NameAttribute {
  const text = textOf(value);
  const der = writeDer(value);
  // Values that are no text are compared by their octets, which only DER makes unique (redundant zeros of an INTEGER).
  if (text === undefined && !writeDer(readDer(der)).equals(der)) throw new UnreadableDer("expected a value in DER");
  return { type, der, ...(text !== undefined && { text }) };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const oneOctetStrings: readonly number[] = [18, 19, 20, 22, 26];

/** The characters of a DirectoryString or IA5String; undefined when there are none to be had. */
function textOf(value: DerValue): string | undefined {
  if (value.tagClass !== 0 || value.constructed) return undefined;
  const content = contentOf(value);
  if (value.type === Type.UTF8) return decodedUtf8(content);
  // node-forge has decoded the two octets of each character already.
  if (value.type === Type.BMPSTRING) return content.isWellFormed() ? content : undefined;
  return oneOctetStrings.includes(value.type) ? content : undefined;
}

function decodedUtf8(content: string): string | undefined {
  try {
    return utf8.decode(Buffer.from(content, "latin1"));
  } catch {
    return undefined;
  }
}

/** The texts of all attributes of this type, in the order of the certificate. */
export function attributeTexts(name: DistinguishedName, type: string): string[] {
  return name.flat().flatMap((attribute) =>
    attribute.type === type && attribute.text !== undefined ? [attribute.text] : [],
  );
}
