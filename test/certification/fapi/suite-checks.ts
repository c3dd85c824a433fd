import { createHash } from "node:crypto";
import { expect } from "chai";
import { compactDecrypt, compactVerify, createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload } from "jose";
import type { HttpsAnswer } from "../../support/https-call.ts";
import type { FapiClient } from "./fapi-world.ts";

/** What was asked for, as far as the answers are compared with it. */
export interface Asked {
  readonly state: string | undefined;
  readonly nonce: string | undefined;
  readonly scope: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

/** What the checks of ID tokens compare with. */
export interface Issuer {
  readonly issuer: string;
  readonly jwks: JSONWebKeySet;
}

/** Shannon's entropy of a text as the suite estimates it, in bits. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const perCharacter = [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
  return perCharacter * text.length;
}

/** At least 128 bits long and more than 96 bits of entropy (2.2.2, 2.2.3). */
export function expectUnguessable(text: unknown, what: string): string {
  expect(text, what).to.be.a("string").that.matches(/^[\x21-\x7e]+$/);
  const value = String(text);
  expect(value.length * 8, what).to.be.at.least(128);
  expect(entropyOf(value), what).to.be.above(96);
  return value;
}

/** 2.2.1, row PAR. */
export function expectPushed(answer: HttpsAnswer): string {
  expect(answer.status, answer.text).to.equal(201);
  expectJson(answer);
  const body = answer.json();
  expect(body).not.to.have.property("error");
  expect(body.expires_in).to.be.a("number").that.is.at.least(60).and.below(31_536_000);
  expect(new URL(body.request_uri).protocol).to.equal("urn:");
  return expectUnguessable(body.request_uri, "request_uri");
}

/** 2.2.2: the parameters of a fragment, once it is sure that the registered query is kept and holds nothing more. */
export function expectFragment(callback: URL, { redirectUri }: Asked): URLSearchParams {
  expect(callback.href.slice(0, callback.href.indexOf("#"))).to.equal(redirectUri);
  return new URLSearchParams(callback.hash.slice(1));
}

/** 2.2.2: every row of a front-channel success. Gives the code and the ID token's claims. */
export async function expectSuccess(callback: URL, asked: Asked, client: FapiClient, server: Issuer): Promise<{ code: string; claims: JWTPayload }> {
  const answer = expectFragment(callback, asked);
  expect(answer.get("error"), callback.href).to.equal(null);
  expect(["code", "state", "id_token", "session_state", "iss"]).to.include.members([...answer.keys()]);
  expect(answer.get("state")).to.equal(asked.state ?? null);
  expect(answer.get("iss") ?? server.issuer).to.equal(server.issuer);
  const code = expectUnguessable(answer.get("code"), "code");
  const claims = await expectIdToken(answer.get("id_token"), asked, client, server);
  expect(claims["s_hash"]).to.equal(asked.state === undefined ? undefined : halfHash(asked.state));
  expect(claims["c_hash"]).to.equal(halfHash(code));
  expect(claims["at_hash"], "no access token came along").to.equal(undefined);
  return { code, claims };
}

/** Claims of ID tokens that are standard or that every one of ours has; any other is a warning unless it was asked for. */
const knownClaims = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "acr", "amr", "auth_time", "azp", "s_hash", "c_hash", "at_hash"];

/** 2.2.2 and FAPI-BR 5.2.2.1: encrypted for the client's key, named by its kid, and signed with PS256 inside. */
export async function expectIdToken(idToken: unknown, asked: Asked, client: FapiClient, server: Issuer): Promise<JWTPayload> {
  expect(idToken).to.be.a("string").that.matches(/^[\w-]+(\.[\w-]+){4}$/);
  const token = String(idToken);
  const outer = decodeProtectedHeader(token);
  expect(outer).to.include({ alg: "RSA-OAEP", enc: "A256GCM", kid: client.tpp.encryption.kid });
  const inner = new TextDecoder().decode((await compactDecrypt(token, client.tpp.encryption.key)).plaintext);
  const header = decodeProtectedHeader(inner);
  expect(header).to.include({ alg: "PS256" });
  expect(header.kid).to.be.a("string").that.is.not.empty;
  for (const one of [outer, header]) {
    expect(one).not.to.have.any.keys("x5u", "x5c", "jku", "jwk");
  }
  const { payload } = await compactVerify(inner, createLocalJWKSet(server.jwks));
  const claims = JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
  expectClaims(claims, asked, client, server);
  return claims;
}

