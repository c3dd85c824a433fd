import type { Adapter, AdapterPayload } from "oidc-provider";
import { sha256 } from "../kernel/identifiers.ts";
import type { SecretBox } from "../kernel/secret-box.ts";
import type { Store } from "../store/store.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** What belongs to a browser: each entry under a tag of its own. */
export const sessionModels = { Session: "session", Interaction: "interaction" } as const;

/**
 * Sessions and interactions of browsers, under the SHA-256 of the id in their cookie. An interaction holds the whole
 * request, in which a CPF or CNPJ may stand: it is sealed.
 */
export function sessionAdapter({ store, box }: { store: Store; box: SecretBox }, kind: string): Adapter {
  const isSealed = kind === sessionModels.Interaction;
  const place = (hash: string) => ({ tag: `${kind}:${hash}`, name: kind });
  /** Where a session is found by the `uid` that the engine gives it beside the id: it names the hash, never the id. */
  const uidPlace = (uid: string) => ({ tag: `${kind}-uid:${sha256(uid)}`, name: kind });

  const read = async (hash: string, id: string | undefined): Promise<AdapterPayload | undefined> => {
    const value = await store.get(place(hash));
    // Our own JSON, written by `upsert`.
    return value === undefined ? undefined : { ...(JSON.parse(isSealed ? box.open(value) : value) as AdapterPayload), ...(id === undefined ? {} : { jti: id }) };
  };

  return {
    ...unsupported(kind),
    async upsert(id, { jti: _, ...payload }, expiresIn) {
      const ttlSeconds = Math.max(1, expiresIn ?? 1);
      const { tag, name } = place(sha256(id));
      const text = JSON.stringify(payload);
      await Promise.all([
        store.put(tag, { name, value: isSealed ? box.seal(text) : text, ttlSeconds }),
        kind === sessionModels.Session && payload.uid !== undefined ? store.put(uidPlace(payload.uid).tag, { name, value: sha256(id), ttlSeconds }) : undefined,
      ]);
    },
    find: (id) => read(sha256(id), id),
    async findByUid(uid) {
      const hash = await store.get(uidPlace(uid));
      return hash === undefined ? undefined : read(hash, undefined);
    },
    async destroy(id) {
      await store.remove(place(sha256(id)));
    },
  };
}
