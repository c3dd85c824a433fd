import { createHash } from "node:crypto";
import { z } from "zod";
import type { Log } from "../kernel/log.ts";
import type { Store } from "../store/store.ts";

export interface KeptCopiesNeeds {
  /** The kind of document: part of the entry's name. */
  readonly kind: string;
  readonly store: Store;
  readonly log: Log;
  /** How long a copy is kept, in seconds. */
  readonly ttlSeconds: number;
}

/** A document as the store keeps it; times in milliseconds. */
export interface KeptCopy {
  readonly fetchedAt: number;
  readonly freshMs: number;
  readonly text: string;
}

/** The last good copies in the store. A store that fails is logged and stops nobody: neither call rejects. */
export interface KeptCopies {
  load(url: string): Promise<KeptCopy | undefined>;
  save(url: string, copy: KeptCopy): Promise<void>;
}

const storeTag = "directory";

const keptSchema = z.object({ url: z.string(), fetchedAt: z.number(), freshMs: z.number(), text: z.string() });

/** Makes the place where documents of the directory survive a restart. */
export function createKeptCopies(needs: KeptCopiesNeeds): KeptCopies {
  const { kind, store, log } = needs;
  const nameOf = (url: string) => `${kind}:${createHash("sha256").update(url).digest("base64url")}`;

  return {
    async load(url) {
      try {
        const entry = await store.get({ tag: storeTag, name: nameOf(url) });
        if (entry === undefined) return undefined;
        const kept = keptSchema.parse(JSON.parse(entry));
        return kept.url === url ? kept : undefined;
      } catch (error) {
        log.warn({ kind, url, err: error }, "a kept copy of a directory document could not be read");
        return undefined;
      }
    },
    async save(url, copy) {
      try {
        const value = JSON.stringify({ url, ...copy });
        await store.put(storeTag, { name: nameOf(url), value, ttlSeconds: needs.ttlSeconds });
      } catch (error) {
        log.warn({ kind, url, err: error }, "a copy of a directory document could not be kept");
      }
    },
  };
}
