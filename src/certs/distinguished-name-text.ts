import asn1 from "node-forge/lib/asn1.js";
import { readDer } from "./der.ts";
import {
  nameAttribute,
  type DistinguishedName,
  type NameAttribute,
  type RelativeName,
} from "./distinguished-name.ts";

/**
 * The names of RFC 4514 section 3, the only ones the profile allows in a string (DCR 7.1.2); every other attribute
 * is written as its object identifier and the hexadecimal DER of its value.
 */
const shortNames: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "0.9.2342.19200300.100.1.1": "UID",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.6": "C",
  "2.5.4.11": "OU",
  "2.5.4.9": "STREET",
  "0.9.2342.19200300.100.1.25": "DC",
};
const typeOfShortName = new Map(Object.entries(shortNames).map(([type, name]) => [name, type]));

/** The name as the profile writes it: RDNs reversed, joined by commas without blanks (RFC 4514, DCR 7.1.2). */
export function printDistinguishedName(name: DistinguishedName): string {
  return name
    .map((relative) => relative.map(printAttribute).join("+"))
    .toReversed()
    .join(",");
}

function printAttribute({ type, text, der }: NameAttribute): string {
  const shortName = shortNames[type];
  return shortName !== undefined && text !== undefined
    ? `${shortName}=${escaped(text)}`
    : `${type}=#${der.toString("hex")}`;
}

function escaped(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, "\\$&")
    .replace(/^[ #]/, "\\$&")
    .replace(/(?<!^\\?) $/, "\\ ")
    // oxlint-disable-next-line no-control-regex -- RFC 4514 2.4 wants NUL escaped; the rest would spoil a log line.
    .replace(/[\u0000-\u001f\u007f]/g, (control) => `\\${Buffer.from(control).toString("hex")}`);
}

/** The text is no distinguished name in the profile's form; the message says where and what was expected. */
export class MalformedName extends Error {
  override readonly name = "MalformedName";
}

/**
 * Reads a name in the form that `printDistinguishedName` writes. Short names stand for a UTF8String. Throws
 * MalformedName on the forms the profile refuses: other names (`serialNumber=`), an `OID.` prefix, a plain value after
 * an object identifier, quotes, blanks around separators.
 */
export function parseDistinguishedName(text: string): DistinguishedName {
  if (text === "") return [];
  const relativeNames: RelativeName[] = [];
  let attributes: NameAttribute[] = [];
  let rest = text;
  for (;;) {
    const [attribute, length] = parseAttribute(rest, text.length - rest.length);
    attributes.push(attribute);
    const separator = rest[length];
    if (separator !== "+") {
      relativeNames.push(attributes);
      attributes = [];
    }
    if (separator === undefined) return relativeNames.toReversed();
    rest = rest.slice(length + 1);
  }
}

/** One `type=value` at the beginning of the text, and its length. `position` is where it stands, for messages. */
function parseAttribute(text: string, position: number): [NameAttribute, number] {
  const equals = /^([A-Za-z]+|[0-9]+(?:\.[0-9]+)+)=/.exec(text);
  if (!equals?.[1]) throw malformed(position, "an attribute name or object identifier, then =");
  const value = /^(?:\\[\s\S]|[^\\,+])*/.exec(text.slice(equals[0].length))?.[0] ?? "";
  const end = equals[0].length + value.length;
  const type = typeOfShortName.get(equals[1].toUpperCase());
  if (type) return [shortNamed(type, value, position), end];
  if (!equals[1].includes(".")) {
    throw malformed(position, `one of ${[...typeOfShortName.keys()].join(" ")}, or an object identifier`);
  }
  return [hexadecimal(equals[1], value, position), end];
}

function shortNamed(type: string, value: string, position: number): NameAttribute {
  if (value.startsWith("#")) return hexadecimal(type, value, position);
  const text = unescaped(value, position);
  const der = asn1.create(0, asn1.Type.UTF8, false, Buffer.from(text, "utf8").toString("latin1"));
  return nameAttribute(type, der);
}

function hexadecimal(type: string, value: string, position: number): NameAttribute {
  if (!/^#(?:[0-9A-Fa-f]{2})+$/.test(value)) {
    throw malformed(position, `# and the hexadecimal DER of the value after ${type}=`);
  }
  try {
    return nameAttribute(type, readDer(Buffer.from(value.slice(1), "hex")));
  } catch {
    throw malformed(position, `one complete DER value after ${type}=#`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function unescaped(value: string, position: number): string {
  if (/^ |(?<!\\) $|[";<>\0]/.test(value.replace(/\\[\s\S]/g, "\\x"))) {
    throw malformed(position, "blanks at either end and the characters \" ; < > NUL escaped by a backslash");
  }
  if (!value.isWellFormed()) throw malformed(position, "well-formed Unicode text");
  const pieces = value.match(/(?:\\[0-9A-Fa-f]{2})+|\\[\s\S]|[^\\]+|\\/g) ?? [];
  return pieces.map((piece) => unescapedPiece(piece, position)).join("");
}

function unescapedPiece(piece: string, position: number): string {
  if (!piece.startsWith("\\")) return piece;
  if (/^\\[ "#+,;<=>\\]$/.test(piece)) return piece.slice(1);
  if (!/^(?:\\[0-9A-Fa-f]{2})+$/.test(piece)) {
    throw malformed(position, "after a backslash a special character or two hexadecimal digits");
  }
  try {
    return utf8.decode(Buffer.from(piece.replaceAll("\\", ""), "hex"));
  } catch {
    throw malformed(position, "escaped octets that are UTF-8");
  }
}

function malformed(position: number, expected: string): MalformedName {
  return new MalformedName(`expected at character ${position + 1}: ${expected}`);
}
