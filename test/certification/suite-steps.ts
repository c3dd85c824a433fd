import { randomBytes, X509Certificate } from "node:crypto";
import { expect } from "chai";
import { form, type HttpsAnswer } from "../support/https-call.ts";
import type { TlsIdentity } from "../support/sandbox.ts";
import { expectDiscovery, expectServerJwks, textIn, type Discovery } from "./discovery-rows.ts";
import { fapiWorld } from "./fapi/fapi-world.ts";
import { fapiRun } from "./fapi/suite-steps.ts";
import { expectDeleted, expectRegistered, type SuiteClient } from "./suite-answers.ts";
import { suiteConfiguration, suiteWorld, type SuiteWorld } from "./suite-world.ts";

type Body = Readonly<Record<string, unknown>>;

/** One run of a module, past its first steps (2.1.1): discovery, keys, configuration, directory, software statement. */
export interface SuiteRun {
  readonly world: SuiteWorld;
  /** Under `mtls_endpoint_aliases`. */
  readonly registrationEndpoint: string;
  readonly rootRegistrationEndpoint: string;
  readonly statement: string;
  /** Another statement, with the directory token of the first. */
  freshStatement(): Promise<string>;
  /** Exactly the members that the suite sends; undefined takes one out. */
  body(change?: Body): Body;
  post(body: Body, call?: { url?: string; identity?: TlsIdentity | undefined }): Promise<HttpsAnswer>;
  /** Registers with certificate and without Authorization, and checks the answer. */
  register(change?: Body): Promise<SuiteClient>;
  /** A call to the client's registration_client_uri; by default with the true certificate and token. */
  manage(method: "GET" | "PUT" | "DELETE", client: SuiteClient, change?: { token?: string; identity?: TlsIdentity | undefined; body?: Body }): Promise<HttpsAnswer>;
  /** The whole registration answer minus four members, with a fresh statement. */
  updateBody(client: SuiteClient, statement: string, change?: Body): Body;
  /** The client deletes itself, and must be gone with 204. */
  delete(client: SuiteClient): Promise<void>;
  requestToken(client: SuiteClient): Promise<HttpsAnswer>;
  /** The whole authorization flow (2.2.1) with the client as it is now; the first redirect URI unless told otherwise. */
  authorize(client: SuiteClient, change?: { redirectUri?: string; duplicates?: boolean }): Promise<void>;
}

/** A mirrored module of the official plan: its story in one test, and no client left behind whatever happens. */
export function dcrModule(name: string, requirement: string, steps: (run: SuiteRun) => Promise<void>): void {
  describe(`fapi1-advanced-final-${name}`, () => {
    it(requirement, async () => {
      const left = new Set<SuiteClient>();
      const run = await firstSteps(left);
      try {
        await steps(run);
      } finally {
        // The suite cleans up after an interrupted module too, and demands 204 then.
        for (const client of left) await run.delete(client);
      }
    });
  });
}

async function firstSteps(left: Set<SuiteClient>): Promise<SuiteRun> {
  const world = await suiteWorld();
  const { server, tpp, identity } = world;
  const discovery = await readDiscovery(world);
  expectConfiguredKeys(world);
  const freshStatement = await openDirectory(world);
  const statement = await freshStatement();
  const aliases = discovery["mtls_endpoint_aliases"] as Discovery;
  const registrationEndpoint = textIn(aliases, "registration_endpoint");
  const tokenEndpoint = textIn(aliases, "token_endpoint");
  const headers = { accept: "application/json", "accept-charset": "utf-8" };

  const run: SuiteRun = {
    world,
    registrationEndpoint,
    rootRegistrationEndpoint: textIn(discovery, "registration_endpoint"),
    statement,
    freshStatement,
    body: (change = {}) => ({
      grant_types: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
      response_types: ["code id_token"],
      token_endpoint_auth_method: "private_key_jwt",
      jwks_uri: tpp.description.jwks_uri,
      redirect_uris: [suiteConfiguration.redirectUri],
      software_statement: statement,
      ...change,
    }),
    post: (body, call = {}) => server.post(call.url ?? registrationEndpoint, body, { headers, ...withIdentity("identity" in call ? call.identity : identity) }),
    async register(change = {}) {
      const requested = change["scope"];
      const answer = await run.post(run.body(change));
      const client = expectRegistered(answer, suiteConfiguration.clientScope, typeof requested === "string" ? requested : undefined);
      left.add(client);
      return client;
    },
    manage: (method, client, change = {}) => {
      const presented = "identity" in change ? change.identity : identity;
      const json = change.body === undefined ? {} : { body: JSON.stringify(change.body) };
      return server.call(client.uri, {
        method,
        headers: { ...headers, authorization: `Bearer ${change.token ?? client.token}`, ...(change.body && { "content-type": "application/json" }) },
        ...json,
        ...withIdentity(presented),
      });
    },
    updateBody(client, fresh, change = {}) {
      const { registration_access_token: _1, registration_client_uri: _2, client_secret_expires_at: _3, client_id_issued_at: _4, ...body } = client.body;
      return { ...body, software_statement: fresh, ...change };
    },
    async delete(client) {
      left.delete(client);
      expectDeleted(await run.manage("DELETE", client));
    },
    async requestToken({ clientId }) {
      const now = Math.floor(Date.now() / 1000);
      const claims = { aud: tokenEndpoint, nbf: now, jti: randomBytes(10).toString("hex") };
      const client_assertion = await server.assertion(tpp, clientId, { claims });
      const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
      const sent = form({ grant_type: "client_credentials", scope: "consents", client_assertion, client_assertion_type });
      return server.call(tokenEndpoint, { ...sent, identity });
    },
    async authorize({ clientId }, { redirectUri = suiteConfiguration.redirectUri, duplicates = false } = {}) {
      const { complete } = await fapiRun(await fapiWorld());
      await complete({ number: 1, tpp, identity, clientId, redirectUri }, {}, { duplicates });
    },
  };
  return run;
}

