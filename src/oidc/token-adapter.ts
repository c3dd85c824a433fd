import type { Adapter, AdapterPayload } from "oidc-provider";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { clientTag, routeOf, sha256 } from "../kernel/identifiers.ts";
import { clientNames } from "../store/client-records.ts";
import type { Put, Store } from "../store/store.ts";
import { errors } from "./engine.ts";
import { engineState } from "./engine-context.ts";
import type { EngineUnit } from "./engine-unit.ts";
import { unsupported } from "./unsupported-adapter.ts";

/** The engine's models that lie under a client, each with the name of its entries. All their ids begin with a route. */
export const tokenModels = {
  AccessToken: clientNames.token,
  AuthorizationCode: (hash: string) => `code/${hash}`,
  RefreshToken: clientNames.refreshToken,
  PushedAuthorizationRequest: (hash: string) => `pushed/${hash}`,
  Grant: clientNames.grant,
} as const;

/**
 * Tokens, codes and grants. Nothing that opens a door is stored in clear: the name is the SHA-256 of the id, and the id
 * inside is taken out and put back on reading. Within a request whose client we authenticated, writes are collected
 * in its unit; elsewhere (the authorization endpoint) they go to the store at once.
 */
export function tokenAdapter({ store, clock }: { store: Store; clock: Clock }, nameOf: (hash: string) => string): Adapter {
  const place = (id: string) => {
    const route = routeOf(id);
    return route === undefined ? undefined : { tag: clientTag(route), name: nameOf(sha256(id)) };
  };

  return {
    ...unsupported("token"),

    async upsert(id, { jti: _, ...payload }, expiresIn) {
      const key = place(id);
      if (!key) {
        throw new Error("an id of the engine's begins with no route");
      }
      const put: Put = { name: key.name, value: JSON.stringify(payload), ...(expiresIn === undefined ? {} : { ttlSeconds: Math.max(1, expiresIn) }) };
      const unit = unitFor(key.tag);
      if (unit) {
        unit.put.set(put.name, put);
      } else {
        await store.put(key.tag, put);
      }
    },

    async find(id) {
      const key = place(id);
      const value = key && (await store.get(key));
      if (key && value !== undefined) {
        engineState().engineUnit?.read.set(key.name, value);
      }
      // Our own JSON, written by `upsert`.
      return value === undefined ? undefined : ({ ...(JSON.parse(value) as object), jti: id } as AdapterPayload);
    },

    async consume(id) {
      const key = place(id);
      const value = key && (engineState().engineUnit?.read.get(key.name) ?? (await store.get(key)));
      if (!key || value === undefined) {
        throw new errors.InvalidGrant("it has been used");
      }
      const payload = JSON.parse(value) as { exp?: number; consumed?: number; grantId?: string };
      const unit = unitFor(key.tag);
      if (payload.consumed !== undefined) {
        // Used since the engine looked: by a second use everything that the first one gave ends (RFC 6749 4.1.2).
        if (unit && payload.grantId !== undefined) {
          unit.remove.add(clientNames.grant(sha256(payload.grantId)));
        }
        throw unit ? new errors.InvalidGrant("it has been used") : new errors.InvalidRequestUri("request_uri is invalid, expired, or was already used");
      }
      const now = epochSeconds(clock);
      const lifetime = payload.exp === undefined ? {} : { ttlSeconds: Math.max(1, payload.exp - now) };
      const put: Put = { name: key.name, value: JSON.stringify({ ...payload, consumed: now }), ...lifetime };
      // Still unused at the moment of the commit: of many at once one succeeds.
      const unused = { name: key.name, equals: value };
      if (unit) {
        unit.when.push(unused);
        unit.put.set(put.name, put);
        return;
      }
      if (!(await store.batch({ tag: key.tag, when: [unused], put: [put] })).done) {
        throw new errors.InvalidRequestUri("request_uri is invalid, expired, or was already used");
      }
    },

    async destroy(id) {
      const key = place(id);
      const unit = key && unitFor(key.tag);
      if (unit) {
        unit.put.delete(key.name);
        unit.remove.add(key.name);
      } else if (key) {
        await store.remove(key);
      }
    },

    async revokeByGrantId() {
      // What a grant gave lives only while the grant does: introspection and refresh look for it.
    },
  };
}

function unitFor(tag: string): EngineUnit | undefined {
  const unit = engineState().engineUnit;
  if (unit && unit.tag !== tag) {
    throw new Error("a request writes only to what its own client owns");
  }
  return unit;
}
