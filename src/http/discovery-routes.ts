import type Router from "@koa/router";
import type { JWK } from "jose";
import { endpointPaths, type Realm } from "../oidc/endpoints.ts";

/** Discovery and keys (DCR 6.1): the same bytes for everybody, made once; no client certificate is asked for (D21). */
export function addDiscoveryRoutes(
  router: Router,
  needs: { realm: Realm; document: Readonly<Record<string, unknown>>; publicJwks: { readonly keys: readonly JWK[] } },
): void {
  const { realm } = needs;
  serve(router, `${realm.path}/.well-known/openid-configuration`, "application/json", needs.document);
  serve(router, `${realm.path}${endpointPaths.jwks}`, "application/jwk-set+json", needs.publicJwks);
}

function serve(router: Router, path: string, type: string, content: unknown): void {
  const bytes = Buffer.from(JSON.stringify(content));
  router.get(path, (ctx) => {
    ctx.type = type;
    ctx.set("cache-control", "public, max-age=300");
    ctx.set("access-control-allow-origin", "*");
    ctx.body = bytes;
  });
}