function expectClaims(claims: JWTPayload, asked: Asked, client: FapiClient, server: Issuer): void {
  const now = Date.now() / 1000;
  expect(claims.iss).to.equal(server.issuer);
  expect([claims.aud].flat()).to.deep.equal([client.clientId]);
  expect(claims.exp).to.be.above(now);
  expect(claims.iat).to.be.within(now - 300, now + 300);
  expect(claims["nonce"]).to.equal(asked.nonce);
  expect(claims.sub).to.match(/^[\x20-\x7e]{1,255}$/);
  expect(claims["acr"]).to.be.oneOf(["urn:brasil:openbanking:loa2", "urn:brasil:openbanking:loa3"]);
  expect(knownClaims).to.include.members(Object.keys(claims));
}

/** 2.2.2: an error at the callback, in the fragment. */
export function expectErrorCallback(callback: URL, asked: Asked, errors: readonly string[]): void {
  const answer = expectFragment(callback, asked);
  expect(errors).to.include(answer.get("error"));
  expect(["error", "error_description", "error_uri", "state", "session_state", "iss"]).to.include.members([...answer.keys()]);
  expect(answer.get("state")).to.equal(asked.state ?? null);
  expectPermittedTexts(Object.fromEntries(answer));
}

/** 2.2.2: a page of ours, and no way back to the client. */
export function expectErrorPage(answer: HttpsAnswer): void {
  expect(answer.status, answer.text.slice(0, 300)).to.be.within(400, 499);
  expect(answer.headers["location"]).to.equal(undefined);
  expect(answer.headers["content-type"]).to.match(/^text\/html/);
  expect(answer.text).to.match(/id="error"/);
}

/** 2.2.3: every row of a token response but the ID token. */
export function expectTokens(answer: HttpsAnswer): { accessToken: string; refreshToken: string; idToken: unknown } {
  expect(answer.status, answer.text).to.equal(200);
  expectJson(answer);
  expect(answer.headers["cache-control"]).to.match(/no-store/);
  const body = answer.json();
  expect(body.token_type).to.match(/^bearer$/i);
  expect(body.expires_in).to.be.a("number").that.is.within(300, 900);
  return {
    accessToken: expectUnguessable(body.access_token, "access_token"),
    refreshToken: expectUnguessable(body.refresh_token, "refresh_token"),
    idToken: body.id_token,
  };
}

/** 2.2.3: a refusal of token endpoint or PAR, `statuses` being 401 only where the error is invalid_client. */
export function expectOAuthError(answer: HttpsAnswer, errors: readonly string[]): void {
  expectJson(answer);
  const body = answer.json();
  expect(errors, answer.text).to.include(body.error);
  expect(body.error === "invalid_client" ? [400, 401] : [400], answer.text).to.include(answer.status);
  expect(body).not.to.have.any.keys("request_uri", "access_token", "refresh_token", "id_token");
  expectPermittedTexts(body);
}

/** RFC 6749 sections 4.1.2.1 and 5.2: what the texts of an error are made of. */
export function expectPermittedTexts({ error, error_description, error_uri }: Readonly<Record<string, unknown>>): void {
  const permitted = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;
  expect(error).to.match(permitted);
  if (error_description !== undefined) {
    expect(error_description).to.match(permitted);
  }
  if (error_uri !== undefined) {
    expect(error_uri).to.match(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
  }
}

/** 4.1: every row of a consent that was created. Gives its id. */
export function expectConsent(answer: HttpsAnswer, requested: readonly string[], interactionId: string): string {
  expect(answer.status, answer.text).to.equal(201);
  expectJson(answer);
  const { data } = answer.json();
  expect(data.permissions).to.be.an("array").that.is.not.empty;
  expect(requested).to.include.members(data.permissions);
  expectInteractionId(answer, interactionId);
  expect(data.consentId).to.match(/^urn:[a-z0-9-]+:[A-Za-z0-9-._~]+$/);
  return String(data.consentId);
}

/** 4.3: every row of a resource that was opened. */
export function expectResource(answer: HttpsAnswer, interactionId: string): void {
  expect(answer.status, answer.text).to.equal(200);
  expect(answer.headers["content-type"]).to.match(/^application\/json(; *charset=utf-8)?$/i);
  expectInteractionId(answer, interactionId);
  const date = Date.parse(String(answer.headers["date"]));
  expect(date).to.be.within(Date.now() - 300_000, Date.now() + 300_000);
}

function expectInteractionId({ headers }: HttpsAnswer, sent: string): void {
  expect(headers["x-fapi-interaction-id"]).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  expect(String(headers["x-fapi-interaction-id"]).toLowerCase()).to.equal(sent.toLowerCase());
}

export function expectJson({ headers }: HttpsAnswer): void {
  expect(headers["content-type"]).to.match(/^application\/json/);
}

/** The left half of the SHA-256, as PS256 has it (OpenID Connect Core 3.3.2.11). */
function halfHash(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
}
