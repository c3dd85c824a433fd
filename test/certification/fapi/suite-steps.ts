import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";
import { expect } from "chai";
import { SignJWT, type JSONWebKeySet, type JWTHeaderParameters, type JWTPayload } from "jose";
import { sampleCustomers } from "../../../src/bank/sample-customers.ts";
import { authorizeUrl, rawBrowser, throughThePages, type RawBrowser } from "../../support/authorization.ts";
import { form, type HttpsAnswer } from "../../support/https-call.ts";
import type { TlsIdentity } from "../../support/sandbox.ts";
import type { AssertionChange, TestServer } from "../../support/server.ts";
import { suiteConfiguration } from "../suite-world.ts";
import { consentPermissions } from "./consent-permissions.ts";
import { fapiWorld, type FapiClient, type FapiWorld } from "./fapi-world.ts";
import { expectConsent, expectIdToken, expectPushed, expectResource, expectSuccess, expectTokens, type Asked, type Issuer } from "./suite-checks.ts";

type Parameters = Readonly<Record<string, string | undefined>>;

/** What a module does otherwise than the common flow (2.2.1). */
export interface PushChange {
  /** Asks for this consent instead of a new one. */
  readonly consentId?: string;
  /** Claims of the request object; undefined takes one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Partial<JWTHeaderParameters>;
  /** Makes the request object in another way. */
  readonly sign?: (claims: JWTPayload, header: JWTHeaderParameters) => Promise<string>;
  /** Parameters of the form; undefined takes one out. */
  readonly form?: Parameters;
  readonly assertion?: AssertionChange;
  readonly method?: string;
}

export interface Pushed {
  readonly asked: Asked;
  readonly answer: HttpsAnswer;
}

export interface Authorized {
  readonly asked: Asked;
  readonly requestUri: string;
  readonly code: string;
  readonly claims: JWTPayload;
}

export interface RedeemChange {
  readonly form?: Parameters;
  readonly assertion?: AssertionChange;
  readonly identity?: TlsIdentity | undefined;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly claims: JWTPayload;
}

/** What a module is run with: the steps of the common flow, each with all its checks. */
export interface FapiRun extends FapiWorld {
  readonly browser: RawBrowser;
  readonly issuer: Issuer;
  /** 4.1: the consent of each authorization, for the sample bank's first person unless told otherwise. */
  consent(client: FapiClient, change?: ConsentChange): Promise<string>;
  /** A new consent and a request object for it, pushed. The answer is for the module to judge. */
  push(client: FapiClient, change?: PushChange): Promise<Pushed>;
  /** The address that the browser is sent to, with the parameters repeated as the suite does. */
  authorizeUrl(client: FapiClient, requestUri: string, asked: Asked, change?: { duplicates?: boolean; parameters?: Parameters }): string;
  /** Follows redirects, not forms: a page of ours, or the client's callback. */
  open(url: string): Promise<{ page: HttpsAnswer; at: string } | { callback: URL }>;
  /** Pushes, logs in, decides. */
  decide(client: FapiClient, decision: "approve" | "deny", change?: PushChange, outer?: { duplicates?: boolean; parameters?: Parameters }): Promise<{ asked: Asked; requestUri: string; callback: URL }>;
  /** The flow up to a code, with the checks of 2.2.2. */
  authorize(client: FapiClient, change?: PushChange, outer?: { duplicates?: boolean; parameters?: Parameters }): Promise<Authorized>;
  redeem(client: FapiClient, authorized: Authorized, change?: RedeemChange): Promise<HttpsAnswer>;
  token(client: FapiClient, parameters: Parameters, change?: RedeemChange): Promise<HttpsAnswer>;
  /** Redeems the code, with the checks of 2.2.3. */
  tokens(client: FapiClient, authorized: Authorized, change?: RedeemChange): Promise<Tokens>;
  resource(client: FapiClient, accessToken: string, change?: { headers?: Record<string, string>; identity?: TlsIdentity; url?: string }): Promise<HttpsAnswer>;
  /** Opens the resource, with the checks of 4.3. */
  openResource(client: FapiClient, accessToken: string, headers?: Record<string, string>): Promise<void>;
  /** The common flow to its end. */
  complete(client: FapiClient, change?: PushChange, outer?: { duplicates?: boolean; parameters?: Parameters }): Promise<Authorized & { tokens: Tokens }>;
}

