import type forge from "node-forge";
import asn1 from "node-forge/lib/asn1.js";

/** One ASN.1 value as node-forge reads it. */
export type DerValue = forge.asn1.Asn1;

/** The bytes are not what the ASN.1 of a certificate or revocation list says; the message says what was expected. */
export class UnreadableDer extends Error {
  override readonly name = "UnreadableDer";
}

// The published types know neither the options nor that bit strings may be left alone; decoding those is a guess that
// costs twice the time and serves nobody here.
const fromDer = asn1.fromDer as unknown as (
  bytes: string,
  options: { strict: true; parseAllBytes: true; decodeBitStrings: false; maxDepth: number },
) => DerValue;

/** Reads one DER value that fills all the bytes. Throws UnreadableDer. */
export function readDer(bytes: Uint8Array | string): DerValue {
  const binary = typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1");
  return attempt(() =>
    fromDer(binary, { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth: 64 }),
  );
}

export function writeDer(value: DerValue): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), "latin1");
}

/** The members of a constructed value (SEQUENCE, SET, explicit tag). Throws UnreadableDer. */
export function membersOf(value: DerValue | undefined): readonly DerValue[] {
  if (!value || !Array.isArray(value.value)) throw new UnreadableDer("expected a constructed ASN.1 value");
  return value.value;
}

/** The content octets of a primitive value, one character an octet. Throws UnreadableDer. */
export function contentOf(value: DerValue | undefined): string {
  if (!value || typeof value.value !== "string") throw new UnreadableDer("expected a primitive ASN.1 value");
  return value.value;
}

export function hexOf(value: DerValue | undefined): string {
  return Buffer.from(contentOf(value), "latin1").toString("hex");
}

export function isUniversal(value: DerValue | undefined, type: forge.asn1.Type): value is DerValue {
  return value?.tagClass === asn1.Class.UNIVERSAL && value.type === type;
}

/** The first member with this context-specific tag. */
export function taggedMember(members: readonly DerValue[], tag: number): DerValue | undefined {
  // The tag number of a context-specific value stands where forge keeps the universal type.
  return members.find((member) => member.tagClass === asn1.Class.CONTEXT_SPECIFIC && Number(member.type) === tag);
}

export function oidOf(value: DerValue | undefined): string {
  if (!isUniversal(value, asn1.Type.OID)) throw new UnreadableDer("expected an object identifier");
  const content = contentOf(value);
  if (content === "") throw new UnreadableDer("expected an object identifier, found an empty one");
  return attempt(() => asn1.derToOid(content));
}

/** An INTEGER as upper-case hexadecimal without leading zero octets: the form of `X509Certificate.serialNumber`. */
export function serialOf(value: DerValue | undefined): string {
  if (!isUniversal(value, asn1.Type.INTEGER)) throw new UnreadableDer("expected an integer");
  return hexOf(value).toUpperCase().replace(/^(00)+(?=..)/, "");
}

/** A small non-negative INTEGER. Throws UnreadableDer on anything beyond 32 bits. */
export function smallIntegerOf(value: DerValue | undefined): number {
  return attempt(() => asn1.derToInteger(contentOf(value)));
}

/** A UTCTime or GeneralizedTime in milliseconds since the epoch (UTC). */
export function timeOf(value: DerValue | undefined): number {
  const text = contentOf(value);
  const time = isUniversal(value, asn1.Type.UTCTIME)
    ? attempt(() => asn1.utcTimeToDate(text).getTime())
    : attempt(() => asn1.generalizedTimeToDate(text).getTime());
  if (!Number.isFinite(time)) throw new UnreadableDer("expected a time");
  return time;
}

export const Type = asn1.Type;

/** Runs a reading step of node-forge, whose errors are plain, and gives them their type. */
function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UnreadableDer(error instanceof Error ? error.message : String(error));
  }
}
