import type { Adapter, AdapterPayload } from "oidc-provider";
import { epochSeconds, type Clock } from "../kernel/clock.ts";
import { clientTag, routeOf, sha256 } from "../kernel/identifiers.ts";
import type { SecretBox } from "../kernel/secret-box.ts";
import { consentIdIn } from "../policy/authorization/request-object.ts";
import { clientNames } from "../store/client-records.ts";
import { grantName, listedGrant } from "../store/grant-records.ts";
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

export type TokenModel = keyof typeof tokenModels;

export interface TokenAdapterNeeds {
  readonly store: Store;
  readonly clock: Clock;
  /** Seals pushed requests, in which a CPF or CNPJ may stand. */
  readonly box: SecretBox;
  readonly accessTokenSeconds: number;
}

/** What is read here of the engine's payloads. */
interface Stored {
  readonly kind?: string;
  readonly clientId?: string;
  readonly grantId?: string;
  readonly iat?: number;
  readonly exp?: number;
  readonly consumed?: number;
}

/**
 * Tokens, codes and grants. Nothing that opens a door is stored in clear: the name is the SHA-256 of the id, and the id
 * inside is taken out and put back on reading. Within a request whose client we authenticated, writes are collected
 * in its unit; elsewhere (the authorization endpoint) they go to the store at once.
 */
export function tokenAdapter(needs: TokenAdapterNeeds, model: TokenModel): Adapter {
  const { store, clock, box } = needs;
  const nameOf = tokenModels[model];
  const isSealed = model === "PushedAuthorizationRequest";
  const textOf = (payload: object): string => (isSealed ? box.seal(JSON.stringify(payload)) : JSON.stringify(payload));
  // Our own JSON, made by `textOf`.
  const payloadOf = (text: string): Stored => JSON.parse(isSealed ? box.open(text) : text) as Stored;
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
      const put: Put = { name: key.name, value: textOf(withoutClaimValues(payload)), ...(expiresIn === undefined ? {} : { ttlSeconds: Math.max(1, expiresIn) }) };
      const grant = model === "RefreshToken" ? grantBehind(payload) : undefined;
      const puts = grant === undefined ? [put] : [put, listedGrant(grant.clientId, grant.consentId, [grant.name, put.name])];
      const unit = unitFor(key.tag);
      if (!unit) {
        await store.batch({ tag: key.tag, put: puts });
        return;
      }
      puts.forEach((one) => unit.put.set(one.name, one));
      if (grant !== undefined) {
        // A refresh token outlives everything but its grant: where that has ended meanwhile, none is left behind.
        unit.when.push({ name: grant.name, is: "present" });
      }
    },

    async find(id) {
      const key = place(id);
      const value = key && (await store.get(key));
      if (!key || value === undefined) {
        return undefined;
      }
      const unit = engineState().engineUnit;
      unit?.read.set(key.name, value);
      const payload = payloadOf(value);
      if (model === "AuthorizationCode" && payload.consumed !== undefined && unit?.tag === key.tag) {
        endGrant(unit, payload);
      }
      return { ...payload, jti: id } as AdapterPayload;
    },

    async consume(id) {
      const key = place(id);
      const value = key && (engineState().engineUnit?.read.get(key.name) ?? (await store.get(key)));
      if (!key || value === undefined) {
        throw new errors.InvalidGrant("it has been used");
      }
      const payload = payloadOf(value);
      const unit = unitFor(key.tag);
      if (payload.consumed !== undefined) {
        // Used since the engine looked.
        if (unit) {
          endGrant(unit, payload);
        }
        throw unit ? new errors.InvalidGrant("it has been used") : new errors.InvalidRequestUri("request_uri is invalid, expired, or was already used");
      }
      const { kind, clientId, grantId, iat, exp } = payload;
      const now = epochSeconds(clock);
      // Of what is used nothing is needed any more but the fact; of a code for as long as what it gave opens anything.
      const ttlSeconds = model === "AuthorizationCode" ? needs.accessTokenSeconds : Math.max(1, (exp ?? now) - now);
      const put: Put = { name: key.name, value: textOf({ kind, clientId, grantId, iat, exp, consumed: now }), ttlSeconds };
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

/** The grant that gave a refresh token, and the consent that it belongs to. */
function grantBehind({ clientId, grantId, scope }: AdapterPayload): { name: string; clientId: string; consentId: string } | undefined {
  const consentId = consentIdIn(scope);
  return clientId === undefined || grantId === undefined || consentId === undefined ? undefined : { name: grantName(grantId), clientId, consentId };
}

/** By a second use of a code everything that the first one gave ends (RFC 6749 section 4.1.2). */
function endGrant(unit: EngineUnit, { grantId }: Stored): void {
  if (grantId !== undefined) {
    unit.remove.add(grantName(grantId));
  }
}

/**
 * The payload with the names of the requested claims, which the answers go by, and without the values that were asked of
 * them: those were judged at the log-in, and among them are a CPF and CNPJs.
 */
function withoutClaimValues<Payload extends { claims?: unknown }>(payload: Payload): Payload {
  const { claims } = payload;
  return claims === undefined ? payload : { ...payload, claims: mapMembers(claims, (place) => mapMembers(place, withoutValue)) };
}

function withoutValue(request: unknown): unknown {
  return typeof request === "object" && request !== null ? { ...("essential" in request && { essential: request.essential }) } : request;
}

function mapMembers(value: unknown, change: (member: unknown) => unknown): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)])) : value;
}

function unitFor(tag: string): EngineUnit | undefined {
  const unit = engineState().engineUnit;
  if (unit && unit.tag !== tag) {
    throw new Error("a request writes only to what its own client owns");
  }
  return unit;
}