/** A mirrored module of the official plan. */
export function fapiModule(name: string, requirement: string, steps: (run: FapiRun) => Promise<void>): void {
  describe(`fapi1-advanced-final${name === "" ? "" : "-"}${name}`, () => {
    it(requirement, async () => {
      await steps(await fapiRun(await fapiWorld()));
    });
  });
}

export const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** The steps of the common flow against a server, for whatever client; cookies live as long as the run. */
export async function fapiRun(world: FapiWorld): Promise<FapiRun> {
  const { server } = world;
  const browser = rawBrowser(server.ca);
  const issuer = { issuer: server.running.realm.issuer, jwks: (await server.call(server.url("jwks"))).json() as JSONWebKeySet };

  const run: FapiRun = {
    ...world,
    browser,
    issuer,
    async consent(client, change) {
      const answer = await run.token(client, { grant_type: "client_credentials", scope: "consents" });
      expect(answer.status, answer.text).to.equal(200);
      expect(answer.json()).to.include({ token_type: "Bearer" });
      expect(answer.json().expires_in).to.be.a("number").within(300, 900);
      return createConsent(world, client, answer.json().access_token, change);
    },
    async push(client, change = {}) {
      const { asked, claims } = requestFor(client, issuer.issuer, `${suiteConfiguration.clientScope} consent:${change.consentId ?? (await run.consent(client))}`, change.claims);
      const header = { alg: "PS256", kid: client.tpp.signing.kid, ...(client.number === 2 && { typ: randomCase("oauth-authz-req+jwt") }), ...change.header };
      const request = await (change.sign ?? signedBy(client))(claims, header);
      const client_assertion = await assertion(server, client, issuer.issuer, change.assertion);
      const sent = form({ request, client_assertion, client_assertion_type: jwtBearer, ...change.form });
      const answer = await server.call(server.url("pushed_authorization_request"), { ...sent, ...(change.method && { method: change.method }), identity: client.identity });
      return { asked, answer };
    },
    authorizeUrl(client, requestUri, asked, { duplicates = true, parameters = {} } = {}) {
      const repeated = duplicates ? { scope: asked.scope, response_type: "code id_token", redirect_uri: asked.redirectUri } : {};
      const outer = Object.entries({ ...repeated, ...parameters }).filter((pair): pair is [string, string] => pair[1] !== undefined);
      return authorizeUrl(server, client.clientId, requestUri, Object.fromEntries(client.number === 2 ? outer.toReversed() : outer));
    },
    async open(url) {
      let at = url;
      for (let redirects = 0; redirects < 10; redirects += 1) {
        const page = await browser.get(at);
        const { location } = page.headers;
        if (typeof location !== "string") {
          return { page, at };
        }
        at = new URL(location, at).href;
        if (!at.startsWith(String(server.settings["publicUrl"]))) {
          return { callback: new URL(at) };
        }
      }
      throw new Error("the redirects led nowhere");
    },
    async decide(client, decision, change, outer) {
      const { asked, answer } = await run.push(client, change);
      const requestUri = expectPushed(answer);
      const callback = await throughThePages(server, run.authorizeUrl(client, requestUri, asked, outer), decision, browser);
      return { asked, requestUri, callback };
    },
    async authorize(client, change, outer) {
      const { asked, requestUri, callback } = await run.decide(client, "approve", change, outer);
      return { asked, requestUri, ...(await expectSuccess(callback, asked, client, issuer)) };
    },
    redeem: (client, { code, asked }, change) =>
      run.token(client, { grant_type: "authorization_code", code, redirect_uri: asked.redirectUri, code_verifier: asked.verifier }, change),
    async token(client, parameters, change = {}) {
      const client_assertion = await assertion(server, client, server.url("token"), change.assertion);
      const sent = form({ client_assertion, client_assertion_type: jwtBearer, ...parameters, ...change.form });
      const identity = "identity" in change ? change.identity : client.identity;
      return server.call(server.url("token"), { ...sent, ...(identity && { identity }) });
    },
    async tokens(client, authorized, change) {
      const { accessToken, refreshToken, idToken } = expectTokens(await run.redeem(client, authorized, change));
      const claims = await expectIdToken(idToken, authorized.asked, client, issuer);
      expect(claims).to.include({ sub: authorized.claims.sub, iss: authorized.claims.iss });
      return { accessToken, refreshToken, claims };
    },
    async resource(client, accessToken, { headers = {}, identity = client.identity, url = world.resourceUrl } = {}) {
      return server.call(url, { identity, headers: { "x-fapi-interaction-id": randomUUID(), authorization: `Bearer ${accessToken}`, ...headers } });
    },
    async openResource(client, accessToken, headers = {}) {
      const interactionId = client.number === 1 ? randomUUID().toUpperCase() : randomUUID();
      const first: Record<string, string> = client.number === 1 ? { "x-fapi-auth-date": new Date().toUTCString(), "x-fapi-customer-ip-address": "198.51.100.119" } : {};
      expectResource(await run.resource(client, accessToken, { headers: { ...first, "x-fapi-interaction-id": interactionId, ...headers } }), interactionId);
    },
    async complete(client, change, outer) {
      const authorized = await run.authorize(client, change, outer);
      const tokens = await run.tokens(client, authorized);
      await run.openResource(client, tokens.accessToken);
      return { ...authorized, tokens };
    },
  };
  return run;
}

