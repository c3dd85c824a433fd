import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Randomness } from "./identifiers.ts";

/** Encrypts what must not lie in the store in clear. */
export interface SecretBox {
  seal(text: string): string;
  /** @throws Error when the text was sealed with another key, for another purpose, or was altered. */
  open(sealed: string): string;
}

/**
 * AES-256-GCM under a key of its own for each purpose (HKDF-SHA-256 of the key from settings), so that what was sealed
 * for one purpose does not open as another.
 * @param encryptionKey 32 bytes in base64url
 */
export function createSecretBox(encryptionKey: string, purpose: string, randomness: Randomness): SecretBox {
  const key = derivedKey(encryptionKey, purpose);
  return {
    seal(text) {
      const nonce = randomness(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, "base64url");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
    },
  };
}

/** A 32-byte key for one purpose, from the one key of the settings. */
export function derivedKey(encryptionKey: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", Buffer.from(encryptionKey, "base64url"), "porteiro", purpose, 32));
}
