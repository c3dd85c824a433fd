import type { Adapter, AdapterPayload } from "oidc-provider";
import { sha256 } from "../kernel/identifiers.ts";
import type { Store } from "../store/store.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** What belongs to a browser: each entry under a tag of its own. */
export const sessionModels = { Session: "session", Interaction: "interaction" } as const;

/** Sessions and interactions of browsers, under the SHA-256 of the id in their cookie. */
export function sessionAdapter(store: Store, kind: string): Adapter {
  const place = (id: string) => ({ tag: `${kind}:${sha256(id)}`, name: kind });
  return {
    ...unsupported(kind),
    async upsert(id, { jti: _, ...payload }, expiresIn) {
      const { tag, name } = place(id);
      await store.put(tag, { name, value: JSON.stringify(payload), ttlSeconds: Math.max(1, expiresIn ?? 1) });
    },
    async find(id) {
      const value = await store.get(place(id));
      // Our own JSON, written by `upsert`.
      return value === undefined ? undefined : ({ ...(JSON.parse(value) as object), jti: id } as AdapterPayload);
    },
    async destroy(id) {
      await store.remove(place(id));
    },
  };
}
