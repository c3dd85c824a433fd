import type { IntrospectToken } from "../policy/token/introspect-token.ts";
import { bearerToken } from "./bearer-token.ts";
import type { AuthorizeCaller } from "./consents/consent-caller.ts";
import type { JudgeClientCertificate } from "./judge-client-certificate.ts";

/**
 * Judges the access token of a call to an API that this server itself serves: the certificate is an accepted BRCAC,
 * the token is live and bound to it, and has the scope. The same introspection that resource servers get.
 */
export function createCallerAuthorisation(needs: { introspect: IntrospectToken; judgeCertificate: JudgeClientCertificate }): AuthorizeCaller {
  return async (ctx, scope) => {
    const { verdict, presented } = await needs.judgeCertificate(ctx.req);
    const token = bearerToken(ctx.req);
    if (!verdict.ok || !presented || token === undefined) {
      return { ok: false, status: 401 };
    }
    const facts = await needs.introspect(token);
    if (!facts.active || facts.cnf["x5t#S256"] !== presented.thumbprint) {
      return { ok: false, status: 401, wwwAuthenticate: 'Bearer error="invalid_token"' };
    }
    if (!facts.scope.split(" ").includes(scope)) {
      return { ok: false, status: 403, wwwAuthenticate: `Bearer error="insufficient_scope", scope="${scope}"` };
    }
    const actor = { kind: "tpp", softwareId: facts.software_id, organisationId: facts.org_id, certificate: presented.thumbprint } as const;
    return { ok: true, caller: { clientId: facts.client_id, actor, ...(facts.sub === undefined ? {} : { customerId: facts.sub }) } };
  };
}
