import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Randomness } from "../kernel/identifiers.ts";
import { SettingsError } from "./load-settings.ts";
import type { Settings } from "./settings-schema.ts";

/**
 * The key that encrypts at rest, from the settings themselves or from their key file; 32 bytes in base64url.
 * On a first run that allows it the file is made, readable by its owner only; of two processes that start at once
 * one makes it and both use it.
 * @throws SettingsError when the file is missing or holds no key
 */
export function readEncryptionKey(root: string, secrets: Settings["secrets"], randomness: Randomness): string {
  if (secrets.encryptionKey !== undefined) {
    return secrets.encryptionKey;
  }
  const file = resolve(root, secrets.encryptionKeyFile ?? "");
  if (secrets.createMissingKeyFile && !existsSync(file)) {
    try {
      createOnce(file, `${randomness(32).toString("base64url")}\n`, randomness);
    } catch (error) {
      throw new SettingsError([`secrets.encryptionKeyFile: the file is missing and cannot be made (${(error as NodeJS.ErrnoException).code})`]);
    }
  }
  return keyIn(file);
}

/** What is wrong with the key file as it lies there; a missing one that the start makes is none. */
export function encryptionKeyProblems(root: string, secrets: Settings["secrets"]): readonly string[] {
  const file = resolve(root, secrets.encryptionKeyFile ?? "");
  if (secrets.encryptionKeyFile === undefined || (secrets.createMissingKeyFile && !existsSync(file))) {
    return [];
  }
  try {
    keyIn(file);
    return [];
  } catch (error) {
    return error instanceof SettingsError ? error.problems : [String(error)];
  }
}

function keyIn(file: string): string {
  const key = readKey(file);
  if (!/^[A-Za-z0-9_-]{43}$/.test(key)) {
    throw new SettingsError(["secrets.encryptionKeyFile: expected a file with 32 bytes in base64url (43 characters)"]);
  }
  return key;
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    throw new SettingsError(["secrets.encryptionKeyFile: the file cannot be read"]);
  }
}

/** Linking a complete file into place is atomic: nobody ever reads half a key. */
function createOnce(file: string, content: string, randomness: Randomness): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomness(6).toString("hex")}`;
  writeFileSync(draft, content, { mode: 0o600 });
  chmodSync(draft, 0o600);
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  } finally {
    unlinkSync(draft);
  }
}
