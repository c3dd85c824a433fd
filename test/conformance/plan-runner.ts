import { createHash, randomBytes, randomUUID } from "node:crypto";
import { compactDecrypt, createLocalJWKSet, importJWK, jwtVerify, SignJWT, type JWK, type JWTPayload } from "jose";
import type { Page } from "playwright-core";
import { z } from "zod";
import type { BrowserVisit } from "../../src/cli/conformance-browser.ts";
import { form, httpsCall, type HttpsAnswer, type HttpsCall } from "../support/https-call.ts";
import { visit } from "./suite-browser.ts";

const key = z.looseObject({ kty: z.literal("RSA"), kid: z.string().min(1), use: z.string(), alg: z.string(), d: z.string() });
const sectionSchema = z.object({ client_id: z.string().optional(), scope: z.string(), jwks: z.object({ keys: z.array(key) }) });
const transportSchema = z.object({ cert: z.string(), key: z.string(), ca: z.string() });
const browserSchema = z.array(z.custom<BrowserVisit>());

/** The members of a plan's configuration that the suite reads. */
export const planSchema = z.strictObject({
  alias: z.string(),
  description: z.string(),
  server: z.strictObject({ discoveryUrl: z.string() }),
  client: sectionSchema,
  client2: sectionSchema.optional(),
  mtls: transportSchema,
  mtls2: transportSchema.optional(),
  resource: z.strictObject({ consentUrl: z.string(), resourceUrl: z.string(), brazilCpf: z.string() }),
  consent: z.strictObject({ productType: z.literal("personal") }),
  directory: z.strictObject({ discoveryUrl: z.string(), client_id: z.string(), apibase: z.string(), keystore: z.string() }).optional(),
  browser: browserSchema,
  override: z.record(z.string(), z.strictObject({ browser: browserSchema })).optional(),
  options: z.strictObject({ browsercontrol_css_enable: z.literal(false) }),
});
export type Plan = z.output<typeof planSchema>;

/** What the suite is besides the configuration: its callback, and the authority of the server (it trusts any). */
export interface SuiteSide {
  readonly ca: string;
  readonly callback: string;
}

export interface Flow {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** One client of a plan, driven with nothing but what the configuration holds. */
export async function planClient(plan: Plan, number: 1 | 2, { ca, callback }: SuiteSide) {
  const client = number === 1 ? plan.client : plan.client2!;
  const transport = number === 1 ? plan.mtls : plan.mtls2!;
  const identity = { cert: transport.cert + transport.ca, key: transport.key };
  const redirectUri = number === 1 ? callback : `${callback}?dummy1=lorem&dummy2=ipsum`;
  const jwkFor = (use: string) => client.jwks.keys.find((one) => one.use === use) as JWK & { kid: string; alg: string };
  const call = (url: string, wish: Omit<HttpsCall, "ca"> = {}) => httpsCall(url, { ...wish, ca, identity });
  const discovery = (await httpsCall(plan.server.discoveryUrl, { ca })).json();
  const at = (name: string): string => discovery.mtls_endpoint_aliases[name];
  const clientId = client.client_id ?? "";

  const signed = async (claims: JWTPayload) => {
    const jwk = jwkFor("sig");
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: clientId, nbf: now, exp: now + 300, ...claims }).setProtectedHeader({ alg: jwk.alg, kid: jwk.kid }).sign(await importJWK(jwk));
  };
  const authenticated = async (url: string, parameters: Record<string, string>): Promise<HttpsAnswer> => {
    const client_assertion = await signed({ sub: clientId, aud: discovery.issuer, jti: randomUUID() });
    return call(url, form({ ...parameters, client_assertion, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" }));
  };
  const withToken = (token: string) => ({ authorization: `Bearer ${token}`, "x-fapi-interaction-id": randomUUID() });

  return {
    identity,
    redirectUri,
    authorizationEndpoint: String(discovery.authorization_endpoint),
    clientId,
    /** Consent and pushed request: the address for the browser. */
    async ask(permissions: readonly string[]): Promise<Flow> {
      const own = await authenticated(at("token_endpoint"), { grant_type: "client_credentials", scope: "consents" });
      const data = {
        permissions,
        loggedUser: { document: { identification: plan.resource.brazilCpf, rel: "CPF" } },
        expirationDateTime: new Date(Date.now() + 7_200_000).toISOString().replace(/\.\d+Z$/, "Z"),
      };
      const headers = { "content-type": "application/json", ...withToken(own.json().access_token) };
      const consent = await call(plan.resource.consentUrl, { method: "POST", headers, body: JSON.stringify({ data }) });
      const [state, nonce, verifier] = [randomUUID(), randomUUID(), randomBytes(96).toString("base64url")];
      const request = await signed({
        client_id: clientId,
        aud: discovery.issuer,
        scope: `${client.scope} consent:${String(consent.json().data.consentId)}`,
        redirect_uri: redirectUri,
        response_type: "code id_token",
        state,
        nonce,
        claims: { id_token: { acr: { essential: true } } },
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      });
      const pushed = await authenticated(at("pushed_authorization_request_endpoint"), { request });
      if (pushed.status !== 201) throw new Error(`the request was answered ${pushed.status}: ${pushed.text}`);
      const query = new URLSearchParams({ client_id: clientId, request_uri: pushed.json().request_uri, response_type: "code id_token", scope: client.scope, redirect_uri: redirectUri });
      return { url: `${String(discovery.authorization_endpoint)}?${query.toString()}`, state, nonce, verifier };
    },
    /** Does what the configuration's automation says; a module's override stands in place of it. */
    automation: (module?: string): BrowserVisit[] => [...(module === undefined ? plan.browser : plan.override![module]!.browser)],
    visit: (page: Page, visits: BrowserVisit[], url: string) => visit(page, visits, url),
    async idToken(token: string, { nonce }: Flow): Promise<JWTPayload> {
      const jwk = jwkFor("enc");
      const inner = new TextDecoder().decode((await compactDecrypt(token, await importJWK(jwk), { keyManagementAlgorithms: [jwk.alg] })).plaintext);
      const keys = createLocalJWKSet((await httpsCall(discovery.jwks_uri, { ca })).json());
      const { payload } = await jwtVerify(inner, keys, { issuer: discovery.issuer, audience: clientId, algorithms: ["PS256"] });
      if (payload["nonce"] !== nonce) throw new Error("the nonce is another");
      return payload;
    },
    redeem: (code: string, { verifier }: Flow) =>
      authenticated(at("token_endpoint"), { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier }),
    resource: (token: string) => call(plan.resource.resourceUrl, { headers: withToken(token) }),
  };
}
