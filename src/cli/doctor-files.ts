import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";

/** A file that cannot be given to the doctor; the message is one sentence. */
export class UnusableFile extends Error {
  override readonly name = "UnusableFile";
}

/** Far more than certificates, statements and bodies need. */
const largestFile = 1024 * 1024;

/** Reads a file that is meant to be shown around: never one with a private key in it. */
export async function readPublicFile(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UnusableFile(`cannot read ${file}: ${error.code === "ENOENT" ? "there is no such file" : (error.code ?? "unreadable")}`);
  });
  if (bytes.length > largestFile) {
    throw new UnusableFile(`${file} is larger than ${largestFile} bytes: expected a certificate, a statement or a body`);
  }
  if (holdsPrivateKey(bytes)) {
    throw new UnusableFile(`${file} holds a private key, which nobody but its owner may see: expected a file without it`);
  }
  return bytes;
}

function holdsPrivateKey(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  return /PRIVATE KEY-----/.test(text) || isDerPrivateKey(bytes) || holdsPrivateJwk(jsonOf(bytes));
}

function isDerPrivateKey(bytes: Buffer): boolean {
  return (["pkcs8", "pkcs1", "sec1"] as const).some((type) => {
    try {
      createPrivateKey({ key: bytes, format: "der", type });
      return true;
    } catch (error) {
      // An encrypted key asks for its passphrase: it is a key all the same.
      return (error as NodeJS.ErrnoException).code === "ERR_MISSING_PASSPHRASE";
    }
  });
}

/** RFC 7517: members of private and symmetric keys. */
function holdsPrivateJwk(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const isKey = "kty" in value && ("d" in value || "k" in value);
  return isKey || Object.values(value).some((member) => holdsPrivateJwk(member));
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