export interface ConsentChange {
  /** Login id of the person in `loggedUser`. */
  readonly person?: string;
  /** Login id of the company in `businessEntity`. */
  readonly company?: string;
  readonly permissions?: readonly string[];
  readonly lifeSeconds?: number;
}

async function createConsent({ server, consentUrl }: FapiWorld, client: FapiClient, token: string, change: ConsentChange = {}): Promise<string> {
  const { person = "jacaranda.exemplo", company, permissions = consentPermissions, lifeSeconds = 7_200 } = change;
  const data = {
    permissions,
    loggedUser: { document: { identification: documentOf(person), rel: "CPF" } },
    ...(company !== undefined && { businessEntity: { document: { identification: documentOf(company), rel: "CNPJ" } } }),
    expirationDateTime: new Date(Date.now() + lifeSeconds * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
  };
  const interactionId = randomUUID().replaceAll(/[a-f]/g, (letter) => (randomInt(2) === 0 ? letter : letter.toUpperCase()));
  const headers = { authorization: `Bearer ${token}`, accept: "application/json", "x-fapi-auth-date": new Date().toUTCString(), "x-fapi-interaction-id": interactionId };
  return expectConsent(await server.post(consentUrl, { data }, { identity: client.identity, headers }), permissions, interactionId);
}

/** CPF or CNPJ of somebody of the sample bank. */
export function documentOf(loginId: string): string {
  const customer = sampleCustomers.find((one) => one.loginId === loginId);
  if (customer === undefined) {
    throw new Error(`nobody is called ${loginId}`);
  }
  return customer.kind === "person" ? customer.cpf : customer.cnpj;
}

/** 2.2.1, row RO: the claims, and what the answers will be compared with. */
function requestFor(client: FapiClient, issuer: string, scope: string, change: Readonly<Record<string, unknown>> = {}): { asked: Asked; claims: JWTPayload } {
  const now = Math.floor(Date.now() / 1000);
  const verifier = randomBytes(96).toString("base64url");
  const second = { state: `${randomBytes(93).toString("base64url")}-._~`, nonce: `${randomBytes(32).toString("base64url")}`, iat: now };
  const claims: JWTPayload = {
    client_id: client.clientId,
    iss: client.clientId,
    aud: issuer,
    scope,
    redirect_uri: client.redirectUri,
    response_type: "code id_token",
    ...(client.number === 2 ? second : { state: randomBytes(10).toString("base64url"), nonce: randomBytes(10).toString("base64url") }),
    nbf: now,
    exp: now + 300,
    claims: { id_token: { acr: { essential: true } } },
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...change,
  };
  const text = (name: string) => (typeof claims[name] === "string" ? claims[name] : undefined);
  return { claims, asked: { state: text("state"), nonce: text("nonce"), scope: text("scope") ?? scope, redirectUri: client.redirectUri, verifier } };
}

export function signedBy({ tpp }: FapiClient): (claims: JWTPayload, header: JWTHeaderParameters) => Promise<string> {
  return (claims, header) => new SignJWT(claims).setProtectedHeader(header).sign(tpp.signing.key);
}

/** 2.2.1: the client's assertion. */
export function assertion(server: TestServer, client: FapiClient, aud: string | readonly string[], change: AssertionChange = {}): Promise<string> {
  const claims = { aud: aud as string, nbf: Math.floor(Date.now() / 1000), jti: randomBytes(10).toString("hex"), ...change.claims };
  return server.assertion(client.tpp, client.clientId, { ...change, claims });
}

function randomCase(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) => (randomInt(2) === 0 ? letter : letter.toUpperCase()));
}
