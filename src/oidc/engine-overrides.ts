import type Provider from "oidc-provider";
// The engine offers no setting for the size of its client cache; these two files of it do.
import LRU from "oidc-provider/lib/helpers/lru.js";
import instance from "oidc-provider/lib/helpers/weak_cache.js";
import { Provider as Engine } from "./engine.ts";
import { assertionAudiences, endpointUrl, registrationClientUri, type EndpointName, type Realm } from "./endpoints.ts";
import type { RegistrationUnit } from "./registration-unit.ts";

/**
 * Everything in which the engine is changed beyond its settings, each with its reason and a test in
 * `test/oidc/engine-overrides.test.ts` that fails when the engine changes underneath.
 */
export function overrideEngine(provider: Provider, realm: Realm): void {
  const context = provider.OIDCContext.prototype as EngineContext;

  // The engine builds URLs from the request's Host header, which the caller chooses.
  context.urlFor = (name, options) => {
    if (name === "client") {
      return registrationClientUri(realm, options?.clientId ?? "");
    }
    // The engine's own names of the endpoints are ours; it asks for no others.
    return endpointUrl(realm, name as EndpointName);
  };

  // The same for the audiences that a client assertion may name; both hosts count (conformance 2.2.1).
  const audiences = assertionAudiences(realm);
  context.clientJwtAuthExpectedAudience = () => new Set(audiences);

  // Rebuilding a client and its key store costs more than the rest of a request: more than 100 must stay.
  instance(provider).dynamicClients = new LRU({ maxSize: 5_000 });

  // A registration access token begins with its client's route, and its hash is committed with the client.
  const registrationToken = provider.RegistrationAccessToken.prototype as unknown as { generateTokenId(): string };
  registrationToken.generateTokenId = () => {
    const unit = Engine.ctx?.state["registration"] as RegistrationUnit | undefined;
    if (!unit?.fresh) {
      throw new Error("a registration access token is made only in a first registration");
    }
    return unit.fresh.registrationToken;
  };
}

interface EngineContext {
  urlFor(name: string, options?: { clientId?: string }): string;
  clientJwtAuthExpectedAudience(): Set<string>;
}
