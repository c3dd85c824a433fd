import { z } from "zod";
import type { Store } from "../store/store.ts";

/** A revocation list as it was fetched; times in milliseconds since the epoch. */
export interface CrlRecord {
  readonly der: Buffer;
  /** When its source was last found to hold it. */
  readonly checkedAt: number;
  /** Later the store forgets the list by itself. */
  readonly usableUntil: number;
}

/** The last good revocation lists in the store: they outlive a restart, and the processes of one store share them. */
export interface CrlRecords {
  /** Rejects when what is stored cannot be read. */
  find(key: string): Promise<CrlRecord | undefined>;
  keep(key: string, record: CrlRecord): Promise<void>;
}

const tag = "crl";
const stored = z.object({ der: z.base64(), checkedAt: z.number(), usableUntil: z.number() });

export function createCrlRecords(store: Store): CrlRecords {
  return {
    find: async (key) => {
      const value = await store.get({ tag, name: key });
      if (value === undefined) return undefined;
      const { der, ...times } = stored.parse(JSON.parse(value));
      return { der: Buffer.from(der, "base64"), ...times };
    },
    keep: async (key, { der, ...times }) => {
      const value = JSON.stringify({ der: der.toString("base64"), ...times });
      const life = Math.ceil((times.usableUntil - times.checkedAt) / 1_000);
      if (life > 0) await store.put(tag, { name: key, value, ttlSeconds: life });
    },
  };
}
