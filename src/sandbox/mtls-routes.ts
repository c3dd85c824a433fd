import type { X509Certificate } from "node:crypto";
import { TLSSocket } from "node:tls";
import { Router } from "@koa/router";
import type { Context } from "koa";
import { DirectoryProblem } from "./directory-problem.ts";
import { fingerprintOf } from "./published-keys.ts";
import type { RouteNeeds } from "./public-routes.ts";
import { readBody } from "./read-body.ts";

/** The token endpoint: the host `matls-auth.`. */
export function tokenRoutes({ directory, faults, clock }: RouteNeeds): Router {
  const router = new Router();
  router.post("/token", faults.before("token"), async (ctx) => {
    const certificate = clientCertificate(ctx);
    if (certificate.validToDate.getTime() < clock()) {
      throw new DirectoryProblem(401, "invalid_client", "Expected a client certificate that has not expired");
    }
    const form = new URLSearchParams(await readBody(ctx, "application/x-www-form-urlencoded"));
    if (form.get("grant_type") !== "client_credentials") {
      throw new DirectoryProblem(400, "unsupported_grant_type", "Expected grant_type client_credentials");
    }
    if (form.get("scope") !== "directory:software") {
      throw new DirectoryProblem(400, "invalid_scope", "Expected scope directory:software");
    }
    const { accessToken, expiresIn } = await directory.issueToken(form.get("client_id") ?? "", fingerprintOf(certificate));
    ctx.set("Cache-Control", "no-store");
    // The suite takes exactly 200 for a token.
    ctx.status = 200;
    ctx.body = { access_token: accessToken, token_type: "Bearer", expires_in: expiresIn, scope: "directory:software" };
  });
  return router;
}

/** Software statements: the host `matls-api.`. */
export function statementRoutes({ directory, faults }: RouteNeeds): Router {
  const router = new Router();
  const path = "/organisations/:organisationId/softwarestatements/:softwareId/assertion";
  router.get(path, faults.before("assertion"), async (ctx) => {
    const bearer = /^Bearer ([A-Za-z0-9_-]+)$/i.exec(ctx.get("Authorization"))?.[1] ?? "";
    const softwareId = await directory.softwareOfToken(bearer, fingerprintOf(clientCertificate(ctx)));
    if (!softwareId) {
      ctx.set("WWW-Authenticate", 'Bearer error="invalid_token"');
      throw new DirectoryProblem(401, "invalid_token", "Expected a living token of this directory, used over the certificate it was given to");
    }
    const software = await directory.memory.get("software", softwareId);
    const { organisationId: askedOrganisation = "", softwareId: asked = "" } = ctx.params;
    if (asked.toLowerCase() !== softwareId || askedOrganisation.toLowerCase() !== software?.organisationId) {
      throw new DirectoryProblem(403, "forbidden", "Expected the software statement that the token was given to, and no other's");
    }
    const statement = await directory.statement({ softwareId, ageSeconds: 0, claims: {} });
    ctx.set("Cache-Control", "no-store");
    ctx.set("Content-Type", "application/jwt;charset=UTF-8");
    // A buffer: koa would write the media type of a string anew.
    ctx.body = Buffer.from(statement);
  });
  return router;
}

function clientCertificate(ctx: Context): X509Certificate {
  const certificate = ctx.req.socket instanceof TLSSocket ? ctx.req.socket.getPeerX509Certificate() : undefined;
  if (!certificate) {
    throw new DirectoryProblem(401, "invalid_client", "Expected a client certificate (mutual TLS), received none");
  }
  return certificate;
}
