import { Router } from "@koa/router";
import { authorityNames, currentCrl, type AuthorityName } from "./directory-authorities.ts";
import type { Faults } from "./directory-faults.ts";
import type { Directory } from "./directory.ts";
import type { Clock } from "../kernel/clock.ts";
import { participantsList } from "./participants.ts";
import { keysShown } from "./published-keys.ts";

export interface RouteNeeds {
  readonly directory: Directory;
  readonly faults: Faults;
  readonly clock: Clock;
}

/** Discovery, the directory's own keys and the participants list: the host `auth.`. */
export function authRoutes({ directory, faults }: RouteNeeds): Router {
  const { auth, matlsAuth } = directory.urls;
  const router = new Router();
  router.get("/.well-known/openid-configuration", (ctx) => {
    // The suite copies every further member that ends in `_endpoint` into the server under test: keep to these.
    ctx.body = {
      issuer: auth,
      authorization_endpoint: `${auth}/auth`,
      token_endpoint: `${matlsAuth}/token`,
      jwks_uri: `${auth}/jwks`,
      mtls_endpoint_aliases: { token_endpoint: `${matlsAuth}/token` },
    };
  });
  router.get("/jwks", async (ctx) => {
    ctx.body = { keys: await directory.statementKeys.published() };
  });
  router.get("/participants", faults.before("participants"), async (ctx) => {
    ctx.body = await participantsList(directory.memory);
  });
  return router;
}

const uuid = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
const jwksPath = new RegExp(`^/(${uuid})(?:/(${uuid}))?(/inactive)?/(application|transport)[.]jwks$`);

/** Keys, certificates and revocation lists: the host `keystore.`. */
export function keystoreRoutes(needs: RouteNeeds): Router {
  const { directory, faults } = needs;
  const router = new Router();
  router.get("/openbanking.jwks", faults.before("keystore"), async (ctx) => {
    ctx.body = { keys: await directory.statementKeys.published() };
  });
  router.get(jwksPath, faults.before("keystore"), async (ctx, next) => {
    const [, organisation = "", software, inactive, purpose] = jwksPath.exec(ctx.path) ?? [];
    const keys = await keysShown(directory.memory, {
      organisationId: organisation.toLowerCase(),
      ...(software && { softwareId: software.toLowerCase() }),
      purpose: purpose === "transport" ? "transport" : "application",
      active: inactive === undefined,
    });
    if (!keys) return next();
    ctx.body = { keys };
  });
  router.get("/ca.crt", (ctx) => {
    ctx.type = "application/x-pem-file";
    ctx.body = authorityNames.map((name) => directory.authorities[name].certificatePem).join("");
  });
  router.get("/ca/:name.crt", async (ctx, next) => {
    const name = authorityName(ctx.params["name"]);
    if (!name) return next();
    ctx.type = "application/x-pem-file";
    ctx.body = directory.authorities[name].certificatePem;
  });
  router.use(crlRoutes(needs).routes());
  return router;
}

/** Revocation lists alone, for the listener that speaks plain http as those of real authorities do. */
export function crlRoutes({ directory, faults, clock }: RouteNeeds): Router {
  const router = new Router();
  router.get("/crl/:name.crl", faults.before("crl"), async (ctx, next) => {
    const name = authorityName(ctx.params["name"]);
    if (!name) return next();
    ctx.type = "application/pkix-crl";
    ctx.body = await currentCrl({ ...directory, clock }, name);
  });
  return router;
}

function authorityName(text: string | undefined): AuthorityName | undefined {
  return authorityNames.find((name) => name === text);
}