function withIdentity(identity: TlsIdentity | undefined): { identity?: TlsIdentity } {
  return identity ? { identity } : {};
}

async function readDiscovery({ server }: SuiteWorld): Promise<Discovery> {
  const url = `${server.running.realm.issuer}/.well-known/openid-configuration`;
  const discovery = expectDiscovery(await server.call(url), url);
  expectServerJwks(await server.call(textIn(discovery, "jwks_uri")));
  return discovery;
}

/** The client's private keys: one for signatures and one for encryption, with distinct kids. */
function expectConfiguredKeys({ tpp }: SuiteWorld): void {
  const { keys } = JSON.parse(tpp.files["jwks-private.json"]) as { keys: { use: string; alg: string; kid: string }[] };
  expect(keys.map(({ use, alg }) => `${use} ${alg}`)).to.have.members(["sig PS256", "enc RSA-OAEP"]);
  expect(new Set(keys.map(({ kid }) => kid)).size).to.equal(2);
}

/** 4.6: discovery, token and statement, each as the suite asks for it. Gives what fetches one statement more. */
async function openDirectory({ directory, server, tpp, identity }: SuiteWorld): Promise<() => Promise<string>> {
  const found = (await server.call(`${directory.urls.auth}/.well-known/openid-configuration`, { identity })).json();
  const tokenEndpoint = found.mtls_endpoint_aliases?.token_endpoint ?? found.token_endpoint;
  const asked = form({ grant_type: "client_credentials", scope: "directory:software", client_id: tpp.description.directory.client_id });
  const token = await server.call(tokenEndpoint, { ...asked, identity });
  expect(token.status, token.text).to.equal(200);
  const { access_token, token_type } = token.json();
  expect(token_type).to.equal("Bearer");
  const { organisation, software } = idsIn(identity);
  const address = `${directory.urls.matlsApi}/organisations/${organisation}/softwarestatements/${software}/assertion`;
  return async () => {
    const answer = await server.call(address, { identity, headers: { authorization: `Bearer ${access_token}`, accept: "application/jwt;charset=UTF-8" } });
    expect(answer.status, answer.text).to.equal(200);
    expect(answer.text, "a compact JWS and nothing else").to.match(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    return answer.text;
  };
}

/** As the suite reads them from the client certificate: a stray OU would be taken for the organisation. */
function idsIn({ cert }: TlsIdentity): { organisation: string; software: string } {
  const subject = new Map(new X509Certificate(cert).subject.split("\n").map((line) => line.split("=", 2) as [string, string]));
  expect(subject.has("OU")).to.equal(false);
  const organisation = (subject.get("organizationIdentifier") ?? subject.get("2.5.4.97") ?? "").replace(/^[^-]*-/, "");
  return { organisation, software: subject.get("UID") ?? "" };
}

/** The statement with altered signature bytes. */
export function withBadSignature(statement: string): string {
  const [header, payload, signature = ""] = statement.split(".");
  const bytes = Buffer.from(signature, "base64url").map((byte) => byte ^ 0x5a);
  return [header, payload, Buffer.from(bytes).toString("base64url")].join(".");
}

/** A statement's claims, unverified. */
export function claimsOf(statement: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(statement.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>;
}
