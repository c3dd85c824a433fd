import { expect } from "chai";
import type { HttpsAnswer } from "../support/https-call.ts";

/** A client as the suite remembers it from the registration answer. */
export interface SuiteClient {
  readonly clientId: string;
  readonly uri: string;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** 2.1.2: every check of a successful registration; `requested` is the scope that the body asked for, if it did. */
export function expectRegistered(answer: HttpsAnswer, configured: string, requested?: string): SuiteClient {
  expect(answer.status, answer.text).to.equal(201);
  expect(answer.headers["content-type"]).to.match(/^application\/json/);
  const body = answer.json();
  expect(body).to.be.an("object").that.does.not.have.property("error");
  expect(body.client_id).to.be.a("string").that.is.not.empty;
  expect(body.registration_access_token).to.be.a("string").that.is.not.empty;
  expect(new URL(body.registration_client_uri).protocol).to.equal("https:");
  expect(body).not.to.have.any.keys("client_secret", "jwks");
  expectScope(body.scope, configured, requested);
  // What RFC 7591 3.2.1 asks for beyond the suite's own checks.
  expect(body).to.include.keys("client_id_issued_at", "redirect_uris", "grant_types", "response_types", "jwks_uri", "software_statement");
  return { clientId: body.client_id, uri: body.registration_client_uri, token: body.registration_access_token, body };
}

function expectScope(scope: unknown, configured: string, requested: string | undefined): void {
  expect(scope).to.be.a("string").that.matches(/^\S+( \S+)*$/);
  const granted = String(scope).split(" ");
  expect(new Set(granted).size, "no scope twice").to.equal(granted.length);
  expect(granted).to.include.members(configured.split(" "));
  if (requested !== undefined) {
    expect(requested.split(" "), "nothing beyond what was requested").to.include.members(granted);
  }
}

/** 2.1.3: a GET or PUT that succeeded: the client as it is now, under the same address and token. */
export function expectCurrent(answer: HttpsAnswer, client: SuiteClient, redirectUri: string): void {
  expect(answer.status, answer.text).to.equal(200);
  expect(answer.headers["content-type"]).to.match(/^application\/json/);
  const body = answer.json();
  expect(body.client_id).to.equal(client.clientId);
  expect(body.redirect_uris).to.deep.equal([redirectUri]);
  expect(body.registration_client_uri).to.equal(client.uri);
  expect(body.registration_access_token).to.equal(client.token);
}

export function expectDeleted(answer: HttpsAnswer): void {
  expect(answer.status, answer.text).to.equal(204);
  expect(answer.text).to.equal("");
}

/** A refusal as JSON, with one of these statuses and, where the table names them, one of these errors. */
export function expectRefused(answer: HttpsAnswer, statuses: readonly number[], errors?: readonly string[]): void {
  expect(statuses, answer.text).to.include(answer.status);
  expect(answer.headers["content-type"]).to.match(/^application\/json/);
  const body = answer.json();
  expect(body).not.to.have.property("client_id");
  expect(body.error).to.be.a("string").that.is.not.empty;
  if (errors) {
    expect(errors).to.include(body.error);
  }
}

/** What no or a bad certificate gets. The suite also takes a broken connection; this server always answers. */
export const withoutGoodCertificate = [400, 401];

/** What a wrong registration access token or a deleted client gets. */
export const withoutGoodToken = [401];
