import { hash, randomBytes, timingSafeEqual } from "node:crypto";

/** Random bytes of the wanted length; tests may give their own. */
export type Randomness = (length: number) => Buffer;

const poolLength = 4_096;
let pool = Buffer.alloc(0);
let taken = 0;

/**
 * The machine's cryptographic random generator, asked for many bytes at a time: one question costs as much for four
 * thousand as for eight. No byte is given twice, and none stays behind.
 */
export const systemRandomness: Randomness = (length) => {
  if (length > poolLength) {
    return randomBytes(length);
  }
  if (taken + length > pool.length) {
    pool = randomBytes(poolLength);
    taken = 0;
  }
  const bytes = Buffer.from(pool.subarray(taken, taken + length));
  pool.fill(0, taken, taken + length);
  taken += length;
  return bytes;
};

const routeLength = 16;

/**
 * The route of a software statement within a realm: 16 hex digits with which its client id and every token of that
 * client begin. Whoever holds any of them knows where in the store the client lies, so that a client, its tokens and
 * the proof that the software is registered once share one tag, and with it one atomic batch.
 */
export function routeOfSoftware(realm: string, softwareId: string): string {
  return hash("sha256", `${realm}\0${softwareId.toLowerCase()}`, "hex").slice(0, routeLength);
}

/** The route that a client id or token begins with, or undefined when the text cannot be one of ours. */
export function routeOf(text: string): string | undefined {
  return /^[0-9a-f]{16}/.exec(text)?.[0];
}

/**
 * The first half of the route that a client id begins with, as a whole number of 32 bits: the key under which a Map finds
 * what is known of a client. V8 enters every text that a Map is asked for into its own table of texts first, which for one
 * of thousands of ids costs half a microsecond. Several ids may have one number, and any text has one.
 */
export function numberOfRoute(clientId: string): number {
  let number = 0;
  for (let place = 0; place < 8; place += 1) {
    const code = clientId.charCodeAt(place);
    // Digits are 0x30 to 0x39, letters begin at 0x61.
    number = (number << 4) | ((code & 15) + (code >> 6) * 9);
  }
  return number;
}

/** The store tag of a route. */
export function clientTag(route: string): string {
  return `client:${route}`;
}

/** The store tag of a client, by its id. */
export function tagOfClient(clientId: string): string {
  return clientTag(clientId.slice(0, routeLength));
}

/** A new client id under a route: 32 hex digits, 64 random bits. A client id is an identifier, not a secret. */
export function newClientId(route: string, randomness: Randomness): string {
  return `${route}${randomness(8).toString("hex")}`;
}

/** A new opaque token under a route: the route, then 256 random bits in base64url. */
export function newToken(route: string, randomness: Randomness): string {
  return `${route}${randomness(32).toString("base64url")}`;
}

/** What is stored in place of anything that opens a door. */
export function sha256(text: string): string {
  return hash("sha256", text, "base64url");
}

/** Compares two texts in a time that depends on neither. */
export function equalInConstantTime(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => hash("sha256", text, "buffer"));
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

/** An identifier that sorts by its time: 12 hex digits of milliseconds, a dash, 16 of randomness. */
export function timeOrderedId(milliseconds: number, randomness: Randomness): string {
  return `${milliseconds.toString(16).padStart(12, "0")}-${randomness(8).toString("hex")}`;
}

/**
 * Identifiers of the same form, of which each sorts behind all that this maker gave before: within one millisecond,
 * and while the clock is set back, the last one is counted on.
 */
export function createTimeOrderedIds(randomness: Randomness): (milliseconds: number) => string {
  let last = { milliseconds: -1, tail: 0n };
  return (milliseconds) => {
    // Half of the tails stay free, so that counting on never needs a digit more.
    const fresh = () => BigInt(`0x${randomness(8).toString("hex")}`) >> 1n;
    last = milliseconds > last.milliseconds ? { milliseconds, tail: fresh() } : { ...last, tail: last.tail + 1n };
    return `${last.milliseconds.toString(16).padStart(12, "0")}-${last.tail.toString(16).padStart(16, "0")}`;
  };
}
