import { argon2, timingSafeEqual, type Argon2Parameters } from "node:crypto";
import type { Randomness } from "../../kernel/identifiers.ts";

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. */
const inForce = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const tagLength = 32;
/** Each hash holds a thread of Node's pool of four, which the store needs as well. */
const hashesAtOnce = 2;
/** A password beyond this is nobody's; hashing a megabyte would be work for whoever sends it. */
const longest = 256;

export interface PasswordHash {
  /** A PHC string: `$argon2id$v=19$m=...,t=...,p=...$salt$tag`. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password has this hash. Without a hash (nobody there) the same work is done, and the answer is false.
   * @param hash as `hash` returned it
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** Hashes passwords with argon2id. Passwords are compared after Unicode normalisation, since keyboards differ. */
export function createPasswordHash(needs: { randomness: Randomness }): PasswordHash {
  const turn = createTurns(hashesAtOnce);
  const tag = (password: string, parameters: Omit<Argon2Parameters, "message" | "tagLength">) =>
    turn(() => derive({ ...parameters, message: password.normalize("NFKC").slice(0, longest), tagLength }));
  const tooLong = (password: string) => password.normalize("NFKC").length > longest;
  const ofNobody = { ...inForce, nonce: needs.randomness(16), tag: needs.randomness(tagLength) };
  return {
    async hash(password) {
      if (tooLong(password)) throw new Error(`expected a password of at most ${longest} characters, received a longer one`);
      const nonce = needs.randomness(16);
      const bytes = await tag(password, { ...inForce, nonce });
      const cost = `m=${inForce.memory},t=${inForce.passes},p=${inForce.parallelism}`;
      return `$argon2id$v=19$${cost}$${unpadded(nonce)}$${unpadded(bytes)}`;
    },
    async verify(password, hash) {
      const { tag: expected, ...parameters } = hash === undefined ? ofNobody : readHash(hash);
      const same = timingSafeEqual(await tag(password, parameters), expected);
      return same && hash !== undefined && !tooLong(password);
    },
  };
}

function derive(parameters: Argon2Parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2("argon2id", parameters, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

function readHash(hash: string) {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(hash);
  if (!parts) throw new Error("expected a stored password hash in PHC form with argon2id, version 19; found another text");
  const [, memory, passes, parallelism, nonce = "", tag = ""] = parts;
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    nonce: Buffer.from(nonce, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Lets so many run at once; the others wait for their turn. */
function createTurns(atOnce: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async function turn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
