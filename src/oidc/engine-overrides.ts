import type Provider from "oidc-provider";
// The engine offers no setting for the size of its client cache; these two files of it do.
import LRU from "oidc-provider/lib/helpers/lru.js";
import instance from "oidc-provider/lib/helpers/weak_cache.js";
import type { SoftwareKeys } from "../directory/software-keys.ts";
import { isConsentScope } from "../policy/authorization/request-object.ts";
import type { VersionedClient } from "../store/client-records.ts";
import { engineClientId, engineState } from "./engine-context.ts";
import { createKeySynchronisation } from "./engine-keys.ts";
import { endpointPaths, endpointUrl, type EndpointName, type Realm } from "./endpoints.ts";

export interface EngineOverrideNeeds {
  readonly realm: Realm;
  readonly softwareKeys: SoftwareKeys;
  readonly scopes: readonly string[];
}

/**
 * Everything in which the engine is changed beyond its settings, each with its reason and a test in
 * `test/oidc/engine-overrides.test.ts` that fails when the engine changes underneath.
 */
export function overrideEngine(provider: Provider, needs: EngineOverrideNeeds): void {
  const { realm } = needs;
  // The engine's types leave these members out.
  const context = provider.OIDCContext.prototype as unknown as EngineContext;

  // The engine builds URLs from the request's Host header, which the caller chooses.
  context.urlFor = (name, options) => {
    switch (name) {
      case "resume":
        return `${realm.publicUrl}${realm.path}${endpointPaths.authorization}/${options?.uid}`;
      default:
        // The engine's own names of the endpoints are ours; it asks for no others.
        return endpointUrl(realm, name as EndpointName);
    }
  };

  // A client that we have authenticated, by its assertion and its certificate, is not made to prove it a second time.
  // What is registered stays private_key_jwt: without our word the engine asks for an assertion, and has no memory of
  // used ones to accept it with.
  const client = provider.Client.prototype;
  const registered = Object.getOwnPropertyDescriptor(client, "clientAuthMethod")?.get;
  Object.defineProperty(client, "clientAuthMethod", {
    get(this: { clientId: string }): unknown {
      const authenticated = engineState().engineUnit?.client.record.clientId === this.clientId;
      return authenticated ? "tls_client_auth" : registered?.call(this);
    },
  });

  // The engine knows no scope that is not listed; a consent's is made for each consent (FAPI-BR 5.2.2-9).
  const listed = new Set(needs.scopes);
  Object.defineProperty(context, "requestParamOIDCScopes", {
    get(this: { params: { scope?: string } }) {
      return new Set((this.params.scope ?? "").split(" ").filter((scope) => listed.has(scope) || isConsentScope(scope)));
    },
  });

  // A token is found under its consent by its scope: a refresh may leave out whatever it likes, but that stays.
  const grant = provider.Grant.prototype;
  const granted = grant.getOIDCScopeFiltered;
  grant.getOIDCScopeFiltered = function scopeUnderConsent(wanted) {
    return granted.call(this, new Set([...wanted, ...this.getOIDCScope().split(" ").filter(isConsentScope)]));
  };

  // Rebuilding a client and its key store costs more than the rest of a request: more than 100 must stay.
  instance(provider).dynamicClients = new LRU({ maxSize: 5_000 });

  // Every client that the engine works with holds the keys that the directory gives it now. One that we have
  // authenticated is known by our record of it: the engine would make a text of all its metadata, and hash it, to know it.
  const synchronise = createKeySynchronisation(needs.softwareKeys);
  const find = provider.Client.find.bind(provider.Client);
  const built = new WeakMap<VersionedClient, NonNullable<Awaited<ReturnType<typeof find>>>>();
  provider.Client.find = async (id: string) => {
    const { engineUnit } = engineState();
    const authenticated = engineUnit?.client.record.clientId === id ? engineUnit.client : undefined;
    const client = (authenticated && built.get(authenticated)) ?? (await find(id));
    if (client && authenticated) {
      built.set(authenticated, client);
    }
    if (client) {
      await synchronise(client);
    }
    return client;
  };

  // Tokens, codes and grants begin with their client's route: the id alone tells where in the store everything of the client
  // lies. The engine's own id follows, 43 characters of 256 random bits.
  const { AccessToken, AuthorizationCode, RefreshToken, PushedAuthorizationRequest, Grant } = provider;
  for (const model of [AccessToken, AuthorizationCode, RefreshToken, PushedAuthorizationRequest, Grant]) {
    generating(model, (token, ownId) => `${(token.clientId ?? engineClientId() ?? "").slice(0, 16)}${ownId}`);
  }
}

/** How a model makes its ids; not in the engine's types. */
function generating(model: { prototype: object }, generate: (token: { clientId?: string }, ownId: string) => string): void {
  const prototype = model.prototype as { generateTokenId: (this: { clientId?: string }) => string };
  // It also notes the token's format, without which the engine saves nothing.
  const own = prototype.generateTokenId;
  prototype.generateTokenId = function generateTokenId() {
    return generate(this, own.call(this));
  };
}

interface EngineContext {
  urlFor(name: string, options?: { uid?: string }): string;
}
